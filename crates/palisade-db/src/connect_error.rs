//! Why no connection could be opened, and what to do about it.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use camino::Utf8PathBuf;
use palisade_config::{DatabaseUrl, Host};
use palisade_sql::SqlState;
use sqlx::postgres::PgDatabaseError;

use crate::error::ServerError;

/// A connection that could not be opened. Says where to, never with which password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    /// Host, port, database and user.
    pub target: String,
    /// Why.
    pub problem: ConnectProblem,
    host: String,
}

/// Why no connection could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectProblem {
    /// Nobody listens there.
    Refused,
    /// The directory has no socket file of this port.
    NoSocket,
    /// The name has no address.
    NameNotFound {
        /// What the resolver says.
        reason: String,
    },
    /// The address exists, and no route leads there.
    Unreachable {
        /// What the system says.
        reason: String,
    },
    /// Something else than Postgres answers.
    NotPostgres,
    /// No answer in time.
    TimedOut {
        /// How long we waited.
        after: Duration,
    },
    /// TLS is asked for and the server has none.
    NoTls,
    /// The server's certificate, or the handshake.
    Tls {
        /// What the TLS library says.
        reason: String,
    },
    /// A file of certificates or with a key cannot be used.
    CertificateFile {
        /// Which.
        path: Utf8PathBuf,
        /// Why not.
        reason: String,
    },
    /// The password has a character that [SASLprep](https://www.rfc-editor.org/rfc/rfc4013#section-2.3) prohibits. libpq and the
    /// server then take the password as it is, but our driver gives up.
    PasswordCharacters,
    /// Wrong password, or none where one is needed.
    WrongPassword {
        /// Whether one was sent.
        given: bool,
    },
    /// The server takes no connections from this address, for this user, or without TLS.
    NotAllowed {
        /// What the server says.
        reason: String,
    },
    /// There is no such database.
    NoDatabase,
    /// A Supabase pooler does not know the project.
    UnknownTenant,
    /// All connections are taken.
    TooManyConnections {
        /// What the server says.
        reason: String,
    },
    /// The server starts up, shuts down or recovers.
    NotReady {
        /// What the server says.
        reason: String,
    },
    /// The server is older than 15.
    ServerTooOld {
        /// Its major version.
        major: u32,
    },
    /// The connection broke before it could be used.
    Broken {
        /// What the system says.
        reason: String,
    },
    /// Anything else that the server says.
    Server(Box<ServerError>),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}: ", self.target)?;
        match &self.problem {
            ConnectProblem::Refused => f.write_str("nobody listens there (connection refused)"),
            ConnectProblem::NoSocket => f.write_str("there is no socket of this port in that directory"),
            ConnectProblem::NameNotFound { reason } => write!(f, "the host name has no address ({reason})"),
            ConnectProblem::Unreachable { reason } => write!(f, "no network route leads there ({reason})"),
            ConnectProblem::NotPostgres => f.write_str("what answers there is not Postgres"),
            ConnectProblem::TimedOut { after } => write!(f, "no answer within {} s", after.as_secs_f32()),
            ConnectProblem::NoTls => f.write_str("the server offers no TLS, which is asked for"),
            ConnectProblem::Tls { reason } => write!(f, "TLS failed: {reason}"),
            ConnectProblem::CertificateFile { path, reason } => write!(f, "`{path}` cannot be used: {reason}"),
            ConnectProblem::PasswordCharacters => {
                f.write_str("the password has a control character, such as a line break, which our driver cannot send")
            }
            ConnectProblem::WrongPassword { given: true } => f.write_str("the password is wrong"),
            ConnectProblem::WrongPassword { given: false } => {
                f.write_str("the server wants a password and none is set")
            }
            ConnectProblem::NotAllowed { reason }
            | ConnectProblem::TooManyConnections { reason }
            | ConnectProblem::NotReady { reason } => f.write_str(reason),
            ConnectProblem::NoDatabase => f.write_str("there is no such database"),
            ConnectProblem::UnknownTenant => f.write_str("the pooler does not know this project or user"),
            ConnectProblem::ServerTooOld { major } => {
                write!(f, "the server is Postgres {major}, Palisade needs 15 or newer")
            }
            ConnectProblem::Broken { reason } => write!(f, "the connection broke ({reason})"),
            ConnectProblem::Server(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ConnectError {}

impl ConnectError {
    pub(crate) fn new(url: &DatabaseUrl, problem: ConnectProblem) -> Self {
        let (host, place) = match &url.host {
            Host::Tcp(host) => (host.clone(), format!("{host}:{}", url.port)),
            Host::Socket(directory) => (String::new(), format!("socket {directory}/.s.PGSQL.{}", url.port)),
        };
        Self { target: format!("{place}, database `{}`, as `{}`", url.database, url.user), problem, host }
    }

    pub(crate) fn timed_out(url: &DatabaseUrl, after: Duration) -> Self {
        Self::new(url, ConnectProblem::TimedOut { after })
    }

    pub(crate) fn from_sqlx(url: &DatabaseUrl, error: &sqlx::Error) -> Self {
        let problem = match error {
            sqlx::Error::Io(error) => of_io(error),
            sqlx::Error::Tls(error) if error.to_string().contains("does not support TLS") => ConnectProblem::NoTls,
            sqlx::Error::Tls(error) => ConnectProblem::Tls { reason: error.to_string() },
            sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => of_server(ServerError::from_driver(error), url.password.is_some()),
                None => ConnectProblem::Broken { reason: error.to_string() },
            },
            // The first byte was no answer to the question for TLS.
            sqlx::Error::Protocol(reason) if reason.contains("SSLRequest") => ConnectProblem::NotPostgres,
            // The driver names the character, which is a part of the password.
            sqlx::Error::Configuration(error) if error.to_string().contains("saslprep") => {
                ConnectProblem::PasswordCharacters
            }
            other => ConnectProblem::Broken { reason: other.to_string() },
        };
        Self::new(url, problem)
    }

    /// What to do next.
    pub fn help(&self) -> String {
        let text = match &self.problem {
            ConnectProblem::Refused | ConnectProblem::NoSocket => {
                "start the server, or check host and port; the embedded server starts with `cargo xtask db-start`"
            }
            ConnectProblem::NameNotFound { .. } | ConnectProblem::Unreachable { .. } if self.is_direct_supabase() => {
                "this Supabase address has IPv6 only and this network may have none: use the session pooler's address \
                 (`….pooler.supabase.com:5432`, user `postgres.<project ref>`), or the IPv4 add-on"
            }
            ConnectProblem::NameNotFound { .. } => "check the host name for a typing error, and the network (DNS)",
            ConnectProblem::Unreachable { .. } => {
                "check the network or VPN; if the host has an IPv6 address only, this network may not reach it"
            }
            ConnectProblem::NotPostgres => "check the port: 5432 is usual, and 6543 for Supabase's transaction pooler",
            ConnectProblem::TimedOut { .. } => {
                "check host and port; a firewall that drops packets looks like this, and so does a paused project; \
                 `connect-timeout` can be raised"
            }
            ConnectProblem::NoTls => {
                "turn TLS on at the server, or say `ssl-mode = \"disable\"` for a network that you trust"
            }
            ConnectProblem::Tls { .. } => {
                "save the provider's root certificate (Supabase: project settings, database, SSL) and name it in \
                 `root-certificate`; the host must be the one the certificate is for"
            }
            ConnectProblem::CertificateFile { .. } => {
                "check `root-certificate` in `config/`, or `sslrootcert`, `sslcert` and `sslkey` in the URL"
            }
            ConnectProblem::PasswordCharacters => {
                "does the file or command that it comes from add a line break? otherwise give the role \
                 another password: psql and pg_dump could send this one, the driver that runs everything else could not"
            }
            ConnectProblem::WrongPassword { .. } => {
                "check the password in the URL (special characters are percent-encoded: `@` is `%40`), or reset it at \
                 your provider; `cargo xtask doctor` shows where the URL comes from"
            }
            ConnectProblem::NotAllowed { reason } if reason.contains("eer authentication") => {
                "on this socket the server takes only the role that is named as your system user: connect to `localhost` \
                 with a password, or change `peer` in `pg_hba.conf`"
            }
            ConnectProblem::NotAllowed { reason } if reason.starts_with("role ") => {
                "check the user in the URL; a role that logs in is made by `create role … login password …`"
            }
            ConnectProblem::NotAllowed { .. } => {
                "allow this machine's address at the provider (network restrictions) or in `pg_hba.conf`, and use TLS if \
                 the server insists"
            }
            ConnectProblem::NoDatabase => {
                "check the name behind the last `/` of the URL; `postgres` is there on Supabase"
            }
            ConnectProblem::UnknownTenant => {
                "check region and project ref: behind the pooler the user is `postgres.<project ref>`"
            }
            ConnectProblem::TooManyConnections { .. } => {
                "close idle clients or wait; the session pooler has few places, the direct address may have more"
            }
            ConnectProblem::NotReady { .. } => "wait a moment and run the command again",
            ConnectProblem::ServerTooOld { .. } => {
                "upgrade the server; 15 is the oldest that has all that Palisade uses"
            }
            ConnectProblem::Broken { .. } => "check that a Postgres listens there, and the network between",
            ConnectProblem::Server(error) => {
                return crate::help::for_server_error(error)
                    .unwrap_or_else(|| "run `cargo xtask doctor` for the same environment".to_owned());
            }
        };
        text.to_owned()
    }

    fn is_direct_supabase(&self) -> bool {
        self.host.starts_with("db.") && self.host.ends_with(".supabase.co")
    }
}

fn of_io(error: &std::io::Error) -> ConnectProblem {
    let reason = error.to_string();
    match error.kind() {
        ErrorKind::ConnectionRefused => ConnectProblem::Refused,
        ErrorKind::NotFound => ConnectProblem::NoSocket,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => {
            ConnectProblem::Unreachable { reason }
        }
        // The standard library has no kind for it; the text is its own, not the system's.
        _ if reason.contains("failed to lookup address") || reason.contains("no addresses") => {
            ConnectProblem::NameNotFound { reason }
        }
        // Other protocols, read as one of ours, announce messages of gigabytes.
        ErrorKind::UnexpectedEof if announced(&reason).is_some_and(|it| it > LONGEST_GREETING) => {
            ConnectProblem::NotPostgres
        }
        // What the TLS library refuses arrives as an error of the stream.
        ErrorKind::InvalidData => ConnectProblem::Tls { reason },
        _ => ConnectProblem::Broken { reason },
    }
}

/// No server begins with a longer message, in bytes.
const LONGEST_GREETING: u64 = 1 << 20;

/// The length in "expected to read 1414811696 bytes, got 28 bytes at EOF".
fn announced(reason: &str) -> Option<u64> {
    reason.strip_prefix("expected to read ")?.split(' ').next()?.parse().ok()
}

fn of_server(error: ServerError, password_given: bool) -> ConnectProblem {
    let reason = error.message.clone();
    match error.sqlstate {
        Some(SqlState::INVALID_PASSWORD) => ConnectProblem::WrongPassword { given: password_given },
        // Supavisor and PgBouncer speak in messages, not in codes.
        _ if reason.contains("Tenant or user not found") => ConnectProblem::UnknownTenant,
        _ if reason.contains("password authentication failed") => {
            ConnectProblem::WrongPassword { given: password_given }
        }
        _ if reason.contains("allow_list") => ConnectProblem::NotAllowed { reason },
        _ if reason.to_lowercase().contains("max client") => ConnectProblem::TooManyConnections { reason },
        Some(SqlState::INVALID_AUTHORIZATION) => ConnectProblem::NotAllowed { reason },
        Some(SqlState::INVALID_CATALOG_NAME) => ConnectProblem::NoDatabase,
        Some(SqlState::TOO_MANY_CONNECTIONS) => ConnectProblem::TooManyConnections { reason },
        Some(SqlState::CANNOT_CONNECT_NOW) => ConnectProblem::NotReady { reason },
        _ => ConnectProblem::Server(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectError, ConnectProblem};

    /// Problems that no server of a test has.
    fn error(url: &str, problem: ConnectProblem) -> ConnectError {
        ConnectError::new(&url.parse().unwrap(), problem)
    }

    #[test]
    fn the_direct_address_of_supabase_is_explained() {
        let url = "postgresql://postgres:secret@db.abcdefghijklmnopqrst.supabase.co:5432/postgres";
        for problem in [
            ConnectProblem::NameNotFound { reason: String::new() },
            ConnectProblem::Unreachable { reason: String::new() },
        ] {
            let help = error(url, problem).help();
            assert!(help.contains("IPv6") && help.contains(".pooler.supabase.com:5432"), "{help}");
        }
    }

    #[test]
    fn an_old_server_is_named() {
        let error = error("postgresql://ann:secret@localhost/shop", ConnectProblem::ServerTooOld { major: 13 });
        assert_eq!(
            error.to_string(),
            "cannot connect to localhost:5432, database `shop`, as `ann`: the server is Postgres 13, Palisade needs 15 or newer"
        );
        assert!(error.help().contains("upgrade"));
    }
}
