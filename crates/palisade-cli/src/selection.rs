//! The environment that a command works on.

use palisade_config::{Environment, Project, Variables};

/// The environment that a command works on, with what its settings are read from.
#[derive(Debug)]
pub struct Selection {
    /// The project it belongs to.
    pub project: Project,
    /// Its settings.
    pub environment: Environment,
    /// Where its secrets may be.
    pub variables: Variables,
}
