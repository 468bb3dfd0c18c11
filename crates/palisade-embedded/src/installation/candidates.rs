//! Directories in which Postgres may be.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::program;
use crate::settings::EmbeddedSettings;

/// What a server needs. Client packages bring `psql` and `pg_dump` only.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages put their programs. A `*` stands for one directory.
const PLACES: &[&str] = &[
    "/usr/lib/postgresql/*/bin",                       // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                // Red Hat, from postgresql.org
    "/usr/lib/postgresql*/bin",                        // SUSE, Gentoo
    "/usr/libexec/postgresql*",                        // Alpine
    "/opt/homebrew/opt/postgresql@*/bin",              // Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",                 // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin", // Homebrew on Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/Library/PostgreSQL/*/bin", // EnterpriseDB's installer
    "/opt/local/lib/postgresql*/bin",
    "/usr/local/pgsql/bin", // Built from source
];

/// Directories that hold programs of Postgres, links resolved.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// With all that a server needs, in the order in which they were found.
    pub(super) servers: Vec<Utf8PathBuf>,
    /// With client programs only.
    pub(super) client_only: Vec<Utf8PathBuf>,
}

/// What is on `PATH` and in the usual places; if that is nothing, what the `pg_config` on `PATH` names. It is asked last
/// because starting a program takes longer than all the rest, and it usually lies next to what it names.
pub(super) async fn system(settings: &EmbeddedSettings) -> Found {
    let mut directories = settings.search_path.clone();
    directories.extend(PLACES.iter().flat_map(|place| expand(place)));
    let found = sort(directories.clone());
    if !found.servers.is_empty() {
        return found;
    }
    directories.extend(named_by_pg_config(settings).await);
    sort(directories)
}

/// What was downloaded into the cache before.
pub(super) fn downloaded(settings: &EmbeddedSettings) -> Found {
    sort(expand(settings.cache_dir.join("downloads/*/bin").as_str()))
}

/// The programs of a server that are not in `directory`.
pub(super) fn missing_programs(directory: &Utf8Path) -> Vec<&'static str> {
    PROGRAMS.into_iter().filter(|program| !directory.join(program).is_file()).collect()
}

async fn named_by_pg_config(settings: &EmbeddedSettings) -> Option<Utf8PathBuf> {
    let pg_config = settings.search_path.iter().map(|it| it.join("pg_config")).find(|it| it.is_file())?;
    let account = crate::Account::for_servers(settings.sudo_uid).ok()?;
    let output = program::run(settings, &account, "/".into(), &pg_config, &["--bindir"]).await.ok()?;
    let directory = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| directory.trim().into())
}

fn sort(directories: Vec<Utf8PathBuf>) -> Found {
    let mut seen = BTreeSet::new();
    let mut found = Found::default();
    for directory in directories {
        let Some(resolved) = resolve(&directory) else { continue };
        if !seen.insert(resolved.clone()) {
            continue;
        }
        if missing_programs(&resolved).is_empty() {
            found.servers.push(resolved);
        } else if ["psql", "pg_dump"].iter().any(|program| resolved.join(program).is_file()) {
            found.client_only.push(resolved);
        }
    }
    found
}

/// Follows links, also that of `postgres` itself: Homebrew links each program into one directory.
fn resolve(directory: &Utf8Path) -> Option<Utf8PathBuf> {
    let directory = directory.canonicalize_utf8().ok()?;
    match directory.join("postgres").canonicalize_utf8() {
        Ok(program) => program.parent().map(Utf8Path::to_owned),
        Err(_) => Some(directory),
    }
}

/// The directories that match a pattern with `*` in one of its components.
fn expand(pattern: &str) -> Vec<Utf8PathBuf> {
    let Some(star) = pattern.find('*') else { return vec![pattern.into()] };
    let (before, after) = (&pattern[..star], &pattern[star + 1..]);
    let Some((parent, prefix)) = before.rsplit_once('/') else { return Vec::new() };
    let Ok(entries) = Utf8Path::new(if parent.is_empty() { "/" } else { parent }).read_dir_utf8() else {
        return Vec::new();
    };
    let mut matches: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().starts_with(prefix))
        .map(|entry| Utf8PathBuf::from(format!("{}{after}", entry.path())))
        .filter(|path| path.is_dir())
        .collect();
    matches.sort();
    matches
}

#[cfg(test)]
mod tests {
    use std::fs;

    use camino::Utf8PathBuf;

    use super::{expand, missing_programs, sort};

    fn directory_with(programs: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        for program in programs {
            fs::write(directory.path().join(program), "").unwrap();
        }
        let path = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        (directory, path)
    }

    #[test]
    fn client_packages_are_told_from_servers() {
        let (_server, server) = directory_with(&["initdb", "pg_ctl", "postgres", "psql"]);
        let (_client, client) = directory_with(&["psql", "pg_dump"]);
        let (_other, other) = directory_with(&["cat"]);
        let found = sort(vec![other, client.clone(), server.clone(), server.clone()]);
        assert_eq!(found.servers, [server]);
        assert_eq!(missing_programs(&client), ["initdb", "pg_ctl", "postgres"]);
        assert_eq!(found.client_only, [client]);
    }

    #[test]
    fn links_to_programs_lead_to_their_directory() {
        let (_server, server) = directory_with(&["initdb", "pg_ctl", "postgres"]);
        let (_links, links) = directory_with(&[]);
        std::os::unix::fs::symlink(server.join("postgres"), links.join("postgres")).unwrap();
        assert_eq!(sort(vec![links]).servers, [server]);
    }

    #[test]
    fn patterns_expand_in_one_component() {
        let (_directory, root) = directory_with(&[]);
        for name in ["pgsql-15/bin", "pgsql-17/bin", "pgsql-16", "other/bin"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let expanded = expand(root.join("pgsql-*/bin").as_str());
        assert_eq!(expanded, [root.join("pgsql-15/bin"), root.join("pgsql-17/bin")]);
    }
}
