//! Directories of SQL files.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// How deep directories may lie in each other: links can make it endless.
const DEEPEST: usize = 32;

/// A file of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// What errors call it.
    pub file: String,
    /// Its text.
    pub sql: String,
}

/// Why a directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A file or directory cannot be read.
    #[error("cannot read `{path}`: {reason}")]
    Read {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// There is no SQL in it: more likely a slip of the pen than the wish for an empty database.
    #[error("`{path}` holds no `.sql` file")]
    Nothing {
        /// Which.
        path: Utf8PathBuf,
    },
}

impl DirectoryError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Read { reason, .. } if reason.kind() == io::ErrorKind::InvalidData => {
                "save the file as UTF-8".to_owned()
            }
            Self::Read { .. } => "check the path, and that you may read what is there".to_owned(),
            Self::Nothing { .. } => {
                "check the path; a database without anything is `empty`, and `cargo xtask db-pull --to DIR` writes the files \
                 of one that is there"
                    .to_owned()
            }
        }
    }
}

/// Reads all `.sql` files of a directory and of those in it, sorted by path; or one file. Names in messages are relative to
/// `root`. Hidden files are left alone.
///
/// # Errors
///
/// [`DirectoryError`]; nothing is read in part.
pub fn read_directory(root: &Utf8Path, path: &Utf8Path) -> Result<Vec<SqlFile>, DirectoryError> {
    let mut paths = Vec::new();
    if metadata(path)?.is_file() {
        paths.push(path.to_owned());
    } else {
        collect(path, 0, &mut paths)?;
    }
    if paths.is_empty() {
        return Err(DirectoryError::Nothing { path: path.to_owned() });
    }
    paths.sort();
    let read = |path: Utf8PathBuf| {
        let sql = fs::read_to_string(&path).map_err(|reason| DirectoryError::Read { path: path.clone(), reason })?;
        let file = path.strip_prefix(root).unwrap_or(&path).as_str().replace('\\', "/");
        Ok(SqlFile { file, sql: without_marks(sql) })
    };
    paths.into_iter().map(read).collect()
}

fn metadata(path: &Utf8Path) -> Result<fs::Metadata, DirectoryError> {
    fs::metadata(path).map_err(|reason| DirectoryError::Read { path: path.to_owned(), reason })
}

fn collect(directory: &Utf8Path, depth: usize, paths: &mut Vec<Utf8PathBuf>) -> Result<(), DirectoryError> {
    let fail = |reason| DirectoryError::Read { path: directory.to_owned(), reason };
    if depth > DEEPEST {
        return Err(fail(io::Error::other("directories lie too deep in each other")));
    }
    for entry in directory.read_dir_utf8().map_err(fail)? {
        let path = entry.map_err(fail)?.into_path();
        if path.file_name().is_some_and(|it| it.starts_with('.')) {
            continue;
        }
        let is_sql = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("sql"));
        if metadata(&path)?.is_dir() {
            collect(&path, depth + 1, paths)?;
        } else if is_sql {
            paths.push(path);
        }
    }
    Ok(())
}

/// `pg_dump` brackets what it writes in `\restrict` and `\unrestrict`, for psql alone. Blanks take their place, so that all
/// else stays where it is. A byte order mark is no SQL either.
fn without_marks(sql: String) -> String {
    let is_mark = |line: &str| line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
    let sql = sql.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(sql);
    if !sql.lines().any(is_mark) {
        return sql;
    }
    let line = |it: &str| if is_mark(it) { " ".repeat(it.trim_end().len()) + "\n" } else { it.to_owned() };
    sql.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{DirectoryError, read_directory};
    use camino::Utf8Path;

    #[test]
    fn files_come_sorted_from_all_depths() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let read = || read_directory(root, root).map(|it| it.into_iter().map(|it| it.file).collect::<Vec<_>>());
        assert!(matches!(read(), Err(DirectoryError::Nothing { .. })));
        for file in ["b.sql", "a/2.SQL", "a/1.sql", "a/x/y.sql", ".git/c.sql", "a/.swp.sql", "README.md"] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), "select 1").unwrap();
        }
        assert_eq!(read().unwrap(), ["a/1.sql", "a/2.SQL", "a/x/y.sql", "b.sql"]);
        assert_eq!(read_directory(root, &root.join("b.sql")).unwrap().len(), 1);
        assert!(matches!(read_directory(root, &root.join("nowhere")), Err(DirectoryError::Read { .. })));
        std::fs::write(root.join("b.sql"), [0xff]).unwrap();
        assert_eq!(read().unwrap_err().help(), "save the file as UTF-8");
    }

    #[test]
    fn what_pg_dump_says_to_psql_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("a.sql");
        std::fs::write(&path, "\\restrict abc\nselect 1;\n\\unrestrict abc\n").unwrap();
        assert_eq!(read_directory(&path, &path).unwrap()[0].sql.trim(), "select 1;");
    }
}
