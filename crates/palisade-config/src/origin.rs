//! Where a value came from.

use std::fmt;

use camino::Utf8PathBuf;

/// Where a value came from, so that `doctor` and `env show` can say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing set it: the default of the program.
    BuiltIn,
    /// A file in `config/`.
    File {
        /// Relative to the project, `config/prod.toml`.
        path: Utf8PathBuf,
        /// Line of the key, from 1.
        line: usize,
    },
    /// A variable of the process.
    Process {
        /// Name of the variable.
        variable: String,
    },
    /// A variable in `.env` or `.env.<env>`.
    DotEnv {
        /// Relative to the project.
        path: Utf8PathBuf,
        /// Line of the variable, from 1.
        line: usize,
        /// Name of the variable.
        variable: String,
    },
    /// A flag of the command.
    Flag {
        /// With its dashes, `--lock-timeout`.
        name: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Process { variable } => write!(f, "variable {variable}"),
            Self::DotEnv { path, line, variable } => write!(f, "variable {variable} in {path}:{line}"),
            Self::Flag { name } => f.write_str(name),
        }
    }
}
