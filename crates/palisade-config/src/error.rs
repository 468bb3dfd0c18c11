//! Why a configuration cannot be used.

use std::io;

use camino::Utf8PathBuf;

use crate::dotenv::DotEnvFault;
use crate::keys::{Form, Key};
use crate::{Dispute, EnvironmentName, ExpectError, NameError, SecretError, UrlError};

/// Why a configuration cannot be used. No variant holds a value that could be a secret: files and variables are named
/// by place and key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no project at `start` or above.
    #[error("no project at `{start}` or above: there is no `config/default.toml`")]
    NoProject {
        /// Where the search began.
        start: Utf8PathBuf,
    },
    /// A file or directory cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file in `config/` has a name that no environment can have.
    #[error("`{path}` does not have the name of an environment")]
    FileName {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: NameError,
    },
    /// There is no such environment.
    #[error("environment `{name}` does not exist")]
    UnknownEnvironment {
        /// What was asked for, if it can be shown.
        name: String,
        /// Those that exist.
        known: Vec<EnvironmentName>,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// A line of a `.env` file cannot be read.
    #[error("{path}:{line} {fault}")]
    DotEnv {
        /// The file, relative to the project.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        fault: DotEnvFault,
    },
    /// A file is not TOML.
    #[error("{path}:{line}:{column} is not TOML: {message}")]
    Syntax {
        /// The file, relative to the project.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says, without the text it stumbled over.
        message: String,
    },
    /// A key that means nothing.
    #[error("{path}:{line} has an unknown key `{key}`")]
    UnknownKey {
        /// The file, relative to the project.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key with its table, `gates.bakcup`; `…` if it does not look like a key.
        key: String,
        /// The key that was probably meant.
        suggestion: Option<&'static str>,
        /// The keys that exist at this place.
        known: Vec<&'static str>,
    },
    /// A value of the wrong form.
    #[error("`{key}` in {place} is not {expected}")]
    Value {
        /// `config/prod.toml:3`, or the variable.
        place: String,
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// Something that is or looks like a secret stands in a file under version control.
    #[error("{path}:{line} has a secret in it (`{key}`)")]
    SecretInFile {
        /// The file, relative to the project.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
    },
    /// `config/default.toml` sets what belongs to one environment.
    #[error("{path}:{line} sets `{key}`, which each environment says for itself")]
    NotShared {
        /// The file, relative to the project.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: &'static str,
    },
    /// A variable wants to change what only a file may change.
    #[error("variable `{variable}` cannot set `{key}`")]
    NotAVariable {
        /// The variable.
        variable: String,
        /// The key.
        key: &'static str,
    },
    /// A flag has a value that the setting cannot have.
    #[error("`{flag}` is not {expected}")]
    Flag {
        /// The flag.
        flag: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The layers cannot be merged. A defect of ours: every layer was checked.
    #[error("the layers of the configuration do not fit together at `{key}`")]
    Merge {
        /// The key.
        key: String,
    },
    /// Two environments resolve to one database.
    #[error("{first} and {second} lead to the same database, `{identity}`")]
    SameDatabase {
        /// The database, without user and password.
        identity: String,
        /// One environment.
        first: Box<Dispute>,
        /// The other.
        second: Box<Dispute>,
    },
    /// `url` and `direct-url` lead to different Supabase projects.
    #[error(
        "`url` and `direct-url` of environment `{environment}` lead to different Supabase projects, {first} and {second}"
    )]
    TwoProjects {
        /// The environment.
        environment: EnvironmentName,
        /// Project of one.
        first: String,
        /// Project of the other.
        second: String,
    },
    /// An environment has no database.
    #[error("environment `{environment}` has no database: neither `{url}` nor `{direct_url}` is set")]
    NoUrl {
        /// The environment.
        environment: EnvironmentName,
        /// The variable its `url` would be in.
        url: String,
        /// The variable its `direct-url` would be in.
        direct_url: String,
    },
    /// A secret cannot be read.
    #[error("`{key}` of environment `{environment}` cannot be read")]
    Secret {
        /// The environment.
        environment: EnvironmentName,
        /// The key.
        key: &'static str,
        /// Why.
        source: Box<SecretError>,
    },
    /// What should be the URL of a database is none.
    #[error("`{key}` of environment `{environment}` ({place}) is not the URL of a database")]
    Url {
        /// The environment.
        environment: EnvironmentName,
        /// The key.
        key: &'static str,
        /// Where it is, `env PROD_DATABASE_URL, .env:3`.
        place: String,
        /// What is wrong with it.
        source: UrlError,
    },
    /// The URL leads to another database than the environment is pinned to.
    #[error("`{key}` of environment `{environment}` is not the database it must be")]
    Expect {
        /// The environment.
        environment: EnvironmentName,
        /// The key.
        key: &'static str,
        /// What differs.
        source: ExpectError,
    },
}

