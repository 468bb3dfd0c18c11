//! The files of this repository.

use camino::{Utf8Path, Utf8PathBuf};
use std::fs;

/// What `.gitignore` leaves out; a name anywhere in the tree.
const IGNORED: [&str; 6] = [".git", ".palisade", "backups", "node_modules", "target", ".env"];

/// A file, with its path below the root of the repository.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: Utf8PathBuf,
    pub(super) text: String,
}

/// Where the repository is.
pub(super) fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// One file.
pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file that is text, in order of path.
pub(super) fn files() -> Vec<File> {
    let mut paths = Vec::new();
    walk(root(), &mut paths);
    paths.sort();
    let text = |path: Utf8PathBuf| {
        let text = String::from_utf8(fs::read(&path).unwrap()).ok()?;
        Some(File { path: path.strip_prefix(root()).unwrap().to_owned(), text })
    };
    paths.into_iter().filter_map(text).collect()
}

/// Every Rust file.
pub(super) fn rust_files() -> Vec<File> {
    files().into_iter().filter(|it| it.path.extension() == Some("rs")).collect()
}

fn walk(directory: &Utf8Path, paths: &mut Vec<Utf8PathBuf>) {
    for entry in directory.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let local = name.starts_with(".env.") && name != ".env.template";
        if IGNORED.contains(&name) || local {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            walk(entry.path(), paths);
        } else {
            paths.push(entry.path().to_owned());
        }
    }
}

impl File {
    /// Whether the file is about tests as a whole.
    pub(super) fn is_test(&self) -> bool {
        let of_a_crate = self.path.starts_with("crates")
            && self.path.components().any(|it| ["tests", "benches", "examples"].contains(&it.as_str()));
        self.path.starts_with("tests") || of_a_crate
    }

    /// The lines that ship, with their numbers: no tests, no comments.
    pub(super) fn product_lines(&self) -> Vec<(usize, &str)> {
        if self.is_test() {
            return Vec::new();
        }
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .collect()
    }

    /// Whether the file belongs to these tests: it names what it looks for.
    pub(super) fn is_tidy(&self) -> bool {
        self.path.starts_with("tests/it/tidy")
    }
}
