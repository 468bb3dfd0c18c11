//! The URL of a database.

mod identity;
mod parse;

pub use identity::DatabaseIdentity;
pub(crate) use identity::normal_host;
pub use parse::UrlError;
pub(crate) use parse::{parse, strip_scheme};

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use camino::Utf8PathBuf;
use secrecy::{ExposeSecret, SecretString};

use crate::SslMode;
use crate::redact::{REDACTED, secrets};

/// A database: where it is, and who we are there. Read from a [connection URI][docs].
///
/// `Debug` and `Display` show `••••` for the password, and for parameters that may hold a secret.
/// [`Self::expose`] is the only way to get the whole URL.
///
/// [docs]: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
#[derive(Clone)]
pub struct DatabaseUrl {
    /// The role to log in as.
    pub user: String,
    /// Its password, decoded.
    pub password: Option<SecretString>,
    /// Where the server listens.
    pub host: Host,
    /// TCP port, or the number in the name of the socket file. 5432 if the URL names none.
    pub port: u16,
    /// The database; the URL may leave it out, then it is named as the user.
    pub database: String,
    /// All other parameters, decoded, `sslmode` and unknown ones such as `pgbouncer` included.
    pub parameters: BTreeMap<String, String>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A host name or an IP address, IPv6 without brackets.
    Tcp(String),
    /// The directory of a Unix-domain socket.
    Socket(Utf8PathBuf),
}

impl DatabaseUrl {
    /// Which database this is, whatever road leads there.
    pub fn identity(&self) -> DatabaseIdentity {
        DatabaseIdentity::of(self)
    }

    /// Whether the server is on this machine: a socket, a loopback address or `localhost`.
    pub fn is_local(&self) -> bool {
        match &self.host {
            Host::Socket(_) => true,
            Host::Tcp(host) => identity::is_loopback(host),
        }
    }

    /// The `sslmode` parameter. It was checked when the URL was read.
    pub fn ssl_mode(&self) -> Option<SslMode> {
        self.parameters.get("sslmode").and_then(|mode| mode.parse().ok())
    }

    /// The same server, user and parameters with another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        Self { database: name.to_owned(), ..self.clone() }
    }

    /// The whole URL with its password, percent-encoded so that every client reads back what we hold. The password is
    /// registered with [`secrets`]: from here on it can turn up anywhere.
    pub fn expose(&self) -> SecretString {
        secrets().remember_url(self);
        let password = self.password.as_ref().map(|it| encode(it.expose_secret()));
        SecretString::from(self.compose(password.as_deref(), |_, value| encode(value)))
    }

    fn compose(&self, password: Option<&str>, show: impl Fn(&str, &str) -> String) -> String {
        let mut url = format!("postgresql://{}", encode(&self.user));
        if let Some(password) = password {
            url.push(':');
            url.push_str(password);
        }
        url.push('@');
        let host = match &self.host {
            // A directory goes into the host's place, encoded: libpq, sqlx and node-postgres all read that, while
            // an empty host next to a user is refused by WHATWG parsers.
            Host::Socket(directory) => encode(directory.as_str()),
            Host::Tcp(host) if host.contains(':') => format!("[{}]", host.replace('%', "%25")),
            Host::Tcp(host) => encode(host),
        };
        url.push_str(&[&host, ":", &self.port.to_string(), "/", &encode(&self.database)].concat());
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(&[&encode(name), "=", &show(name, value)].concat());
        }
        url
    }
}

/// Parameters that hold no secret. Others, `sslpassword` and what we do not know, are shown as `••••`.
const HARMLESS: &[&str] = &[
    "application_name",
    "connect_timeout",
    "connection_limit",
    "gssencmode",
    "pgbouncer",
    "pool_timeout",
    "schema",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "workaround",
];

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.compose(self.password.as_ref().map(|_| REDACTED), |name, value| {
            if HARMLESS.contains(&name) { encode(value) } else { REDACTED.to_owned() }
        }))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl PartialEq for DatabaseUrl {
    fn eq(&self, other: &Self) -> bool {
        let Self { user, password, host, port, database, parameters } = other;
        let password = password.as_ref().map(ExposeSecret::expose_secret);
        self.user == *user
            && self.password.as_ref().map(ExposeSecret::expose_secret) == password
            && self.host == *host
            && self.port == *port
            && self.database == *database
            && self.parameters == *parameters
    }
}

impl Eq for DatabaseUrl {}

/// Percent-encodes all but RFC 3986's unreserved characters, so that the text is good in every part of a URL.
pub(crate) fn encode(text: &str) -> String {
    let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

/// `[::1%eth0]` without its zone, as an address.
fn ip_address(host: &str) -> Option<IpAddr> {
    host.split('%').next()?.parse().ok()
}
