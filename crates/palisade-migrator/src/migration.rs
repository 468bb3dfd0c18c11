//! What a migration is, and how its file is named.

use std::fmt;

use palisade_plan::MigrationStep;
use sha2::{Digest, Sha384};

/// The number in front of a file name; a UTC timestamp of fourteen digits for new files, any positive number for adopted
/// ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Version(pub i64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-384 of a file's bytes, as sqlx computes it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Checksum(pub Vec<u8>);

impl Checksum {
    /// The checksum of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha384::digest(text).to_vec())
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// Where it is, relative to the project, as shown in messages.
    pub file: String,
    /// Its text.
    pub sql: String,
}

impl MigrationFile {
    /// The checksum of its text.
    pub fn checksum(&self) -> Checksum {
        Checksum::of(&self.sql)
    }

    /// Whether it runs in one transaction; as sqlx, the very first line decides.
    pub fn is_transactional(&self) -> bool {
        !self.sql.starts_with("-- no-transaction")
    }
}

/// One migration: a way up, and perhaps one down again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its place in the order.
    pub version: Version,
    /// What it does, from the file name.
    pub description: String,
    /// The file that applies it. Its checksum stands in the history.
    pub up: MigrationFile,
    /// The file that takes it back.
    pub down: Option<MigrationFile>,
}

impl Migration {
    /// The step of a plan that applies it.
    pub fn to_step(&self) -> MigrationStep {
        self.step(&self.up, false)
    }

    /// The step of a plan that takes it back, if it has a way down.
    pub fn to_revert_step(&self) -> Option<MigrationStep> {
        self.down.as_ref().map(|file| self.step(file, true))
    }

    fn step(&self, file: &MigrationFile, reverts: bool) -> MigrationStep {
        MigrationStep {
            version: self.version.0,
            description: self.description.clone(),
            file: file.file.clone(),
            checksum: self.up.checksum().0,
            transactional: file.is_transactional(),
            sql: file.sql.clone(),
            reverts,
        }
    }
}

/// Which way a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// A `.sql` file whose name says no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no name of a migration")]
pub struct FileNameError {
    /// The file's name.
    pub name: String,
}

impl FileNameError {
    /// What to do next.
    pub fn help(&self) -> String {
        "name it `<version>_<what it does>.sql`, or `….up.sql` and `….down.sql`; the version is a positive whole number, \
         for new files the UTC time as in 20260131235959"
            .to_owned()
    }
}

/// The parts of a file name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    pub(crate) version: Version,
    pub(crate) description: String,
    pub(crate) direction: Direction,
}

/// Reads `<version>_<description>.sql`, `.up.sql` or `.down.sql`, as sqlx does.
pub(crate) fn parse_file_name(name: &str) -> Result<FileName, FileNameError> {
    let fail = || FileNameError { name: name.to_owned() };
    let (version, rest) = name.split_once('_').ok_or_else(fail)?;
    let version: i64 = version.parse().ok().filter(|it| *it > 0).ok_or_else(fail)?;
    let (description, direction) = if let Some(it) = rest.strip_suffix(".down.sql") {
        (it, Direction::Down)
    } else if let Some(it) = rest.strip_suffix(".up.sql") {
        (it, Direction::Up)
    } else {
        (rest.strip_suffix(".sql").ok_or_else(fail)?, Direction::Up)
    };
    Ok(FileName { version: Version(version), description: description.replace('_', " "), direction })
}

#[cfg(test)]
mod tests {
    use super::{Direction, parse_file_name};

    #[test]
    fn names_are_read_as_sqlx_reads_them() {
        let read = |name: &str| parse_file_name(name).ok().map(|it| (it.version.0, it.description, it.direction));
        assert_eq!(read("20260131235959_add_users.sql"), Some((20_260_131_235_959, "add users".into(), Direction::Up)));
        assert_eq!(read("0001_a.up.sql"), Some((1, "a".into(), Direction::Up)));
        assert_eq!(read("0001_a.down.sql"), Some((1, "a".into(), Direction::Down)));
        for name in ["a.sql", "x_a.sql", "0_a.sql", "-1_a.sql", "1-a.sql", "99999999999999999999_a.sql"] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
