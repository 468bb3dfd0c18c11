//! A new migration file.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::migration::{Migration, Version};

/// Why no file was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Nothing of the name can stand in a file name.
    #[error("`{name}` has no letter or digit")]
    Name {
        /// As given.
        name: String,
    },
    /// The file could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl CreateError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Name { .. } => {
                "say in a few words what the migration does: `db-generate --custom add_invoices`".to_owned()
            }
            Self::Write { .. } => "check that the directory exists and that you may write there".to_owned(),
        }
    }
}

/// What a new migration holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// Nothing yet; with a way down if it is to have one.
    Empty {
        /// Whether it is a pair of files.
        reversible: bool,
    },
    /// SQL.
    Sql {
        /// What it does.
        up: &'a str,
        /// What takes it back, if it is a pair.
        down: Option<&'a str>,
    },
}

/// Makes a migration behind all of `existing`: one file, or a pair that goes up and down. Returns their paths.
///
/// The version is `now` in UTC, or one more than the latest if that lies in the future.
///
/// # Errors
///
/// [`CreateError`]; a file that is there already is never touched.
pub fn create(
    directory: &Utf8Path,
    existing: &[Migration],
    name: &str,
    content: Content<'_>,
    now: Timestamp,
) -> Result<Vec<Utf8PathBuf>, CreateError> {
    let slug = slug(name).ok_or_else(|| CreateError::Name { name: name.to_owned() })?;
    let version = next_version(existing, now);
    let up = match content {
        // On one line, whatever the name holds: a second one would be SQL.
        Content::Empty { .. } => {
            format!("-- {}\n", name.split(|it: char| it.is_control()).collect::<Vec<_>>().join(" ").trim())
        }
        Content::Sql { up, .. } => up.to_owned(),
    };
    let down = match content {
        Content::Empty { reversible: false } | Content::Sql { down: None, .. } => None,
        Content::Empty { reversible: true } => Some(format!("-- Takes back {version}_{slug}.up.sql.\n")),
        Content::Sql { down: Some(down), .. } => Some(down.to_owned()),
    };
    let files = match down {
        None => vec![("sql", up)],
        Some(down) => vec![("up.sql", up), ("down.sql", down)],
    };
    let mut made = Vec::new();
    for (ending, text) in files {
        let path = directory.join(format!("{version}_{slug}.{ending}"));
        write_new(&path, &text).map_err(|source| CreateError::Write { path: path.clone(), source })?;
        made.push(path);
    }
    Ok(made)
}

fn write_new(path: &Utf8Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn next_version(existing: &[Migration], now: Timestamp) -> Version {
    let now = now.to_zoned(TimeZone::UTC);
    let digits = now.strftime("%Y%m%d%H%M%S").to_string();
    let stamp: i64 = digits.parse().unwrap_or_default();
    let latest = existing.last().map_or(0, |it| it.version.0);
    Version(stamp.max(latest + 1))
}

/// Letters and digits, in small letters, with `_` between.
fn slug(name: &str) -> Option<String> {
    let words = name.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("_");
    (!slug.is_empty()).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::{Content, create};
    use crate::source::read_dir;
    use camino::Utf8Path;

    const EMPTY: Content<'_> = Content::Empty { reversible: false };

    #[test]
    fn each_new_file_comes_last() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let now = "2026-01-31T23:59:59Z".parse().unwrap();
        let first = create(root, &[], "Add Users!", EMPTY, now).unwrap();
        assert_eq!(first, [root.join("20260131235959_add_users.sql")]);
        let existing = read_dir(root, root).unwrap();
        let second = create(root, &existing, "x", Content::Empty { reversible: true }, now).unwrap();
        assert_eq!(second, [root.join("20260131235960_x.up.sql"), root.join("20260131235960_x.down.sql")]);
        assert!(create(root, &[], "--", EMPTY, now).is_err());
        let odd = create(root, &[], "drop\r\ndrop table users;", EMPTY, now).unwrap();
        assert_eq!(std::fs::read_to_string(&odd[0]).unwrap(), "-- drop  drop table users;\n");
        assert!(create(root, &[], "Add Users!", EMPTY, now).is_err(), "an existing file is not overwritten");
    }
}
