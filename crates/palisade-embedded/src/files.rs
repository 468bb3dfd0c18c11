//! Directories and files that the user who runs our servers can use.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::account::Account;

/// The outermost directory on the way to `path` that `account` cannot enter. What does not exist yet is no obstacle.
///
/// Only the classic permission bits are looked at. An access control list that says more than they do makes us choose
/// another place than we would have to, one that says less makes `initdb` fail with the system's own words.
pub(crate) fn obstacle(path: &Utf8Path, account: &Account) -> Option<Utf8PathBuf> {
    let mut ancestors: Vec<_> = path.ancestors().collect();
    ancestors.reverse();
    ancestors
        .into_iter()
        .filter(|it| !it.as_str().is_empty())
        .find(|it| !enterable(it, account))
        .map(Utf8Path::to_owned)
}

fn enterable(directory: &Utf8Path, account: &Account) -> bool {
    let Ok(metadata) = fs::metadata(directory) else { return true };
    let mode = metadata.mode();
    if metadata.uid() == account.uid {
        mode & 0o100 != 0
    } else if metadata.gid() == account.gid {
        mode & 0o010 != 0
    } else {
        mode & 0o001 != 0
    }
}

/// Makes a directory of the given mode, with all that lead to it, and gives it to `account`.
///
/// One that is there already is left as it is.
pub(crate) fn directory(path: &Utf8Path, mode: u32, account: &Account) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::create_dir(path) {
        Ok(()) => {}
        // Another command was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    give(path, account)
}

/// Writes a file under a temporary name first, so that nobody ever reads half of it.
pub(crate) fn write(path: &Utf8Path, content: &[u8], mode: u32, account: &Account) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Utf8Path::new(".")))?;
    file.write_all(content)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    if account.switch {
        chown(file.path(), Some(account.uid), Some(account.gid))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Makes `account` the owner if we act for somebody else.
pub(crate) fn give(path: &Utf8Path, account: &Account) -> io::Result<()> {
    if account.switch { chown(path, Some(account.uid), Some(account.gid)) } else { Ok(()) }
}

/// A short name for something long: the first 12 hexadecimal digits of its SHA-256.
pub(crate) fn short_hash(content: &str) -> String {
    hex::encode(&Sha256::digest(content.as_bytes())[..6])
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use camino::Utf8PathBuf;

    use super::{directory, obstacle, short_hash};
    use crate::account::Account;

    #[test]
    fn a_closed_directory_is_an_obstacle() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
        let stranger = Account { uid: 12345, gid: 12345, ..Account::for_servers(None).unwrap() };
        std::fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
        assert_eq!(obstacle(&root.join("a/b"), &stranger), Some(root.clone()));
        std::fs::set_permissions(&root, Permissions::from_mode(0o711)).unwrap();
        assert_eq!(obstacle(&root.join("a/b"), &stranger), None);
    }

    #[test]
    fn directories_get_their_mode_whatever_the_umask() {
        let temporary = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(temporary.path().join("a/b")).unwrap();
        directory(&path, 0o755, &Account::for_servers(None).unwrap()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn short_hashes_are_short_and_stable() {
        assert_eq!(short_hash("palisade"), short_hash("palisade"));
        assert_eq!(short_hash("").len(), 12);
    }
}
