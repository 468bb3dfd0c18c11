//! Merging the layers.

use crate::{ConfigError, Environment, EnvironmentName, Overrides, Project, Variables};

/// Loads environment `name` of `project`.
///
/// # Errors
///
/// [`ConfigError`], as its variants say.
pub fn load(
    project: &Project,
    name: &EnvironmentName,
    variables: &Variables,
    flags: &Overrides,
) -> Result<Environment, ConfigError> {
    let _ = (variables, flags);
    project.environment(name.as_str())?;
    todo!()
}
