//! Making a cluster.

use std::fs;

use camino::Utf8Path;
use rand::distr::{Alphanumeric, SampleString as _};
use tracing::{info, warn};

use super::log::{self, Cause};
use super::{Cluster, Lock, Purpose, SUPERUSER, configuration};
use crate::error::ServerError;
use crate::installation::Installation;
use crate::{files, program};

/// Length of a password; each character is one of 62, which makes 238 bits.
const PASSWORD_LENGTH: usize = 40;

impl Cluster {
    /// Makes the cluster if there is none. Whoever is killed while he makes one leaves a directory that the next
    /// one removes: only `rename` gives it its name.
    pub(crate) async fn create(&self, lock: &Lock, installation: &Installation) -> Result<(), ServerError> {
        if self.major()?.is_some() {
            return Ok(());
        }
        info!(home = %self.home, version = %installation.version, "creating a cluster");
        self.remove_leftovers(lock)?;
        self.write_password()?;
        let unfinished = self.home.join("unfinished-data");
        self.initdb(installation, &unfinished).await?;
        self.finish(&unfinished)
    }

    /// Removes all databases of the cluster. The server must not run.
    pub(crate) fn destroy(&self, _lock: &Lock) -> Result<(), ServerError> {
        remove(&self.data()).map_err(|source| self.file_error(self.data(), source))
    }

    fn remove_leftovers(&self, _lock: &Lock) -> Result<(), ServerError> {
        let unfinished = self.home.join("unfinished-data");
        remove(&unfinished).map_err(|source| self.file_error(unfinished, source))?;
        let data = self.data();
        if !data.exists() {
            return Ok(());
        }
        // A directory without `PG_VERSION` is none that Postgres could start with, and none that we have made.
        let aside = self.home.join(format!("data-{:08x}", rand::random::<u32>()));
        warn!(%data, %aside, "this is no cluster; setting it aside");
        fs::rename(&data, aside).map_err(|source| self.file_error(data, source))
    }

    fn write_password(&self) -> Result<(), ServerError> {
        let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
        let path = self.password_file();
        files::write(&path, format!("{password}\n").as_bytes(), 0o600, &self.account)
            .map_err(|source| self.file_error(path, source))
    }

    async fn initdb(&self, installation: &Installation, directory: &Utf8Path) -> Result<(), ServerError> {
        let password = format!("--pwfile={}", self.password_file());
        let mut arguments = vec![
            "-D",
            directory.as_str(),
            "-U",
            SUPERUSER,
            "--auth=scram-sha-256",
            password.as_str(),
            "--encoding=UTF8",
            "--lc-messages=C",
        ];
        if self.purpose == Purpose::Scratch {
            arguments.push("--no-sync");
        }
        let initdb = installation.program("initdb");
        let mut said = String::new();
        for locale in locales(installation.version.major) {
            let arguments: Vec<_> = arguments.iter().chain(*locale).copied().collect();
            let output = program::run(&self.settings, &self.account, &self.home, &initdb, &arguments)
                .await
                .map_err(|source| ServerError::Program { program: initdb.clone(), source })?;
            if output.status.success() {
                return Ok(());
            }
            said = program::said(&output);
            match log::cause(&said) {
                Cause::UnknownLocale => {}
                Cause::DiskFull => return Err(ServerError::DiskFull { path: self.home.clone() }),
                Cause::PortTaken | Cause::StillHeld | Cause::Other => break,
            }
        }
        Err(ServerError::Create { data: self.data(), output: log::tail(&said) })
    }

    fn finish(&self, unfinished: &Utf8Path) -> Result<(), ServerError> {
        let conf = unfinished.join("postgresql.conf");
        let finish = || {
            let text = fs::read_to_string(&conf)?;
            let text = format!("{text}\ninclude_if_exists = '{}'\n", configuration::FILE);
            files::write(&conf, text.as_bytes(), 0o600, &self.account)?;
            if self.purpose == Purpose::Scratch {
                let access = unfinished.join("pg_hba.conf");
                files::write(&access, configuration::FORGETFUL_ACCESS.as_bytes(), 0o600, &self.account)?;
            }
            fs::rename(unfinished, self.data())
        };
        finish().map_err(|source| self.file_error(unfinished.to_owned(), source))
    }
}

/// Locales to try. UTF-8 without a country's rules, so that all machines sort alike; from 17 on Postgres brings
/// [its own](https://www.postgresql.org/docs/17/locale.html#LOCALE-PROVIDERS), before that it is the system's,
/// which macOS does not have.
fn locales(major: u32) -> &'static [&'static [&'static str]] {
    if major >= 17 {
        &[
            &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"],
            &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
        ]
    } else {
        &[&["--locale-provider=libc", "--locale=C.UTF-8"], &["--locale-provider=libc", "--locale=C"]]
    }
}

fn remove(directory: &Utf8Path) -> std::io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
