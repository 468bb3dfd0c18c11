//! What `pg_dump` says of a database: an observer that shares no code with us.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{ExposeSecret, Host, SslMode};
use palisade_db::ConnectSettings;

use crate::account::Account;
use crate::error::ServerError;
use crate::installation::Installation;
use crate::program;
use crate::settings::EmbeddedSettings;

/// Why there is no dump.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// There is nobody who could run it.
    #[error(transparent)]
    Account(#[from] ServerError),
    /// The program cannot be run.
    #[error("cannot run `{program}`: {reason}")]
    Program {
        /// Its path.
        program: Utf8PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It failed.
    #[error("`pg_dump` failed: {output}")]
    Failed {
        /// What it said.
        output: String,
    },
}

impl DumpError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Account(error) => error.help(),
            Self::Program { program, .. } => format!(
                "install the client programs of the same version as well (Debian: `postgresql-client`), so that `{program}` is \
                 there"
            ),
            Self::Failed { .. } => "run `cargo xtask doctor`: it says which programs are used".to_owned(),
        }
    }
}

/// What `pg_dump --schema-only` writes, with `options` besides. The password is in the environment of that one program, not
/// among its arguments.
///
/// # Errors
///
/// [`DumpError`]; never a part of a dump.
pub async fn dump_schema(
    settings: &EmbeddedSettings,
    installation: &Installation,
    database: &ConnectSettings,
    options: &[&str],
) -> Result<String, DumpError> {
    let account = Account::for_servers(settings.sudo_uid)?;
    let program = installation.program("pg_dump");
    let name = database.url.database.replace('\\', "\\\\").replace('\'', "\\'");
    // As a plain argument, a name like `a=b` would be read as settings.
    let target = ["--dbname=dbname='", &name, "'"].concat();
    let arguments: Vec<&str> =
        ["--schema-only", "--no-password", target.as_str()].into_iter().chain(options.iter().copied()).collect();
    let variables = variables(database);
    let output = program::run_with(settings, &account, Utf8Path::new("/"), &program, &arguments, &variables)
        .await
        .map_err(|reason| DumpError::Program { program: program.clone(), reason })?;
    if !output.status.success() {
        return Err(DumpError::Failed { output: program::said(&output) });
    }
    String::from_utf8(output.stdout).map_err(|_| DumpError::Failed { output: "it wrote no UTF-8".to_owned() })
}

fn variables(database: &ConnectSettings) -> Vec<(&'static str, String)> {
    let url = &database.url;
    let host = match &url.host {
        Host::Tcp(host) => host.clone(),
        Host::Socket(directory) => directory.to_string(),
    };
    let mut variables = vec![
        ("PGHOST", host),
        ("PGPORT", url.port.to_string()),
        ("PGUSER", url.user.clone()),
        ("PGCLIENTENCODING", "UTF8".to_owned()),
        ("PGSSLMODE", SslMode::effective(database.ssl_mode, url).to_string()),
        ("PGPASSFILE", "/nonexistent".to_owned()),
    ];
    if let Some(path) = &database.root_certificate {
        variables.push(("PGSSLROOTCERT", path.to_string()));
    }
    if let Some(password) = &url.password {
        variables.push(("PGPASSWORD", password.expose_secret().to_owned()));
    }
    variables
}
