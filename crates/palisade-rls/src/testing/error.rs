//! Why tests cannot be read.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_db::DbError;
use palisade_sql::{Excerpt, IdentError, LiteralError};

/// Why the tests of a project cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// A file could not be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// The file, or the directory.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Something in a file is wrong.
    #[error("{path}:{}: {problem}\n{excerpt}", excerpt.at)]
    Content {
        /// The file.
        path: Utf8PathBuf,
        /// Where.
        excerpt: Box<Excerpt>,
        /// What.
        problem: TestProblem,
    },
    /// The database could not be asked which tables it has.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestProblem {
    /// It is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// There is no such field.
    #[error("a {of} has no `{field}`{}", did_you_mean(similar.as_ref()))]
    UnknownField {
        /// Of what.
        of: &'static str,
        /// What was written.
        field: String,
        /// What may have been meant.
        similar: Option<String>,
    },
    /// There is no such persona.
    #[error("there is no persona `{name}`{}", did_you_mean(similar.as_ref()))]
    UnknownPersona {
        /// What was written.
        name: String,
        /// Who may have been meant.
        similar: Option<String>,
    },
    /// There is no such table.
    #[error("there is no table or view `{name}`{}", did_you_mean(similar.as_ref()))]
    UnknownTable {
        /// What was written.
        name: String,
        /// Which may have been meant.
        similar: Option<String>,
    },
    /// There is no such command.
    #[error("nobody can `{name}`{}", did_you_mean(similar.as_ref()))]
    UnknownVerb {
        /// What was written.
        name: String,
        /// What may have been meant.
        similar: Option<String>,
    },
    /// A field that every test needs.
    #[error("the test has no `{0}`")]
    Missing(&'static str),
    /// A field that goes with other commands.
    #[error("`{field}` says nothing about {verb}")]
    Pointless {
        /// Which.
        field: &'static str,
        /// The command.
        verb: &'static str,
    },
    /// Two fields that exclude each other.
    #[error("`{0}` and `{1}` exclude each other")]
    Both(&'static str, &'static str),
    /// Another type is needed.
    #[error("`{field}` is to be {expected}")]
    Type {
        /// Where.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Nothing can have such a name.
    #[error("it cannot be a name: {0}")]
    Name(#[from] IdentError),
    /// A text that cannot be sent.
    #[error("{0}")]
    Text(#[from] LiteralError),
}

fn did_you_mean(similar: Option<&String>) -> String {
    similar.map_or_else(String::new, |it| format!("; did you mean `{it}`?"))
}

/// The most similar of some names, if one is similar at all.
pub(super) fn similar<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>,
) -> Option<String> {
    let scored = known.into_iter().map(|it| (strsim::jaro_winkler(name, it.as_ref()), it.as_ref()));
    let best = scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, it)| it.to_owned())
}

impl TestError {
    pub(super) fn content(path: &Utf8Path, excerpt: Excerpt, problem: TestProblem) -> Self {
        Self::Content { path: path.to_owned(), excerpt: Box::new(excerpt), problem }
    }

    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Read { path, .. } => Some(format!("make `{path}` readable for the user who runs this command")),
            Self::Database(error) => error.help(),
            Self::Content { problem, .. } => Some(
                match problem {
                    TestProblem::UnknownPersona { .. } => "personas are the tables of `rls/personas.toml`",
                    TestProblem::UnknownTable { .. } => "names are written as in SQL: `schema.table`",
                    TestProblem::UnknownVerb { .. } => "`can` and `cannot` take `select`, `insert`, `update`, `delete`",
                    TestProblem::Missing("set") => "for example `set = { title = \"another\" }`",
                    TestProblem::Missing("values") => {
                        "`values = { column = \"x\" }`, or `row = \"(column) values ('x')\"`"
                    }
                    _ => "docs/rls-tests.md has all fields with examples",
                }
                .to_owned(),
            ),
        }
    }
}
