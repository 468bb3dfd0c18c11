//! Why a migration is not proven.

use palisade_catalog::Difference;
use palisade_db::{DbError, SqlFailure};
use palisade_diff::{DiffError, Script};
use palisade_embedded::DumpError;
use palisade_sql::DumpDifference;

use crate::workbench::MakeError;

/// How many differences are shown.
const SHOWN: usize = 12;

/// Why a migration is not proven.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// There is no copy to try it on.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// The copy could not be asked.
    #[error("the copy could not be read: {0}")]
    Read(DbError),
    /// It fails.
    #[error("the migration fails on a copy of what those before it make: {failure}")]
    Apply {
        /// What the server said, and where.
        failure: Box<SqlFailure>,
    },
    /// It leads somewhere else.
    #[error("after the migration the copy is not what the schema says:\n{}", listed(differences))]
    Differs {
        /// From the copy to the schema.
        differences: Vec<Difference>,
    },
    /// Nothing differs, and something is to be done all the same.
    #[error("after the migration there still is something to do:\n{script}")]
    NotSettled {
        /// What.
        script: Box<Script>,
    },
    /// Another observer sees a difference.
    #[error(
        "after the migration `pg_dump` writes something else of the copy (-) than of the schema (+):\n{}",
        listed(differences)
    )]
    DumpDiffers {
        /// What.
        differences: Vec<DumpDifference>,
    },
    /// Something happens to rows that no statement has announced.
    #[error("{what}, and no statement of the migration says so")]
    Undeclared {
        /// What.
        what: String,
    },
    /// It fails where the policies of `rls/` are in place.
    #[error("where the policies of `rls/` are in place the migration fails: {failure}")]
    InTheWay {
        /// What the server said, and where.
        failure: Box<SqlFailure>,
    },
    /// The way back fails.
    #[error("the file that takes the migration back fails: {failure}")]
    Back {
        /// What the server said, and where.
        failure: Box<SqlFailure>,
    },
    /// The way back leads somewhere else.
    #[error("the file that takes the migration back does not lead back:\n{}", listed(differences))]
    BackDiffers {
        /// From the copy to what was there before.
        differences: Vec<Difference>,
    },
    /// `pg_dump` did not answer.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// The second comparison has no result.
    #[error("{0}")]
    Diff(DiffError),
}

impl ProofError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Make(error) => error.help(),
            Self::Read(error) => error.help(),
            Self::Apply { failure } | Self::Back { failure } => failure.help(),
            Self::InTheWay { .. } => Some(
                "write it by hand (`cargo xtask db-generate --custom NAME`) with `drop policy if exists … on …` above what `cargo \
                 xtask db-diff --from migrations --to schema` prints: `rls/` brings the policy back in the same push. Prove it \
                 with `cargo xtask db-generate --verify FILE`"
                    .to_owned(),
            ),
            Self::Dump(error) => Some(error.help()),
            Self::Diff(error) => Some(error.help()),
            Self::Differs { .. }
            | Self::NotSettled { .. }
            | Self::DumpDiffers { .. }
            | Self::Undeclared { .. }
            | Self::BackDiffers { .. } => None,
        }
    }
}

fn listed<T: ToString>(all: &[T]) -> String {
    let mut shown: Vec<String> = all.iter().take(SHOWN).map(ToString::to_string).collect();
    if all.len() > SHOWN {
        shown.push(format!("and {} more", all.len() - SHOWN));
    }
    shown.join("\n")
}
