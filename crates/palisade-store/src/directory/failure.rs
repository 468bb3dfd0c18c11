//! What an error of the operating system means here.

use std::io;

use camino::Utf8Path;

use crate::StoreError;

/// Names the error that came of `action` on `path`.
pub(super) fn failed<E: Into<io::Error>>(action: &'static str, path: &Utf8Path) -> impl FnOnce(E) -> StoreError {
    let path = path.to_owned();
    move |error| {
        let source = error.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                StoreError::Full { path, source }
            }
            io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { path, source },
            io::ErrorKind::PermissionDenied => StoreError::NotPermitted { action, path, source },
            _ => StoreError::Io { action, path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// The one file on which every write says that no room is left.
    #[test]
    fn a_full_disk_is_named_with_the_path() {
        let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let path = Utf8Path::new("/backups/it");
        let error = full.write_all(b"x").map_err(failed("writing", path)).unwrap_err();
        assert!(matches!(&error, StoreError::Full { .. }), "{error:?}");
        assert_eq!(error.to_string(), "no room is left for `/backups/it`");
        assert!(error.help().contains("free some room where `/backups/it` is"));
    }

    #[test]
    fn what_is_forbidden_is_told_from_what_is_broken() {
        let of = |errno: rustix::io::Errno| failed("writing", Utf8Path::new("/b"))(errno);
        assert!(matches!(of(rustix::io::Errno::ROFS), StoreError::ReadOnly { .. }));
        assert!(matches!(of(rustix::io::Errno::ACCESS), StoreError::NotPermitted { .. }));
        assert!(matches!(of(rustix::io::Errno::DQUOT), StoreError::Full { .. }));
        assert!(matches!(of(rustix::io::Errno::IO), StoreError::Io { .. }));
    }
}
