//! Reading migrations from a directory. The only place of this crate that reads the file system, with `seed` and `create`.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::migration::{Direction, FileNameError, Migration, MigrationFile, Version, parse_file_name};

/// Why migrations could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The directory cannot be listed.
    #[error("cannot read the directory `{path}`")]
    Directory {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    File {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file's name says no version.
    #[error("{0}")]
    Name(FileNameError),
    /// Two files want the same place.
    #[error("`{first}` and `{second}` have the same version {version}")]
    Duplicate {
        /// The version.
        version: Version,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// A way down from nothing.
    #[error("`{file}` has no partner that goes up")]
    DownWithoutUp {
        /// The file.
        file: String,
    },
}

impl SourceError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Directory { .. } => {
                "run the command inside the project; `cargo xtask db-generate --custom NAME` makes the first migration"
                    .to_owned()
            }
            Self::File { .. } => "check that it is UTF-8 text and that you may read it".to_owned(),
            Self::Name(error) => error.help(),
            Self::Duplicate { .. } => {
                "give one of them a later version; the one that is applied nowhere yet".to_owned()
            }
            Self::DownWithoutUp { .. } => "add the `.up.sql` file, or remove this one".to_owned(),
        }
    }
}

/// Reads all migrations of a directory, in order of version. Paths in messages are relative to `root`.
///
/// Files that do not end in `.sql` are left alone, and so are those whose name begins with a dot, which editors and systems
/// leave behind. Any other `.sql` file that is none of ours, or cannot be read, is an error rather than left out.
///
/// # Errors
///
/// [`SourceError`]; nothing is read in part.
pub fn read_dir(root: &Utf8Path, directory: &Utf8Path) -> Result<Vec<Migration>, SourceError> {
    let paths = sql_files(directory)?;
    let mut ups: BTreeMap<Version, (String, MigrationFile)> = BTreeMap::new();
    let mut downs: BTreeMap<Version, MigrationFile> = BTreeMap::new();
    for path in paths {
        let name = parse_file_name(path.file_name().unwrap_or_default()).map_err(SourceError::Name)?;
        let sql = fs::read_to_string(&path).map_err(|source| SourceError::File { path: path.clone(), source })?;
        let file = MigrationFile { file: shown(root, &path), sql };
        let taken = match name.direction {
            Direction::Up => ups.insert(name.version, (name.description, file.clone())).map(|(_, it)| it),
            Direction::Down => downs.insert(name.version, file.clone()),
        };
        if let Some(first) = taken {
            return Err(SourceError::Duplicate { version: name.version, first: first.file, second: file.file });
        }
    }
    if let Some((_, file)) = downs.iter().find(|(version, _)| !ups.contains_key(version)) {
        return Err(SourceError::DownWithoutUp { file: file.file.clone() });
    }
    let migrations = ups.into_iter().map(|(version, (description, up))| {
        let down = downs.remove(&version);
        Migration { version, description, up, down }
    });
    Ok(migrations.collect())
}

/// The `.sql` files of a directory, in order of name.
pub(crate) fn sql_files(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, SourceError> {
    let fail = |source| SourceError::Directory { path: directory.to_owned(), source };
    let mut paths = Vec::new();
    for entry in directory.read_dir_utf8().map_err(fail)? {
        let path = entry.map_err(fail)?.into_path();
        let is_hidden = path.file_name().is_some_and(|it| it.starts_with('.'));
        if is_hidden || !path.extension().is_some_and(|it| it.eq_ignore_ascii_case("sql")) {
            continue;
        }
        // A link that leads nowhere is a file that is missing, not one that nobody wants.
        let kind = fs::metadata(&path).map_err(|source| SourceError::File { path: path.clone(), source })?;
        if kind.is_file() {
            paths.push(path);
        } else if !kind.is_dir() {
            return Err(SourceError::File { path, source: io::Error::other("it is no regular file") });
        }
    }
    paths.sort();
    Ok(paths)
}

/// The path as people see it: relative to the project, with forward slashes.
pub(crate) fn shown(root: &Utf8Path, path: &Utf8Path) -> String {
    path.strip_prefix(root).unwrap_or(path).as_str().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::{SourceError, read_dir};
    use camino::Utf8Path;

    fn read(files: &[(&str, &str)]) -> Result<Vec<String>, SourceError> {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        for (name, sql) in files {
            std::fs::write(root.join(name), sql).unwrap();
        }
        let migrations = read_dir(root, root)?;
        Ok(migrations.iter().map(|it| format!("{} {} {}", it.version, it.up.file, it.down.is_some())).collect())
    }

    #[test]
    fn order_is_by_version_not_by_name() {
        let found = read(&[("10_b.sql", ""), ("9_a.up.sql", ""), ("9_a.down.sql", ""), ("README.md", "")]).unwrap();
        assert_eq!(found, ["9 9_a.up.sql true", "10 10_b.sql false"]);
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        assert!(matches!(read(&[("1_a.sql", ""), ("01_b.sql", "")]), Err(SourceError::Duplicate { .. })));
        assert!(matches!(read(&[("1_a.down.sql", "")]), Err(SourceError::DownWithoutUp { .. })));
        assert!(matches!(read(&[("users.sql", "")]), Err(SourceError::Name(_))));
    }

    #[test]
    fn no_migration_is_left_out_in_silence() {
        assert!(matches!(read(&[("1_a.SQL", "")]), Err(SourceError::Name(_))));
        assert_eq!(read(&[(".#1_a.sql", ""), ("._2_b.sql", ""), ("3_c.sql~", "")]).unwrap(), Vec::<String>::new());
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("1_a.sql")).unwrap();
        assert!(matches!(read_dir(root, root), Err(SourceError::File { .. })));
        std::fs::remove_file(root.join("1_a.sql")).unwrap();
        std::os::unix::fs::symlink("/dev/null", root.join("1_a.sql")).unwrap();
        assert!(matches!(read_dir(root, root), Err(SourceError::File { .. })));
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        assert!(matches!(read_dir("/".into(), "/nowhere/at/all".into()), Err(SourceError::Directory { .. })));
    }
}
