//! What came out.

use std::fmt;

/// What came out in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Catalog and dump are those of the other side, and there is nothing left to do.
    Converged,
    /// Catalog or dump are not those of the other side.
    Differs(String),
    /// They are, and yet a second script is not empty.
    SecondDiff(String),
    /// A statement was refused.
    ApplyError(String),
    /// There is no script.
    ToolError(String),
    /// There is no script, because Postgres has no way there.
    Refused(String),
    /// One of the sides cannot be loaded.
    NotLoadable(String),
}

/// What came out in one direction or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// From old to new.
    pub forwards: Verdict,
    /// From new to old, if that was tried.
    pub backwards: Option<Verdict>,
}

impl Verdict {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::Differs(_) => "differs",
            Self::SecondDiff(_) => "second_diff",
            Self::ApplyError(_) => "apply_error",
            Self::ToolError(_) => "tool_error",
            Self::Refused(_) => "refused",
            Self::NotLoadable(_) => "not_loadable",
        }
    }

    /// Why; nothing where all is well.
    pub fn reason(&self) -> &str {
        match self {
            Self::Converged => "",
            Self::Differs(it)
            | Self::SecondDiff(it)
            | Self::ApplyError(it)
            | Self::ToolError(it)
            | Self::Refused(it)
            | Self::NotLoadable(it) => it,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if *self == Self::Converged { Ok(()) } else { write!(f, ": {}", self.reason()) }
    }
}
