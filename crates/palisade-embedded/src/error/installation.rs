//! Why no Postgres was found or fetched.

use std::io;

use camino::Utf8PathBuf;

use crate::installation::SUPPORTED;

/// Why there is no Postgres to run.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// A setting names a directory that is not a Postgres server's.
    #[error("`PALISADE_PG_BIN` is `{directory}`, which has no `{missing}`")]
    SettingWithoutPrograms {
        /// The directory of the setting.
        directory: Utf8PathBuf,
        /// The programs that a server needs and that are not there.
        missing: String,
    },
    /// A program is there but does not run.
    #[error("`{program}` does not run: {output}")]
    BrokenProgram {
        /// Path of the program.
        program: Utf8PathBuf,
        /// What it said, or what the system said about it.
        output: String,
    },
    /// A setting names a Postgres that is too old or too new.
    #[error("`{bin}` is Postgres {version}, Palisade works with {min} to {max}", min = SUPPORTED.start(), max = SUPPORTED.end())]
    Unsupported {
        /// Its directory of programs.
        bin: Utf8PathBuf,
        /// Its version.
        version: String,
    },
    /// A setting names one major version, something else needs another.
    #[error("`{bin}` is Postgres {version}, but Postgres {wanted} is needed here")]
    OtherMajor {
        /// Its directory of programs.
        bin: Utf8PathBuf,
        /// Its version.
        version: String,
        /// The major version that was asked for.
        wanted: u32,
    },
    /// The archive of a setting cannot be read.
    #[error("cannot read the archive `{path}`")]
    ArchiveUnreadable {
        /// The archive.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An archive is damaged, or holds no Postgres server.
    #[error("`{path}` is not an archive of Postgres programs: {problem}")]
    ArchiveBroken {
        /// The archive; for a download its address.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The cache cannot be used.
    #[error("cannot write the cache `{path}`")]
    Cache {
        /// The file or directory.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The cache lies where the user that runs the servers cannot go.
    #[error("user `{user}`, who runs Postgres here, cannot enter `{obstacle}`, in which the cache `{cache}` lies")]
    CacheClosed {
        /// The cache.
        cache: Utf8PathBuf,
        /// The closed directory.
        obstacle: Utf8PathBuf,
        /// The user.
        user: String,
    },
    /// Nothing is installed, and nothing could be fetched.
    #[error("found no Postgres server: {reason}")]
    NotFound {
        /// What was looked at, and why fetching did not work.
        reason: String,
        /// Directories with client programs only.
        client_only: Vec<Utf8PathBuf>,
        /// Whether a download was tried.
        download_tried: bool,
    },
}

impl InstallationError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::SettingWithoutPrograms { .. } => {
                "name the directory that holds `initdb`, `pg_ctl` and `postgres`, such as /usr/lib/postgresql/17/bin, \
                 or unset `PALISADE_PG_BIN`"
                    .to_owned()
            }
            Self::BrokenProgram { .. } => "reinstall it, or name another one with `PALISADE_PG_BIN`".to_owned(),
            Self::Unsupported { .. } => format!("install Postgres 17 ({})", how_to_install()),
            Self::OtherMajor { wanted, .. } => {
                format!("unset `PALISADE_PG_BIN` and `PALISADE_PG_ARCHIVE`, or let them name Postgres {wanted}")
            }
            Self::ArchiveUnreadable { .. } | Self::ArchiveBroken { .. } => {
                "fetch it again: `PALISADE_PG_ARCHIVE` takes a file such as \
                 postgresql-17.11.0-x86_64-unknown-linux-gnu.tar.gz of github.com/theseus-rs/postgresql-binaries"
                    .to_owned()
            }
            Self::Cache { .. } => "make it writable, or choose another directory with `PALISADE_CACHE_DIR`".to_owned(),
            Self::CacheClosed { obstacle, .. } => {
                format!("run `chmod o+x {obstacle}`, or choose another directory with `PALISADE_CACHE_DIR`")
            }
            Self::NotFound { .. } => format!(
                "install one ({}), or set one of `PALISADE_PG_BIN` (its directory of programs), \
                 `PALISADE_PG_ARCHIVE` (a downloaded archive), `DATABASE_URL` (a server that runs elsewhere)",
                how_to_install()
            ),
        }
    }
}

fn how_to_install() -> &'static str {
    if cfg!(target_os = "macos") { "`brew install postgresql@17`" } else { "Debian, Ubuntu: `apt install postgresql`" }
}
