//! The name of an environment.

use std::fmt;
use std::str::FromStr;

/// The name of an environment: a file `config/<name>.toml`.
///
/// Lower-case ASCII letters, digits, `_` and `-`, beginning with a letter, at most 40 bytes: it becomes part of file
/// names and of variable names. `default` is not one, `config/default.toml` is the layer below all environments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(String);

/// Why a text is not the name of an environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It has a character, a length or a beginning that names do not have.
    #[error("`{name}` is not an environment name: lower-case letters, digits, `_` and `-`, beginning with a letter")]
    Malformed {
        /// What was given, if it can be shown.
        name: String,
    },
    /// `default` is the layer that all environments share.
    #[error("`default` is not an environment, `config/default.toml` holds what all environments share")]
    Default,
}

impl EnvironmentName {
    /// `dev`: the environment that falls back to the embedded server.
    pub fn dev() -> Self {
        Self("dev".to_owned())
    }

    /// Whether this is `dev`.
    pub fn is_dev(&self) -> bool {
        self.0 == "dev"
    }

    /// Whether an environment of this name is protected unless its file says otherwise.
    pub fn is_protected_by_default(&self) -> bool {
        matches!(self.0.as_str(), "prod" | "production")
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The variable that holds the application's URL unless the file names another source: `DATABASE_URL` for `dev`,
    /// else `<NAME>_DATABASE_URL`.
    pub fn url_variable(&self) -> String {
        self.variable("DATABASE_URL")
    }

    /// As [`Self::url_variable`], for the direct connection: `DIRECT_URL` or `<NAME>_DIRECT_URL`.
    pub fn direct_url_variable(&self) -> String {
        self.variable("DIRECT_URL")
    }

    fn variable(&self, suffix: &str) -> String {
        if self.is_dev() {
            return suffix.to_owned();
        }
        format!("{}_{suffix}", self.0.to_ascii_uppercase().replace('-', "_"))
    }
}

impl FromStr for EnvironmentName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "default" {
            return Err(NameError::Default);
        }
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
        let consists_well = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-');
        if starts_well && consists_well && name.len() <= 40 {
            Ok(Self(name.to_owned()))
        } else {
            Err(NameError::Malformed { name: presentable(name) })
        }
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for EnvironmentName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// `name` if it at least resembles a name: who pastes a URL in its place must not find the password in our answer.
pub(crate) fn presentable(name: &str) -> String {
    let resembles = name.chars().all(|c| c.is_alphanumeric() || "-_. ".contains(c)) && name.chars().count() <= 40;
    if resembles { name.to_owned() } else { "…".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_variables() {
        let staging: EnvironmentName = "eu-staging".parse().unwrap();
        assert_eq!(staging.url_variable(), "EU_STAGING_DATABASE_URL");
        assert_eq!(staging.direct_url_variable(), "EU_STAGING_DIRECT_URL");
        assert_eq!(EnvironmentName::dev().url_variable(), "DATABASE_URL");
    }

    #[test]
    fn only_prod_is_protected_by_default() {
        for (name, protected) in [("prod", true), ("production", true), ("dev", false), ("prod2", false)] {
            assert_eq!(name.parse::<EnvironmentName>().unwrap().is_protected_by_default(), protected, "{name}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for name in ["", "Prod", "1st", "-x", "a b", "a/b", "..", "ä", &"a".repeat(41)] {
            assert!(matches!(name.parse::<EnvironmentName>(), Err(NameError::Malformed { .. })), "{name}");
        }
        assert_eq!("default".parse::<EnvironmentName>(), Err(NameError::Default));
    }
}
