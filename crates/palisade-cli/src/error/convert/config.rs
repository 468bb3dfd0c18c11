//! Configuration.

use crate::{CommandError, Exit};
use palisade_config::{ConfigError, NameError, SecretError, UrlError};

impl From<SecretError> for CommandError {
    fn from(error: SecretError) -> Self {
        Self::of("secret-unreadable", &error).help(error.help())
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        // Exit 2: the words on the command line are wrong. Exit 4: it could be done, and would do harm.
        let (code, exit) = match &error {
            ConfigError::NoProject { .. } => ("no-project", Exit::Usage),
            ConfigError::UnknownEnvironment { .. } => ("unknown-environment", Exit::Usage),
            ConfigError::Flag { .. } => ("bad-flag", Exit::Usage),
            ConfigError::SameDatabase { .. } => ("same-database", Exit::Refused),
            ConfigError::TwoProjects { .. } => ("two-projects", Exit::Refused),
            ConfigError::Expect { .. } => ("unexpected-database", Exit::Refused),
            ConfigError::SecretInFile { .. } => ("secret-in-file", Exit::Refused),
            ConfigError::NotAVariable { .. } => ("not-a-variable", Exit::Refused),
            ConfigError::NoUrl { .. } => ("no-url", Exit::Failed),
            ConfigError::Secret { .. } => ("secret-unreadable", Exit::Failed),
            ConfigError::Url { .. } => ("bad-url", Exit::Failed),
            ConfigError::Read { .. }
            | ConfigError::FileName { .. }
            | ConfigError::DotEnv { .. }
            | ConfigError::Syntax { .. }
            | ConfigError::UnknownKey { .. }
            | ConfigError::Value { .. }
            | ConfigError::NotShared { .. }
            | ConfigError::Merge { .. } => ("bad-config", Exit::Failed),
        };
        Self { exit, ..Self::of(code, &error) }.help(error.help())
    }
}

impl From<NameError> for CommandError {
    fn from(error: NameError) -> Self {
        Self { exit: Exit::Usage, ..Self::of("bad-name", &error) }
    }
}

impl From<UrlError> for CommandError {
    fn from(error: UrlError) -> Self {
        Self { exit: Exit::Usage, ..Self::of("bad-url", &error) }.help(error.help())
    }
}
