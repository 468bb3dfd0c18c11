//! Whether there is room for what is restored.
//!
//! Postgres does not tell how much room its disk has. Where the server is on this machine, the file system does. A restore that would
//! have gone well must not be refused, so where anything is in doubt, nothing is claimed.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_db::{Connection, DbError, Row, batch};
use tracing::debug;

use super::RestoreOptions;
use crate::manifest::Manifest;
use crate::restore_error::RestoreError;

/// The [file][docs] that a server keeps in its data directory while it runs: process id, data directory, time of its start, port, socket,
/// address, key of its shared memory. No two servers have all of that in common.
///
/// [docs]: https://www.postgresql.org/docs/current/storage-file-layout.html
const PID_FILE: &str = "postmaster.pid";

/// How much room a restore of everything needs, and how much there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// What the restored database is sure to take, in bytes: what the one that was backed up took, or its rows as text, if that is
    /// less. A database can be large because of rows that are dead.
    pub needed: u64,
    /// What the target's server can still take; `None` if that cannot be known from here.
    pub free: Option<FreeSpace>,
}

/// Room on a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSpace {
    /// Bytes, for who is not root. With several jobs, what is dropped to make room for the backup counts as free.
    pub bytes: u64,
    /// The directory in which the server keeps its databases.
    pub place: Utf8PathBuf,
}

/// Refuses a restore for which the server that `connection` leads to has no room. `None` if only a part is restored, of which nobody
/// knows how much it needs.
pub(super) async fn check(connection: &mut Connection, options: &RestoreOptions) -> Result<Option<Room>, RestoreError> {
    if !options.selection.is_everything() {
        return Ok(None);
    }
    let mut free = None;
    if options.target.settings().url.is_local() {
        match ask(connection).await {
            Ok(told) => free = free_space(&told, options.jobs),
            // A server that does not tell is no reason not to restore.
            Err(error) => debug!(%error, "how much room the server has is not known"),
        }
    }
    let manifest = &options.manifest;
    decide(Room { needed: needed(manifest), free }, manifest.exclusions.is_empty()).map(Some)
}

fn needed(manifest: &Manifest) -> u64 {
    manifest.database_bytes.min(manifest.tables.iter().map(|it| it.bytes).sum())
}

/// What the server tells.
#[derive(Debug)]
struct Told {
    /// What is in its [`PID_FILE`], if we may know.
    pid_file: Option<String>,
    /// Whether it has other places for tables than its data directory.
    tablespaces: bool,
    /// Size of the database that we are connected to.
    bytes: u64,
}

async fn ask(connection: &mut Connection) -> Result<Told, DbError> {
    let rows = batch(connection, include_str!("room.sql")).await.map_err(|it| it.error)?.rows;
    let unexpected = |reason: &str| DbError::Unexpected { reason: reason.to_owned() };
    let row = rows.first().ok_or_else(|| unexpected("no answer about the server's disk"))?;
    Ok(Told {
        pid_file: row.try_get("pid_file")?,
        tablespaces: row.try_get::<String, _>("tablespaces")? == "true",
        bytes: row.try_get::<String, _>("bytes")?.parse().map_err(|_| unexpected("a size is no number"))?,
    })
}

fn free_space(told: &Told, jobs: usize) -> Option<FreeSpace> {
    if told.tablespaces {
        // What is restored may go there.
        return None;
    }
    let place = data_directory(told.pid_file.as_deref()?)?.join("base");
    let free = free_bytes(&place)?;
    // In one transaction, what is dropped is given back at its end. With several jobs the first of several ends before rows come.
    let given_back = if jobs > 1 { told.bytes } else { 0 };
    Some(FreeSpace { bytes: free.saturating_add(given_back), place })
}

/// The server's data directory, if it is one of this machine: the same path leads to the same file.
fn data_directory(told: &str) -> Option<Utf8PathBuf> {
    let directory = Utf8Path::new(told.lines().nth(1)?);
    let path = directory.join(PID_FILE);
    // What a server names may be anything, and something that is no file may never end.
    let is_file = directory.is_absolute() && fs::symlink_metadata(&path).is_ok_and(|it| it.is_file());
    (is_file && fs::read(&path).is_ok_and(|own| own == told.as_bytes())).then(|| directory.to_owned())
}

