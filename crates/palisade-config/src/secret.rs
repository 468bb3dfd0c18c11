//! Where a secret is, and how to get it.

mod command;

use std::fmt;
use std::io;
use std::time::Duration;

use camino::Utf8PathBuf;
use secrecy::SecretString;

use crate::Variables;
use crate::redact::secrets;

/// How long a command may take to print a secret: long enough to unlock a password manager by hand.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);

/// Secrets are short; more than this is a mistake.
const MAX_LENGTH: u64 = 64 * 1024;

/// Where a secret is. Holds names only; the secret is read by [`Self::resolve`], each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `{ env = "PROD_DATABASE_URL" }`: a variable of the process, `.env` or `.env.<env>`.
    Env {
        /// Name of the variable.
        name: String,
    },
    /// `{ file = "/run/secrets/url" }`: the content of a file, without the line break at its end.
    File {
        /// Absolute, or beginning with `~/`.
        path: Utf8PathBuf,
    },
    /// `{ command = ["op", "read", "op://vault/db/url"] }`: what a program prints, without the line break at its end.
    /// There is no shell, and it gets no variable that holds the URL of a database.
    Command {
        /// Program and arguments, at least one.
        argv: Vec<String>,
    },
}

/// Why a secret could not be read. Holds neither what a file contains nor what a program printed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or empty.
    #[error("variable `{name}` is not set")]
    NotSet {
        /// Name of the variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("secret file `{path}` cannot be read")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A path begins with `~/` and there is no home.
    #[error("secret file `{path}` is relative to the home directory, and `HOME` is not set")]
    NoHome {
        /// As configured.
        path: Utf8PathBuf,
    },
    /// The program cannot be started.
    #[error("program `{program}` cannot be started to read a secret")]
    Start {
        /// The program, without its arguments.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The program failed.
    #[error("program `{program}`, which should print a secret, ended with {status}")]
    Failed {
        /// The program, without its arguments.
        program: String,
        /// `exit status: 1`.
        status: String,
    },
    /// The program takes too long.
    #[error("program `{program}`, which should print a secret, was stopped after {} s", .after.as_secs_f32())]
    TimedOut {
        /// The program, without its arguments.
        program: String,
        /// How long we waited.
        after: Duration,
    },
    /// There is nothing, or too much, or not text.
    #[error("{origin} {fault}")]
    Content {
        /// ``secret file `PATH` `` or ``output of `PROGRAM` ``.
        origin: String,
        /// What is wrong.
        fault: &'static str,
    },
}

impl SecretError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NotSet { name } => format!("set `{name}` in `.env` or in the environment, see `.env.template`"),
            Self::File { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                format!("let this user read it: `chmod u+r {path}`")
            }
            Self::File { path, .. } => format!("create `{path}`, or name another source in `config/`"),
            Self::NoHome { .. } => "name the file by its absolute path".to_owned(),
            Self::Start { program, .. } => format!("install `{program}`, or name it by its absolute path in `config/`"),
            Self::Failed { program, .. } => {
                format!("run `{program}` yourself to see what it says; perhaps it wants you to sign in")
            }
            Self::TimedOut { program, .. } => {
                format!("run `{program}` yourself; it must not ask anything on its input")
            }
            Self::Content { .. } => "it must hold the secret and nothing else".to_owned(),
        }
    }
}

impl SecretSource {
    /// Reads the secret. It is registered with [`secrets`], which keeps it out of what we print.
    ///
    /// Blocks up to a minute if the source is a command.
    ///
    /// # Errors
    ///
    /// [`SecretError`], for each source as its variants say.
    pub fn resolve(&self, variables: &Variables) -> Result<SecretString, SecretError> {
        let text = match self {
            Self::Env { name } => {
                variables.get(name).ok_or_else(|| SecretError::NotSet { name: name.clone() })?.trim().to_owned()
            }
            Self::File { path } => {
                let bytes = read_file(path, variables)?;
                text(bytes, || format!("secret file `{path}`"))?
            }
            Self::Command { argv } => {
                let bytes = command::run(argv, variables, COMMAND_TIMEOUT)?;
                text(bytes, || format!("output of `{}`", command::program(argv)))?
            }
        };
        secrets().remember_text(&text);
        Ok(SecretString::from(text))
    }

    /// Whether anything is there to be read: `false` for a variable that is not set.
    pub fn is_set(&self, variables: &Variables) -> bool {
        match self {
            Self::Env { name } => variables.get(name).is_some(),
            Self::File { .. } | Self::Command { .. } => true,
        }
    }
}

/// Names the source, never the secret: `env PROD_DATABASE_URL`, `file /run/secrets/url`, `command op`. Arguments are left
/// out, they may hold a token.
impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env { name } => write!(f, "env {name}"),
            Self::File { path } => write!(f, "file {path}"),
            Self::Command { argv } => write!(f, "command {}", command::program(argv)),
        }
    }
}

fn read_file(path: &Utf8PathBuf, variables: &Variables) -> Result<Vec<u8>, SecretError> {
    use io::Read;
    let full = match path.strip_prefix("~") {
        Err(_) => path.clone(),
        Ok(rest) => {
            let home = variables.get("HOME").ok_or_else(|| SecretError::NoHome { path: path.clone() })?;
            Utf8PathBuf::from(home).join(rest)
        }
    };
    let mut bytes = Vec::new();
    std::fs::File::open(&full)
        .and_then(|file| file.take(MAX_LENGTH + 1).read_to_end(&mut bytes))
        .map_err(|source| SecretError::File { path: full, source })?;
    Ok(bytes)
}

/// `bytes` as text, without one line break at the end.
fn text(bytes: Vec<u8>, origin: impl Fn() -> String) -> Result<String, SecretError> {
    let fault = |fault| SecretError::Content { origin: origin(), fault };
    if bytes.len() as u64 > MAX_LENGTH {
        return Err(fault("has more than 64 KiB"));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| fault("has something that is not UTF-8"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.trim().is_empty() { Err(fault("has nothing")) } else { Ok(text) }
}
