//! Opening a connection.

use std::time::Duration;

use camino::Utf8PathBuf;
use palisade_config::{DatabaseUrl, Environment, Host, SslMode};
use secrecy::ExposeSecret;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use crate::connect_error::{ConnectError, ConnectProblem};
use crate::connection::{self, Connection};
use crate::pooler;

/// The oldest server that Palisade works with, as `server_version_num` counts.
const OLDEST_SERVER: u32 = 150_000;

/// Everything that decides how one database is reached.
#[derive(Debug, Clone)]
pub struct ConnectSettings {
    /// Where, as whom, with which password.
    pub url: DatabaseUrl,
    /// TLS; `None` leaves it to the URL, and then to the rule: verify-full for remote hosts.
    pub ssl_mode: Option<SslMode>,
    /// A PEM file with further root certificates.
    pub root_certificate: Option<Utf8PathBuf>,
    /// Longest time until the connection can be used.
    pub connect_timeout: Duration,
    /// `lock_timeout` of the session; zero waits for ever.
    pub lock_timeout: Duration,
    /// `statement_timeout` of the session; zero is none.
    pub statement_timeout: Duration,
    /// What `pg_stat_activity` shows.
    pub application_name: String,
}

impl ConnectSettings {
    /// Ten seconds to connect, five to wait for a lock, no limit for statements.
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            ssl_mode: None,
            root_certificate: None,
            connect_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::ZERO,
            application_name: "palisade".to_owned(),
        }
    }

    /// What the environment's profile says, for one of its URLs.
    pub fn for_environment(environment: &Environment, url: DatabaseUrl) -> Self {
        Self {
            ssl_mode: environment.ssl_mode,
            root_certificate: environment.root_certificate.clone(),
            connect_timeout: environment.connect_timeout,
            lock_timeout: environment.lock_timeout,
            statement_timeout: environment.statement_timeout,
            ..Self::new(url)
        }
    }
}

/// Connects, asks the server what it is, and sets the session up: lock and statement timeouts, and
/// [`client_connection_check_interval`][docs], so that the server notices within two seconds when we die.
///
/// One round trip after authentication.
///
/// # Errors
///
/// [`ConnectError`], whose `help` names the most likely fix.
///
/// [docs]: https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-CLIENT-CONNECTION-CHECK-INTERVAL
pub async fn connect(settings: &ConnectSettings) -> Result<Connection, ConnectError> {
    if let Some(problem) = unusable_file(settings) {
        return Err(ConnectError::new(&settings.url, problem));
    }
    let deadline = tokio::time::Instant::now() + settings.connect_timeout;
    let open = async {
        let marker = pooler::marker();
        let mut raw = match open(settings, Some(&marker)).await {
            // Poolers refuse start-up options they do not know; servers never do.
            Err(error) if pooler::refuses_options(&error) => open(settings, None).await?,
            other => other?,
        };
        let set_up = connection::set_up(&mut raw, settings, &marker).await?;
        Ok((raw, set_up))
    };
    let fail = |error: &sqlx::Error| ConnectError::from_sqlx(&settings.url, error);
    let (raw, set_up) = match tokio::time::timeout_at(deadline, open).await {
        Ok(result) => result.map_err(|error| fail(&error))?,
        Err(_) => return Err(ConnectError::timed_out(&settings.url, settings.connect_timeout)),
    };
    if set_up.facts.version.num < OLDEST_SERVER {
        let problem = ConnectProblem::ServerTooOld { major: set_up.facts.version.major() };
        return Err(ConnectError::new(&settings.url, problem));
    }
    Ok(Connection::new(raw, settings.clone(), set_up))
}

/// A certificate or key that the connection needs and that is not what it should be. The driver takes an empty list of
/// certificates from a file that holds none, and then trusts nobody; and it reports a missing file as a missing socket.
fn unusable_file(settings: &ConnectSettings) -> Option<ConnectProblem> {
    let url = &settings.url;
    let mode = SslMode::effective(settings.ssl_mode, url);
    if matches!(url.host, Host::Socket(_)) || mode == SslMode::Disable {
        return None;
    }
    let parameter = |name: &str| url.parameters.get(name).map(Utf8PathBuf::from);
    let root = settings.root_certificate.clone().or_else(|| parameter("sslrootcert"));
    let root = root.filter(|_| matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull));
    let files = [
        (root, "-----BEGIN CERTIFICATE-----"),
        (parameter("sslcert"), "-----BEGIN CERTIFICATE-----"),
        (parameter("sslkey"), "PRIVATE KEY-----"),
    ];
    files.into_iter().find_map(|(path, mark)| {
        let path = path?;
        let reason = match std::fs::read(&path) {
            Err(error) => error.to_string(),
            Ok(content) if !String::from_utf8_lossy(&content).contains(mark) => {
                format!("it holds no `{mark}`, so it is no PEM file of that sort")
            }
            Ok(_) => return None,
        };
        Some(ConnectProblem::CertificateFile { path, reason })
    })
}

/// The one function that sees the password. The options are never kept: their `Debug` would print it.
pub(crate) async fn open(settings: &ConnectSettings, marker: Option<&str>) -> Result<PgConnection, sqlx::Error> {
    let url = &settings.url;
    let mode = SslMode::effective(settings.ssl_mode, url);
    let mut options = PgConnectOptions::new_without_pgpass()
        .username(&url.user)
        .database(&url.database)
        .port(url.port)
        .application_name(&settings.application_name)
        // Statements are sent once; names for them would only collide behind a transaction-mode pooler.
        .statement_cache_capacity(0)
        // Poolers refuse the parameter, and floats have their shortest exact form without it since Postgres 12.
        .extra_float_digits(None)
        .ssl_mode(ssl_mode(mode))
        .disable_statement_logging();
    options = match &url.host {
        Host::Tcp(host) => options.host(host),
        // A socket file is guarded by its directory's permissions; servers offer no TLS there.
        Host::Socket(directory) => options.socket(directory).ssl_mode(PgSslMode::Disable),
    };
    if let Some(password) = &url.password {
        options = options.password(password.expose_secret());
    }
    if let Some(path) = &settings.root_certificate {
        options = options.ssl_root_cert(path);
    } else if let Some(path) = url.parameters.get("sslrootcert") {
        options = options.ssl_root_cert(path);
    }
    if let (Some(certificate), Some(key)) = (url.parameters.get("sslcert"), url.parameters.get("sslkey")) {
        options = options.ssl_client_cert(certificate).ssl_client_key(key);
    }
    if let Some(marker) = marker {
        options = options.options([(pooler::MARKER_SETTING, marker)]);
    }
    options.connect().await
}

fn ssl_mode(mode: SslMode) -> PgSslMode {
    match mode {
        SslMode::Disable => PgSslMode::Disable,
        SslMode::Prefer => PgSslMode::Prefer,
        SslMode::Require => PgSslMode::Require,
        SslMode::VerifyCa => PgSslMode::VerifyCa,
        SslMode::VerifyFull => PgSslMode::VerifyFull,
    }
}
