//! Servers that are configured in a way no other test can bear.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{DatabaseUrl, Host};
use palisade_embedded::installation;
use rustix::process::Signal;

use crate::program::{self, Running, account, free_port, give};
use crate::{Directory, settings, until};

/// A server of this test's own. It ends with this value, and its files go with it.
#[derive(Debug)]
pub struct Server {
    socket_url: DatabaseUrl,
    running: Option<Running>,
    program: Utf8PathBuf,
    directory: Directory,
}

/// The parts of a server that a test chooses.
#[derive(Debug, Default)]
pub struct ServerFiles<'a> {
    /// Lines for `postgresql.conf`.
    pub configuration: &'a str,
    /// Lines for `pg_hba.conf`, behind one that lets everybody in through the socket.
    pub access: &'a str,
    /// Further files in the data directory, readable by the server only.
    pub files: &'a [(&'a str, &'a str)],
}

impl Server {
    /// Makes a cluster and starts its server: one that takes part in nothing but this test.
    ///
    /// # Panics
    ///
    /// If there is no Postgres, or it does not start.
    pub async fn start(files: &ServerFiles<'_>) -> Self {
        let installation = installation(&settings()).await.unwrap_or_else(|error| panic!("{error}\n{}", error.help()));
        let directory = Directory::new();
        let (account, home) = (account(), directory.path().join("server"));
        fs::create_dir(&home).expect("a directory");
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).expect("a directory of ours");
        give(&home, &account);
        let data = home.join("data");
        let arguments =
            ["-D", data.as_str(), "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale"];
        program::run(&installation.program("initdb"), &arguments);
        let port = free_port();
        let write = |name: &str, text: &str| {
            let path = data.join(name);
            fs::write(&path, text).expect("a file of ours");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file of ours");
            give(&path, &account);
        };
        write(
            "postgresql.conf",
            &format!(
                "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{home}'\nfsync = off\n{}\n",
                files.configuration
            ),
        );
        write("pg_hba.conf", &format!("local all all trust\n{}\n", files.access));
        // Files of the test may replace ours.
        for (name, text) in files.files {
            write(name, text);
        }
        let socket_url = DatabaseUrl {
            user: "postgres".to_owned(),
            password: None,
            host: Host::Socket(home),
            port,
            database: "postgres".to_owned(),
            parameters: std::collections::BTreeMap::new(),
        };
        let program = installation.program("postgres");
        let mut server = Self { socket_url, running: None, program, directory };
        server.run().await;
        server
    }

    /// Starts it again after [`Self::stop`].
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn run(&mut self) {
        let data = self.home().join("data");
        let log = self.directory.path().join("server.log");
        // An immediate shutdown: its processes end with it.
        let mut running = program::start(&self.program, &["-D", data.as_str()], &log, Signal::QUIT);
        until("the server has started", async || {
            assert!(running.is_alive(), "the server ended: {}", fs::read_to_string(&log).unwrap_or_default());
            let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            matches!(text.lines().nth(7).map(str::trim), Some("ready" | "standby"))
        })
        .await;
        self.running = Some(running);
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// The superuser's way in, through the socket.
    pub fn socket_url(&self) -> &DatabaseUrl {
        &self.socket_url
    }

    /// The same through TCP, as `pg_hba.conf` allows.
    #[must_use]
    pub fn tcp_url(&self) -> DatabaseUrl {
        DatabaseUrl { host: Host::Tcp("127.0.0.1".to_owned()), ..self.socket_url.clone() }
    }

    fn home(&self) -> Utf8PathBuf {
        Utf8Path::join(self.directory.path(), "server")
    }
}
