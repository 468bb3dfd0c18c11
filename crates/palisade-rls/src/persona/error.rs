//! Why personas cannot be read.

use std::io;

use camino::Utf8PathBuf;
use palisade_sql::{Excerpt, IdentError};

/// Why the file of personas cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PersonaError {
    /// The file could not be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Something in it is wrong.
    #[error("{path}:{}: {problem}\n{excerpt}", excerpt.at)]
    Content {
        /// The file.
        path: Utf8PathBuf,
        /// Where.
        excerpt: Excerpt,
        /// What.
        problem: PersonaProblem,
    },
}

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonaProblem {
    /// It is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// Something else than a table stands beside the personas.
    #[error("`{0}` is no persona: a persona is a table")]
    NoTable(String),
    /// A persona has only `role` and `claims`.
    #[error("a persona has no `{0}`")]
    UnknownField(String),
    /// It does not say as which role.
    #[error("the persona `{0}` has no `role`")]
    NoRole(String),
    /// Another type is needed.
    #[error("`{field}` is to be {expected}")]
    Type {
        /// Where.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// No role has such a name.
    #[error("it cannot be a role: {0}")]
    Role(IdentError),
    /// `$uuid(NAME)` speaks of nobody.
    #[error("there is no persona `{0}`")]
    UnknownPersona(String),
    /// A claim that JSON has no word for.
    #[error("a claim cannot be {0}")]
    Claim(&'static str),
}

impl PersonaError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Read { path, .. } => format!("make `{path}` readable for the user who runs this command"),
            Self::Content { problem, .. } => match problem {
                PersonaProblem::UnknownPersona(_) => {
                    "name a persona of the same file, or give it a table of its own".to_owned()
                }
                _ => "a persona is a table with its role and its claims: `[alice]`, `role = \"authenticated\"`, \
                      `claims = { sub = \"$uuid\" }`"
                    .to_owned(),
            },
        }
    }
}
