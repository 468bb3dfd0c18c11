//! A real pooler.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use camino::Utf8PathBuf;
use palisade_config::{DatabaseUrl, ExposeSecret as _, Host};
use rustix::process::Signal;
use tokio::net::TcpStream;

use crate::program::{self, Running, account, free_port, give};
use crate::{Directory, until};

/// A `PgBouncer` in front of one database. It ends with this value.
#[derive(Debug)]
pub struct PgBouncer {
    url: DatabaseUrl,
    _running: Running,
    _directory: Directory,
}

impl PgBouncer {
    /// Starts it in a [`pool_mode`][docs], with further lines for the section `[pgbouncer]` of its configuration. It lets
    /// everybody in without a password.
    ///
    /// # Panics
    ///
    /// If the program is not installed, or does not start.
    ///
    /// [docs]: https://www.pgbouncer.org/config.html#pool_mode
    pub async fn start(database: &DatabaseUrl, pool_mode: &str, settings: &str) -> Self {
        let directory = Directory::new();
        let port = free_port();
        let configuration = directory.write("pgbouncer.ini", configuration(database, port, pool_mode, settings));
        // It may hold a password.
        fs::set_permissions(&configuration, fs::Permissions::from_mode(0o600)).expect("a file of ours");
        give(&configuration, &account());
        let log = directory.path().join("pgbouncer.log");
        let arguments = ["-q", configuration.as_str()];
        // Its children are none, so nothing has to be put in order.
        let mut running = program::start(&installed(), &arguments, &log, Signal::KILL);
        until("PgBouncer listens", async || {
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(running.is_alive(), "PgBouncer ended: {}", said());
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        let host = Host::Tcp("127.0.0.1".to_owned());
        let url = DatabaseUrl { host, port, password: None, ..database.clone() };
        Self { url, _running: running, _directory: directory }
    }

    /// The database, through this pooler.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

fn configuration(database: &DatabaseUrl, port: u16, pool_mode: &str, settings: &str) -> String {
    let host = match &database.host {
        Host::Tcp(host) => host.as_str(),
        Host::Socket(directory) => directory.as_str(),
    };
    let mut target = format!("host={host} port={} dbname={} user={}", database.port, database.database, database.user);
    if let Some(password) = &database.password {
        let _ = write!(target, " password={}", password.expose_secret());
    }
    format!(
        "[databases]\n* = {target}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\npool_mode = {pool_mode}\n{settings}\n"
    )
}

/// Where it is: on the `PATH`, or where Debian puts it, which ordinary users do not have there.
fn installed() -> Utf8PathBuf {
    let mut places = crate::settings().search_path;
    places.push("/usr/sbin".into());
    places.iter().map(|it| it.join("pgbouncer")).find(|it| it.is_file()).unwrap_or_else(|| {
        panic!("PgBouncer is needed for tests of poolers and is not installed: `apt-get install pgbouncer`")
    })
}
