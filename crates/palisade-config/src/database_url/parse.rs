//! Reading a connection URI, with errors that show none of it.

use std::collections::BTreeMap;
use std::str::FromStr;

use camino::Utf8PathBuf;
use secrecy::SecretString;

use super::{DatabaseUrl, Host, encode};
use crate::SslMode;
use crate::redact::secrets;

/// Why a text is not the URL of a database. No variant holds any part of the text that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It does not begin with `postgres://` or `postgresql://`.
    #[error("the URL does not begin with `postgres://` or `postgresql://`")]
    Scheme,
    /// A character with a meaning in URLs stands where it cannot have that meaning: most likely it is part of the
    /// password.
    #[error("the URL has a raw `{character}`, perhaps in the password")]
    Reserved {
        /// The character.
        character: char,
    },
    /// Escapes decode to bytes that are not UTF-8, or to NUL.
    #[error("the {part} of the URL does not decode to text")]
    NotText {
        /// `user`, `password`, `host`, `database` or `parameters`.
        part: &'static str,
    },
    /// White space or a control character.
    #[error("the URL has white space or a line break")]
    WhiteSpace,
    /// `[YOUR-PASSWORD]` and the like.
    #[error("the URL still has a placeholder in brackets, such as `[PASSWORD]` or `[PROJECT_REF]`")]
    Placeholder,
    /// No user.
    #[error("the URL names no user")]
    NoUser,
    /// No host.
    #[error("the URL names no host")]
    NoHost,
    /// libpq takes a list of hosts, we do not.
    #[error("the URL names several hosts")]
    ManyHosts,
    /// The host is not a host.
    #[error("the host of the URL is malformed")]
    Host,
    /// The port is not a number between 1 and 65535.
    #[error("the port of the URL is not a number between 1 and 65535")]
    Port,
    /// A parameter has no `=`, or stands there twice.
    #[error("the parameters of the URL are not a list of `name=value`, each once")]
    Parameters,
    /// `sslmode` has an unknown value.
    #[error("the `sslmode` of the URL is not one of `disable`, `prefer`, `require`, `verify-ca`, `verify-full`")]
    SslMode,
}

impl UrlError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Reserved { character } => {
                let encoded = encode(&character.to_string());
                format!(
                    "write `{character}` as `{encoded}`; in user and password these must be percent-encoded: \
                     `%` %25, `#` %23, `@` %40, `/` %2F, `:` %3A, `?` %3F, space %20"
                )
            }
            Self::WhiteSpace => {
                "write a space as `%20` and a line break as `%0A`, or remove what was pasted along".to_owned()
            }
            Self::NotText { .. } => "percent-encode the UTF-8 bytes of the text; a raw `%` is `%25`".to_owned(),
            Self::Placeholder => {
                "put the value of your project in its place; if the brackets belong to the password, write them as \
                 `%5B` and `%5D`"
                    .to_owned()
            }
            Self::ManyHosts => "name the host of the primary server".to_owned(),
            Self::NoHost => {
                "for a Unix-domain socket write `postgres://user@/database?host=/var/run/postgresql`".to_owned()
            }
            Self::SslMode => "`verify-full` is the safe one for a remote server".to_owned(),
            Self::Scheme | Self::NoUser | Self::Host | Self::Port | Self::Parameters => {
                "the form is `postgres://user:password@host:5432/database?sslmode=verify-full`".to_owned()
            }
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    /// Reads `text`; white space around it is ignored. The password is registered with [`secrets`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let url = parse(text).inspect_err(|_| secrets().remember_text(text))?;
        secrets().remember_url(&url);
        Ok(url)
    }
}

