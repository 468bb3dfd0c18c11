//! Directories of tests.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

/// A directory that is removed at the end of the test.
///
/// Other than temporary directories usually are, it can be entered by everybody: when root runs the tests, servers run
/// as another user.
#[derive(Debug)]
pub struct Directory {
    path: Utf8PathBuf,
    _removed_on_drop: TempDir,
}

impl Directory {
    /// Makes an empty one.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("palisade-").tempdir().expect("a temporary directory");
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("permissions that we may change");
        let path = directory.path().canonicalize().expect("an existing directory");
        let path = Utf8PathBuf::from_path_buf(path).expect("a temporary directory with a UTF-8 name");
        Self { path, _removed_on_drop: directory }
    }

    /// Where it is.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Writes a file, with the directories that lead to it.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, path: impl AsRef<Utf8Path>, content: impl AsRef<[u8]>) -> Utf8PathBuf {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().expect("a file has a directory")).expect("a directory that we may make");
        fs::write(&path, content).expect("a file that we may write");
        path
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}
