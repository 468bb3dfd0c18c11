//! Where local Postgres is looked for and kept.

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{GrantRegime, Variables};

use crate::account::Account;
use crate::files;

/// Where local Postgres is looked for and kept. Making it touches nothing.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// Directory of the project; the place of its server follows from it.
    pub project_root: Utf8PathBuf,
    /// `<project>/.palisade`.
    pub state_dir: Utf8PathBuf,
    /// For what all projects share: programs and scratch servers.
    pub cache_dir: Utf8PathBuf,
    /// Durable data that cannot lie in the project. See the crate's documentation.
    pub data_dir: Utf8PathBuf,
    /// `PALISADE_PG_BIN`: the directory of programs to use, and nothing else.
    pub pg_bin: Option<Utf8PathBuf>,
    /// `PALISADE_PG_ARCHIVE`: a local archive of programs to use, and nothing else.
    pub pg_archive: Option<Utf8PathBuf>,
    /// Whether Postgres may be downloaded if none is here: `PALISADE_PG_DOWNLOAD` is not `never`.
    pub download: bool,
    /// Only this major version will do. None takes the newest.
    pub major: Option<u32>,
    /// What Supabase grants on new tables in `public`.
    pub grants: GrantRegime,
    /// Directories of `PATH`.
    pub search_path: Vec<Utf8PathBuf>,
    /// The user behind `sudo`, from `SUDO_UID`.
    pub sudo_uid: Option<u32>,
    /// All that child processes get to see of our environment.
    pub child_variables: Vec<(String, String)>,
}

impl EmbeddedSettings {
    /// The settings of a project, from `PALISADE_PG_BIN`, `PALISADE_PG_ARCHIVE`, `PALISADE_PG_DOWNLOAD`,
    /// `PALISADE_CACHE_DIR`, `XDG_CACHE_HOME`, `XDG_DATA_HOME`, `HOME`, `PATH` and `SUDO_UID`.
    ///
    /// Relative paths count from `project_root`. An empty variable counts as unset.
    pub fn new(project_root: &Utf8Path, variables: &Variables) -> Self {
        // Servers live in other directories than we do.
        let project_root = &camino::absolute_utf8(project_root).unwrap_or_else(|_| project_root.to_owned());
        let get = |name| variables.get(name).filter(|value| !value.is_empty());
        let path = |name| get(name).map(|value| project_root.join(value));
        let sudo_uid = get("SUDO_UID").and_then(|value| value.parse().ok());
        let home = path("HOME").unwrap_or_else(|| project_root.join(".palisade"));
        Self {
            project_root: project_root.clone(),
            state_dir: project_root.join(".palisade"),
            cache_dir: path("PALISADE_CACHE_DIR").unwrap_or_else(|| {
                let usual = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
                let users = path("XDG_CACHE_HOME").unwrap_or_else(|| home.join(usual)).join("palisade");
                open_to_servers(users, "/var/cache/palisade", sudo_uid)
            }),
            data_dir: open_to_servers(
                path("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")).join("palisade"),
                "/var/lib/palisade",
                sudo_uid,
            ),
            pg_bin: path("PALISADE_PG_BIN"),
            pg_archive: path("PALISADE_PG_ARCHIVE"),
            download: get("PALISADE_PG_DOWNLOAD") != Some("never"),
            major: None,
            grants: GrantRegime::After,
            search_path: get("PATH")
                .unwrap_or_default()
                .split(':')
                .filter(|it| !it.is_empty())
                .map(Into::into)
                .collect(),
            sudo_uid,
            child_variables: ["PATH", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), get(name)?.to_owned())))
                .collect(),
        }
    }

    /// The same settings, for one major version only.
    #[must_use]
    pub fn with_major(self, major: u32) -> Self {
        Self { major: Some(major), ..self }
    }
}

/// `users`, unless we are root and the user that will run our servers cannot get there.
fn open_to_servers(users: Utf8PathBuf, systems: &str, sudo_uid: Option<u32>) -> Utf8PathBuf {
    match Account::for_servers(sudo_uid) {
        Ok(account) if account.switch && files::obstacle(&users, &account).is_some() => systems.into(),
        _ => users,
    }
}

#[cfg(test)]
mod tests {
    use palisade_config::Variables;

    use super::EmbeddedSettings;

    #[test]
    fn variables_say_where_things_are() {
        let variables = Variables::from_pairs([
            ("PALISADE_CACHE_DIR", "/c"),
            ("PALISADE_PG_BIN", "tools/bin"),
            ("PALISADE_PG_ARCHIVE", ""),
            ("PALISADE_PG_DOWNLOAD", "never"),
            ("PATH", "/a::/b"),
            ("SUDO_UID", "1000"),
            ("DATABASE_URL", "postgres://u:secret@h/d"),
        ]);
        let settings = EmbeddedSettings::new("/project".into(), &variables);
        assert_eq!(settings.state_dir, "/project/.palisade");
        assert_eq!(settings.cache_dir, "/c");
        assert_eq!(settings.pg_bin.as_deref(), Some("/project/tools/bin".into()));
        assert_eq!(settings.pg_archive, None);
        assert!(!settings.download);
        assert_eq!(settings.search_path, ["/a", "/b"]);
        assert_eq!(settings.sudo_uid, Some(1000));
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn a_relative_project_becomes_absolute() {
        let settings = EmbeddedSettings::new(".".into(), &Variables::from_pairs([("HOME", "/home/ann")]));
        assert!(settings.state_dir.is_absolute());
    }
}