/// Reads `text` without registering anything.
pub(crate) fn parse(text: &str) -> Result<DatabaseUrl, UrlError> {
    let rest = strip_scheme(text).ok_or(UrlError::Scheme)?;
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(UrlError::WhiteSpace);
    }
    if has_placeholder(rest) {
        return Err(UrlError::Placeholder);
    }
    // No client uses a fragment, so a `#` is a character that somebody did not encode.
    if rest.contains('#') {
        return Err(UrlError::Reserved { character: '#' });
    }
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let path = path.strip_prefix('/').unwrap_or(path);
    // A raw `/` or `?` in the password ends the authority early: the `@` then stands behind it.
    if path.contains('@') || (query.contains('@') && !authority.contains('@') && authority.contains(':')) {
        return Err(UrlError::Reserved { character: if path.contains('@') { '/' } else { '?' } });
    }
    if path.contains('/') {
        return Err(UrlError::Reserved { character: '/' });
    }
    let (credentials, location) = match authority.rsplit_once('@') {
        Some((credentials, _)) if credentials.contains('@') => return Err(UrlError::Reserved { character: '@' }),
        Some((credentials, location)) => (Some(credentials), location),
        None => (None, authority),
    };
    let (user, password) = match credentials.map(|it| it.split_once(':').ok_or(it)) {
        Some(Ok((user, password))) => (decode(user, "user")?, Some(decode(password, "password")?)),
        Some(Err(user)) => (decode(user, "user")?, None),
        None => (String::new(), None),
    };
    let (host, port) = split_port(location)?;
    let mut parameters = parameters(query)?;

    // As in libpq, a parameter wins over the same thing in front of it.
    let mut take = |name: &str| parameters.remove(name).filter(|it| !it.is_empty());
    let user = take("user").unwrap_or(user);
    let password = take("password").or(password).filter(|it| !it.is_empty());
    let host = take("host").map_or_else(|| Ok(host), |it| unbracket(&it))?;
    let port = take("port").or(port).map_or(Ok(5432), |it| read_port(&it))?;
    let database = take("dbname").map_or_else(|| decode(path, "database"), Ok)?;
    if user.is_empty() {
        return Err(UrlError::NoUser);
    }
    if let Some(mode) = parameters.get("sslmode") {
        mode.parse::<SslMode>().map_err(|_| UrlError::SslMode)?;
    }
    Ok(DatabaseUrl {
        database: if database.is_empty() { user.clone() } else { database },
        user,
        password: password.map(SecretString::from),
        host: read_host(host)?,
        port,
        parameters,
    })
}

/// `text` without `postgres://` or `postgresql://`.
pub(crate) fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    ["postgres", "postgresql"].iter().any(|it| scheme.eq_ignore_ascii_case(it)).then_some(rest)
}

/// Whether there is `[SOME_NAME]`, as in templates; `[::1]` is none.
fn has_placeholder(text: &str) -> bool {
    text.split('[').skip(1).filter_map(|it| it.split_once(']')).any(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    })
}

/// Host (decoded, without brackets) and port (not yet read).
fn split_port(location: &str) -> Result<(String, Option<String>), UrlError> {
    let (host, port) = if let Some(address) = location.strip_prefix('[') {
        let (address, rest) = address.split_once(']').ok_or(UrlError::Host)?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port),
            None if rest.is_empty() => None,
            None => return Err(UrlError::Host),
        };
        (address, port)
    } else {
        location.rsplit_once(':').map_or((location, None), |(host, port)| (host, Some(port)))
    };
    if location.contains(',') {
        return Err(UrlError::ManyHosts);
    }
    // An IPv6 address without brackets cannot be told from its port.
    if !location.starts_with('[') && host.contains(':') {
        return Err(UrlError::Host);
    }
    Ok((decode(host, "host")?, port.filter(|it| !it.is_empty()).map(str::to_owned)))
}

fn unbracket(host: &str) -> Result<String, UrlError> {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').map(str::to_owned).ok_or(UrlError::Host),
        None => Ok(host.to_owned()),
    }
}

fn read_host(host: String) -> Result<Host, UrlError> {
    if host.starts_with('/') {
        return Ok(Host::Socket(Utf8PathBuf::from(host)));
    }
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    if host.contains(',') {
        return Err(UrlError::ManyHosts);
    }
    let is_address = super::ip_address(&host).is_some();
    let is_name = !host.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\?#@[]:%<>\"'`".contains(c));
    if is_address || is_name { Ok(Host::Tcp(host)) } else { Err(UrlError::Host) }
}

fn read_port(port: &str) -> Result<u16, UrlError> {
    let digits = port.bytes().all(|it| it.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port != 0).ok_or(UrlError::Port)
}

fn parameters(query: &str) -> Result<BTreeMap<String, String>, UrlError> {
    let mut parameters = BTreeMap::new();
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(UrlError::Parameters)?;
        let value = decode(value, "parameters")?;
        if parameters.insert(decode(name, "parameters")?, value).is_some() {
            return Err(UrlError::Parameters);
        }
    }
    Ok(parameters)
}

/// Percent-decodes `text`. `+` stays `+`: in libpq's URIs it is not a space.
fn decode(text: &str, part: &'static str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let escape = tail.get(..2).and_then(|it| str::from_utf8(it).ok());
        let digits = escape.filter(|it| it.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
        bytes.push(byte.ok_or(UrlError::Reserved { character: '%' })?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok().filter(|it| !it.contains('\0')).ok_or(UrlError::NotText { part })
}
