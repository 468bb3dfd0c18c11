//! TLS modes.

use std::fmt;
use std::str::FromStr;

use crate::DatabaseUrl;

/// How a connection uses TLS, as libpq's [`sslmode`][docs].
///
/// [docs]: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// Never.
    Disable,
    /// If the server offers it; neither encryption nor the server's identity is certain.
    Prefer,
    /// Always, without checking who the server is.
    Require,
    /// Always, and the server's certificate must be signed by a known authority.
    VerifyCa,
    /// As [`Self::VerifyCa`], and the certificate must be for the host we asked for.
    VerifyFull,
}

impl SslMode {
    /// All modes, weakest first.
    pub const ALL: [Self; 5] = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// The mode to connect with: what is `configured`, else what the URL's `sslmode` says, else
    /// [`Self::VerifyFull`] for a remote host and [`Self::Prefer`] for a local one.
    pub fn effective(configured: Option<Self>, url: &DatabaseUrl) -> Self {
        let default = if url.is_local() { Self::Prefer } else { Self::VerifyFull };
        configured.or_else(|| url.ssl_mode()).unwrap_or(default)
    }

    /// The name libpq uses, `verify-full`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is not an [`SslMode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of `disable`, `prefer`, `require`, `verify-ca`, `verify-full`")]
pub struct SslModeError;

impl FromStr for SslMode {
    type Err = SslModeError;

    /// libpq's `allow` is read as [`Self::Prefer`]: both take what they get.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "allow" {
            return Ok(Self::Prefer);
        }
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(SslModeError)
    }
}
