//! The log of a server, for error messages.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};

use camino::{Utf8Path, Utf8PathBuf};

/// A log larger than this is set aside when the server starts, in bytes.
const LARGE: u64 = 10 << 20;

/// How many lines an error message shows.
const LINES: usize = 15;

/// A place in a log: what comes behind it belongs to one start.
#[derive(Debug)]
pub(super) struct Mark {
    path: Utf8PathBuf,
    offset: u64,
}

impl Mark {
    /// The present end of a log. Sets a large log aside first.
    pub(super) fn at_end(path: &Utf8Path) -> Self {
        let length = |path: &Utf8Path| fs::metadata(path).map_or(0, |it| it.len());
        if length(path) > LARGE {
            let _kept = fs::rename(path, format!("{path}.old"));
        }
        Self { path: path.to_owned(), offset: length(path) }
    }

    /// What was written since.
    pub(super) fn since(&self) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = fs::File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.offset))?;
            let mut content = Vec::new();
            file.take(LARGE).read_to_end(&mut content)?;
            Ok(content)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }
}

/// The last lines of a text.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().filter(|it| !it.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// What a failed start or `initdb` comes from, if its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// No space is left, or none that we may use.
    DiskFull,
    /// Somebody else has taken the port since we looked.
    PortTaken,
    /// Processes of a killed server still hold its shared memory.
    StillHeld,
    /// The locale does not exist on this machine.
    UnknownLocale,
    /// Something else.
    Other,
}

/// Reads the English messages of Postgres. The server has none of its error codes before it runs.
pub(super) fn cause(text: &str) -> Cause {
    let has = |words: &[&str]| words.iter().any(|it| text.contains(it));
    if has(&["No space left on device", "Disk quota exceeded", "Check free disk space"]) {
        Cause::DiskFull
    } else if has(&["could not create any TCP/IP sockets", "Address already in use"]) {
        Cause::PortTaken
    } else if has(&["pre-existing shared memory block"]) {
        Cause::StillHeld
    } else if has(&["invalid locale name", "invalid locale settings"]) {
        Cause::UnknownLocale
    } else {
        Cause::Other
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, cause, tail};

    #[test]
    fn causes_are_read_from_what_postgres_says() {
        for (text, expected) in [
            ("initdb: error: could not write to file \"pg_wal/xlogtemp.29\": No space left on device", Cause::DiskFull),
            (
                "FATAL:  could not extend file: wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.",
                Cause::DiskFull,
            ),
            ("FATAL:  could not create any TCP/IP sockets", Cause::PortTaken),
            ("FATAL:  pre-existing shared memory block (key 9, ID 4) is still in use", Cause::StillHeld),
            ("initdb: error: invalid locale name \"C.UTF-8\"", Cause::UnknownLocale),
            ("FATAL:  could not open file", Cause::Other),
        ] {
            assert_eq!(cause(text), expected, "{text}");
        }
    }

    #[test]
    fn the_tail_of_a_log_is_short() {
        let log = (0..100).map(|it| format!("line {it}")).collect::<Vec<_>>().join("\n");
        assert_eq!(tail(&log).lines().count(), 15);
        assert!(tail(&log).ends_with("line 99"));
    }
}