impl ConfigError {
    /// Whether `environment` is one of those that collide.
    pub fn concerns(&self, environment: &EnvironmentName) -> bool {
        match self {
            Self::SameDatabase { identity: _, first, second } => {
                [first, second].iter().any(|it| it.environment == *environment)
            }
            Self::TwoProjects { environment: it, .. } => it == environment,
            _ => false,
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoProject { .. } => "run this inside a project, or create `config/default.toml` (it may be empty)".to_owned(),
            Self::Read { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                format!("let this user read it: `chmod u+r {path}`")
            }
            Self::Read { .. } => "check that it exists and is what its name says".to_owned(),
            Self::FileName { path, .. } => {
                format!("rename `{path}`, or move it: every file `config/*.toml` is an environment")
            }
            Self::UnknownEnvironment { known, suggestion, .. } => unknown_environment(known, suggestion.as_deref()),
            Self::DotEnv { fault, .. } => fault.help().to_owned(),
            Self::Syntax { .. } => "see https://toml.io for the syntax".to_owned(),
            Self::UnknownKey { suggestion, known, .. } => {
                let known = known.join("`, `");
                let meant = suggestion.map_or_else(String::new, |it| format!("did you mean `{it}`? "));
                format!("{meant}known here: `{known}`")
            }
            Self::Flag { flag, .. } => format!("give `{flag}` another value, or leave it out"),
            Self::Value { place, key, .. } if !place.contains(".toml:") => {
                format!("correct or unset it; in a file it is `{key}`")
            }
            Self::Value { key, .. } => {
                let example = Key::find(key).map_or("…", |it| it.form.example());
                format!("for example `{key} = {example}`")
            }
            Self::SecretInFile { .. } => {
                "take it out, and change it if it was ever committed; a file in `config/` only says where a secret is: \
                 `url = { env = \"PROD_DATABASE_URL\" }`, `{ file = \"…\" }` or `{ command = [\"op\", \"read\", \"…\"] }`"
                    .to_owned()
            }
            Self::NotShared { key, .. } => format!("move `{key}` to the file of each environment, such as `config/prod.toml`"),
            Self::NotAVariable { variable, key } if Key::find(key).is_some_and(|it| it.form == Form::Secret) => {
                format!(
                    "unset `{variable}`; `{key}` comes from the source that the environment's file names, else from a \
                     variable with the environment's name, such as `PROD_DATABASE_URL`"
                )
            }
            Self::NotAVariable { variable, key } => {
                format!("unset `{variable}`; `{key}` is only taken from a file in `config/`, where a change is reviewed")
            }
            Self::Merge { .. } => "this is a defect, please report it".to_owned(),
            Self::SameDatabase { .. } => {
                "what is tried out in one would happen in the other: give each environment its own database, or remove one \
                 of the two URLs"
                    .to_owned()
            }
            Self::TwoProjects { .. } => "take both URLs from the same project's connection settings".to_owned(),
            Self::NoUrl { url, direct_url, .. } => {
                format!("set `{url}` or `{direct_url}`, in `.env` or in the environment; see `.env.template`")
            }
            Self::Secret { source, .. } => source.help(),
            Self::Url { source, .. } => source.help(),
            Self::Expect { source, .. } => source.help(),
        }
    }
}

fn unknown_environment(known: &[EnvironmentName], suggestion: Option<&str>) -> String {
    let names: Vec<_> = known.iter().map(|it| format!("`{it}`")).collect();
    let known =
        if names.is_empty() { "there are none yet".to_owned() } else { format!("known are {}", names.join(", ")) };
    match suggestion {
        Some(name) => format!("did you mean `{name}`? {known}"),
        None => format!("{known}; a new one begins with a file `config/NAME.toml`"),
    }
}
