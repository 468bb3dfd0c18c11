//! An open directory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::StoreError;
use crate::directory::failure::failed;

/// Nobody but us looks into the directories that we make: a backup holds everything.
const OURS: Mode = Mode::RWXU;
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const WITHOUT_LINKS: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// A directory of the store, with the path under which it was found, for messages.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) file: File,
    pub(super) path: Utf8PathBuf,
}

impl Folder {
    /// The directory of the store itself, which may be a symlink: whoever named it meant it. `None` if there is none.
    pub(super) fn root(path: &Utf8Path) -> Result<Option<Self>, StoreError> {
        match rustix::fs::open(path.as_std_path(), FOLDER, Mode::empty()) {
            Ok(file) => Ok(Some(Self { file: file.into(), path: path.to_owned() })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed("opening", path)(error)),
        }
    }

    /// The directory of the store itself, made if there is none, and known to survive a power failure.
    pub(super) fn make_root(path: &Utf8Path) -> Result<Self, StoreError> {
        if let Some(root) = Self::root(path)? {
            return Ok(root);
        }
        let missing: Vec<&Utf8Path> =
            path.ancestors().take_while(|it| !it.as_str().is_empty() && !it.exists()).collect();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("creating", path))?;
        for made in missing {
            let above = made.parent().filter(|it| !it.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
            File::open(above).and_then(|it| it.sync_all()).map_err(failed("syncing", above))?;
        }
        // Where the store is in a project, its objects must not end up in its history.
        let ignore = path.join(".gitignore");
        fs::write(&ignore, "*\n").map_err(failed("writing", &ignore))?;
        Self::root(path)?.ok_or_else(|| failed("opening", path)(io::Error::from(io::ErrorKind::NotFound)))
    }

    /// The directory with this name in this one. `None` if there is none, or something else has the name.
    pub(super) fn enter(&self, name: &str) -> Result<Option<Self>, StoreError> {
        let path = self.path.join(name);
        match rustix::fs::openat(&self.file, name, FOLDER | WITHOUT_LINKS, Mode::empty()) {
            Ok(file) => Ok(Some(Self { file: file.into(), path })),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(error) => Err(failed("opening", &path)(error)),
        }
    }

    /// The directory with this name in this one, made if there is none, and whether it was. Whoever made it has to
    /// [`sync`](Self::sync) this one.
    pub(super) fn make(&self, name: &str) -> Result<(Self, bool), StoreError> {
        let path = self.path.join(name);
        let made = match rustix::fs::mkdirat(&self.file, name, OURS) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(failed("creating", &path)(error)),
        };
        let file = rustix::fs::openat(&self.file, name, FOLDER | WITHOUT_LINKS, Mode::empty());
        Ok((Self { file: file.map_err(failed("opening", &path))?.into(), path }, made))
    }

    /// Opens a file in this directory.
    pub(super) fn open(&self, name: &str, flags: OFlags) -> Result<File, Errno> {
        // Should a pipe have the name, opening it does not wait for somebody at its other end.
        let flags = flags | WITHOUT_LINKS | OFlags::NONBLOCK;
        Ok(rustix::fs::openat(&self.file, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// What has this name in this directory.
    pub(super) fn stat(&self, name: &str) -> Result<Option<Stat>, StoreError> {
        match rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed("reading", &self.path.join(name))(error)),
        }
    }

    /// Takes the name from a file. Whether there was one.
    pub(super) fn unlink(&self, name: &str) -> Result<bool, StoreError> {
        match rustix::fs::unlinkat(&self.file, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(failed("removing", &self.path.join(name))(error)),
        }
    }

    /// Removes the directory with this name in this one, if nothing is in it. That it stays is no harm.
    pub(super) fn remove_empty(&self, name: &str) -> bool {
        rustix::fs::unlinkat(&self.file, name, AtFlags::REMOVEDIR).is_ok()
    }

    /// The names in this directory, in order, each with what has it.
    pub(super) fn entries(&self) -> Result<Vec<(String, Stat)>, StoreError> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.file).map_err(failed("reading", &self.path))? {
            let entry = entry.map_err(failed("reading", &self.path))?;
            // What is not even text has no name of ours.
            names.extend(entry.file_name().to_str().ok().filter(|it| *it != "." && *it != "..").map(str::to_owned));
        }
        names.sort_unstable();
        let mut entries = Vec::new();
        for name in names {
            // Gone in the meantime, it is not listed.
            if let Some(stat) = self.stat(&name)? {
                entries.push((name, stat));
            }
        }
        Ok(entries)
    }

    /// Makes the names in this directory survive a power failure.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(failed("syncing", &self.path))
    }
}

pub(super) fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

pub(super) fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}