fn free_bytes(place: &Utf8Path) -> Option<u64> {
    if may_compress(place) {
        return None;
    }
    let system = rustix::fs::statvfs(place.as_std_path()).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Whether files take less of the file system than their size: what Postgres tells is their size.
#[cfg(target_os = "linux")]
fn may_compress(place: &Utf8Path) -> bool {
    /// [bcachefs, btrfs](https://man7.org/linux/man-pages/man2/statfs.2.html), and ZFS.
    const COMPRESSING: [u64; 3] = [0xca45_1a4e, 0x9123_683e, 0x2fc1_2fc1];
    let Ok(system) = rustix::fs::statfs(place.as_std_path()) else { return true };
    u64::try_from(system.f_type).map_or(true, |it| COMPRESSING.contains(&it))
}

/// Those of other systems do not, unless somebody asks for it file by file.
#[cfg(not(target_os = "linux"))]
fn may_compress(_place: &Utf8Path) -> bool {
    false
}

/// Of a backup that is not whole, what was left out took room as well.
fn decide(room: Room, is_whole: bool) -> Result<Room, RestoreError> {
    match room {
        Room { needed, free: Some(FreeSpace { bytes, place }) } if is_whole && bytes < needed => {
            Err(RestoreError::NoSpace { needed, free: bytes, place })
        }
        room => Ok(room),
    }
}

#[cfg(test)]
mod tests {
    use super::{FreeSpace, PID_FILE, RestoreError, Room, Told, data_directory, decide, free_space, may_compress};
    use camino::Utf8PathBuf;
    use std::fs;

    const NEEDED: u64 = 1_000_000;

    fn room(free: Option<u64>) -> Room {
        Room { needed: NEEDED, free: free.map(|bytes| FreeSpace { bytes, place: "/data/base".into() }) }
    }

    #[test]
    fn only_what_is_known_to_be_too_little_is_refused() {
        for free in [None, Some(NEEDED), Some(u64::MAX)] {
            assert_eq!(decide(room(free), true).unwrap(), room(free));
        }
        for free in [0, NEEDED - 1] {
            let error = decide(room(Some(free)), true).unwrap_err();
            assert!(matches!(&error, RestoreError::NoSpace { needed: NEEDED, free: it, .. } if *it == free), "{error}");
            assert_eq!(decide(room(Some(free)), false).unwrap(), room(Some(free)), "something was left out");
        }
    }

    #[test]
    fn numbers_are_rounded_so_that_they_explain_the_refusal() {
        let error = RestoreError::NoSpace { needed: 2_000_001, free: 1_999_999, place: "/data/base".into() };
        assert_eq!(
            error.to_string(),
            "the restore needs at least 3 MB, and 1 MB are free in `/data/base` on the target's server"
        );
    }

    /// A directory like that of a server, and what the server says is in its file.
    fn server() -> (tempfile::TempDir, Utf8PathBuf, String) {
        let directory = tempfile::tempdir().unwrap();
        let data = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        let file = format!("4711\n{data}\n1767225600\n5432\n/tmp\nlocalhost\n  5432001   1\nready   \n");
        fs::create_dir(data.join("base")).unwrap();
        fs::write(data.join(PID_FILE), &file).unwrap();
        (directory, data, file)
    }

    #[test]
    fn a_directory_is_the_servers_if_both_read_the_same_in_it() {
        let (_directory, data, file) = server();
        assert_eq!(data_directory(&file), Some(data.clone()));
        // Another server of the same path, as behind a tunnel or in a container.
        assert_eq!(data_directory(&file.replace("4711", "1")), None);
        assert_eq!(data_directory(&file.replace(data.as_str(), "/nowhere")), None);
        assert_eq!(data_directory(&file.replace(data.as_str(), "base")), None);
        for nothing in ["", "4711", "4711\n\n"] {
            assert_eq!(data_directory(nothing), None, "{nothing:?}");
        }
        fs::remove_file(data.join(PID_FILE)).unwrap();
        assert_eq!(data_directory(&file), None);
        fs::create_dir(data.join(PID_FILE)).unwrap();
        assert_eq!(data_directory(&file), None);
    }

    #[test]
    fn nothing_is_claimed_in_doubt() {
        let (_directory, data, file) = server();
        let place = data.join("base");
        let told = |pid_file: Option<&str>, tablespaces| Told {
            pid_file: pid_file.map(str::to_owned),
            tablespaces,
            bytes: u64::MAX,
        };
        assert_eq!(free_space(&told(None, false), 1), None);
        assert_eq!(free_space(&told(Some(&file), true), 1), None);
        let free = free_space(&told(Some(&file), false), 1);
        assert_eq!(free.is_some(), !may_compress(&place));
        assert!(free.is_none_or(|it| it.place == place && it.bytes < u64::MAX));
        let given_back = free_space(&told(Some(&file), false), 2);
        assert!(given_back.is_none_or(|it| it.bytes == u64::MAX), "what is there goes before rows come");
        fs::remove_dir(&place).unwrap();
        assert_eq!(free_space(&told(Some(&file), false), 1), None);
    }
}
