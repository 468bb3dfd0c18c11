//! Local Postgres: found on this machine or fetched, started, stopped, and filled with throwaway databases.
//!
//! Two kinds of server exist. [`dev`] is the durable one of a project; it outlives the command that started it.
//! [`Scratch`] hands out databases that nobody will miss, on a server that forgoes all durability and that all
//! projects of a user share.
//!
//! On disk:
//!
//! ```text
//! <project>/.palisade/.gitignore      `*`: nothing of this is ever committed
//! <project>/.palisade/dev/            home of the development server
//!     data/                           the cluster (`palisade.conf` in it is rewritten at every start)
//!     password                        0600; also what `initdb --pwfile` reads, so that no argument list shows it
//!     server.json                     port, socket directory, programs used last
//!     server.log                      its log; `server.log.old` once it has grown
//!     run/                            its socket, unless the path is too long for one
//!     lock                            held while a command starts or stops the server
//! <project>/.palisade/dev.location    only if the home cannot be there: the directory that is used instead
//! <cache>/archives/ <cache>/downloads/  unpacked Postgres programs
//! <cache>/programs.json               versions of programs seen before
//! <cache>/scratch/<major>-<id>/       home of a scratch server, laid out as above
//! ```
//!
//! The cache is `PALISADE_CACHE_DIR`, else `palisade` in the user's cache directory.
//!
//! Postgres refuses to run as root, so that root's servers run as an ordinary user: the one behind `sudo`, else
//! `postgres`, else `nobody`. Where that user cannot enter the project's directory (`/root` usually is closed), the
//! home of the server is `/var/lib/palisade/<id>`, and root's cache is `/var/cache/palisade`.
//!
//! A scratch server takes about 70 MB of memory; it has 128 MB of shared buffers, which fill on use, and takes 200 connections.
//! It stays between commands, because that is what makes a scratch database ready in a moment;
//! `cargo xtask db-stop --all` ends it.

mod account;
mod cluster;
pub mod dev;
mod dump;
mod error;
mod files;
mod installation;
mod program;
mod scratch;
mod settings;
pub mod supabase;

pub use account::Account;
pub use dump::{DumpError, dump_schema};
pub use error::{EmbeddedError, InstallationError, ScratchError, ServerError};
pub use installation::{Installation, Origin, ProgramVersion, installation, installations};
pub use palisade_config::GrantRegime;
pub use scratch::{Layer, Scratch, ScratchDatabase, stop_scratch};
pub use settings::EmbeddedSettings;
