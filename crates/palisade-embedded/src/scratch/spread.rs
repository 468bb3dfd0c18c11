//! Keeps databases apart on the disk.

use camino::Utf8Path;

/// Asks the file system to put each database into another region of the disk.
///
/// ext4 does not reuse an inode for minutes after its file was deleted, and finds a free one by walking past all such
/// inodes of the region. Databases are 300 files each, so that a test suite that makes and drops some hundreds of them
/// makes every new one ten times slower, unless
/// [`EXT4_TOPDIR_FL`](https://man7.org/linux/man-pages/man2/ioctl_iflags.2.html) (`chattr +T`) spreads them. Other file
/// systems refuse the flag, and do not need it.
#[cfg(target_os = "linux")]
pub(super) fn databases(data: &Utf8Path) {
    use rustix::fs::{IFlags, Mode, OFlags, ioctl_getflags, ioctl_setflags, open};
    let spread = || {
        let base = open(data.join("base").as_std_path(), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        ioctl_setflags(&base, ioctl_getflags(&base)? | IFlags::TOPDIR)
    };
    if let Err(error) = spread() {
        tracing::debug!(%data, %error, "databases are not spread over the disk");
    }
}

/// No other system has the flag.
#[cfg(not(target_os = "linux"))]
pub(super) fn databases(_data: &Utf8Path) {}
