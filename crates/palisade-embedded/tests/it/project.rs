//! A project with a development server of its own.

use std::ops::Deref;
use std::thread;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{DatabaseUrl, Variables};
use palisade_db::{ConnectSettings, Connection, Row as _, batch, connect};
use palisade_embedded::{EmbeddedSettings, installation};
use palisade_tests::Directory;

use crate::process;

/// A project whose servers are killed when the test ends, however it ends.
pub(crate) struct Project {
    directory: Directory,
    settings: EmbeddedSettings,
}

impl Project {
    pub(crate) fn new() -> Self {
        Self::named("project")
    }

    /// A project in a directory of that name.
    pub(crate) fn named(name: &str) -> Self {
        let directory = Directory::new();
        let root = directory.path().join(name);
        std::fs::create_dir(&root).unwrap();
        let settings = EmbeddedSettings::new(&root, &Variables::process());
        let settings = EmbeddedSettings { data_dir: directory.path().join("elsewhere"), ..settings };
        Self { directory, settings }
    }

    /// A project with a cache of its own, and so a scratch server of its own. It runs the same programs as all others.
    pub(crate) async fn with_cache() -> Self {
        let programs = installation(&palisade_tests::settings()).await.unwrap();
        let project = Self::new();
        let cache_dir = project.directory.path().join("cache");
        project.with(|it| EmbeddedSettings { cache_dir, pg_bin: Some(programs.bin), pg_archive: None, ..it })
    }

    /// The same project, running the programs of an archive.
    pub(crate) fn with_archive(self, path: &Utf8Path) -> Self {
        let pg_archive = Some(path.to_owned());
        self.with(|it| EmbeddedSettings { pg_bin: None, pg_archive, ..it })
    }

    pub(crate) fn with(mut self, change: impl FnOnce(EmbeddedSettings) -> EmbeddedSettings) -> Self {
        self.settings = change(self.settings.clone());
        self
    }

    pub(crate) fn directory(&self) -> &Utf8Path {
        self.directory.path()
    }

    /// The home of its development server.
    pub(crate) fn home(&self) -> Utf8PathBuf {
        match std::fs::read_to_string(self.settings.state_dir.join("dev.location")) {
            Ok(elsewhere) => elsewhere.trim().into(),
            Err(_) => self.settings.state_dir.join("dev"),
        }
    }

    /// The home of its scratch server, if it has a cache of its own.
    pub(crate) fn scratch_home(&self) -> Utf8PathBuf {
        let mut homes = self.settings.cache_dir.join("scratch").read_dir_utf8().unwrap();
        homes.next().unwrap().unwrap().path().to_owned()
    }

    fn homes(&self) -> Vec<Utf8PathBuf> {
        let mut homes = vec![self.home()];
        // A shared cache is not ours to stop.
        if self.settings.cache_dir.starts_with(self.directory.path())
            && let Ok(entries) = self.settings.cache_dir.join("scratch").read_dir_utf8()
        {
            homes.extend(entries.flatten().map(|entry| entry.path().to_owned()));
        }
        homes
    }
}

impl Deref for Project {
    type Target = EmbeddedSettings;

    fn deref(&self) -> &EmbeddedSettings {
        &self.settings
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        for home in self.homes() {
            if let Some(pid) = process::postmaster(&home.join("data"))
                && process::is_alive(pid)
            {
                let raw = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
                let _gone = rustix::process::kill_process(raw, rustix::process::Signal::QUIT);
                while process::is_alive(pid) {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }
}

pub(crate) async fn open(url: &DatabaseUrl) -> Connection {
    connect(&ConnectSettings::new(url.clone())).await.unwrap()
}

/// The first column of the last row.
pub(crate) async fn ask(connection: &mut Connection, sql: &str) -> String {
    let rows = batch(connection, sql).await.unwrap().rows;
    rows.last().unwrap().try_get_unchecked(0).unwrap()
}

/// As [`ask`], on a connection of its own.
pub(crate) async fn ask_at(url: &DatabaseUrl, sql: &str) -> String {
    let mut connection = open(url).await;
    let answer = ask(&mut connection, sql).await;
    connection.close().await;
    answer
}
