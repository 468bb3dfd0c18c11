//! The databases that a backup may be put into.

use palisade_config::{DatabaseIdentity, DatabaseUrl, Environment, EnvironmentName};
use palisade_db::ConnectSettings;

/// A database that a backup may be put into. The constructors are the only way to one: none of them gives a protected
/// database, so that [`restore`](crate::restore()) cannot be called for one.
#[derive(Debug, Clone)]
pub struct RestoreTarget {
    settings: ConnectSettings,
}

/// Why a database cannot be a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The environment is protected.
    #[error("`{environment}` is protected: a backup is never restored onto it")]
    Protected {
        /// Which.
        environment: EnvironmentName,
    },
}

impl TargetError {
    /// What to do next.
    pub fn help(&self) -> String {
        "restore into a new database, look at it there, and bring back what is needed with a migration".to_owned()
    }
}

impl RestoreTarget {
    /// The database of an environment.
    ///
    /// # Errors
    ///
    /// [`TargetError::Protected`].
    pub fn environment(environment: &Environment, url: DatabaseUrl) -> Result<Self, TargetError> {
        if environment.protected {
            return Err(TargetError::Protected { environment: environment.name.clone() });
        }
        Ok(Self { settings: ConnectSettings::for_environment(environment, url) })
    }

    /// The database of a URL, unless it is one of the `protected` ones under whatever address.
    ///
    /// # Errors
    ///
    /// [`TargetError::Protected`].
    pub fn url(
        settings: ConnectSettings,
        protected: &[(EnvironmentName, DatabaseIdentity)],
    ) -> Result<Self, TargetError> {
        let identity = settings.url.identity();
        match protected.iter().find(|(_, it)| *it == identity) {
            Some((environment, _)) => Err(TargetError::Protected { environment: environment.clone() }),
            None => Ok(Self { settings }),
        }
    }

    /// How to reach it.
    pub fn settings(&self) -> &ConnectSettings {
        &self.settings
    }
}
