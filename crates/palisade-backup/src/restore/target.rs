//! The databases that a backup may be put into.

use palisade_config::{DatabaseIdentity, DatabaseUrl, Environment, EnvironmentName};
use palisade_db::ConnectSettings;
use palisade_plan::TargetIdentity;

use crate::manifest::Manifest;

/// A database that a backup may be put into. The constructors are the only way to one: none of them gives a protected
/// database, so that [`restore`](crate::restore()) cannot be called for one.
#[derive(Debug, Clone)]
pub struct RestoreTarget {
    settings: ConnectSettings,
    /// Environments whose databases are none.
    protected: Vec<EnvironmentName>,
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
    /// The database of an environment, unless that is protected. `protected` are the environments that are: a backup of
    /// one of them never goes back to where it came from.
    ///
    /// # Errors
    ///
    /// [`TargetError::Protected`].
    pub fn environment(
        environment: &Environment,
        url: DatabaseUrl,
        protected: Vec<EnvironmentName>,
    ) -> Result<Self, TargetError> {
        if environment.protected {
            return Err(TargetError::Protected { environment: environment.name.clone() });
        }
        Ok(Self { settings: ConnectSettings::for_environment(environment, url), protected })
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
            None => Ok(Self { settings, protected: protected.iter().map(|(name, _)| name.clone()).collect() }),
        }
    }

    /// Refuses to put the backup of a protected environment back where it came from: an address can hide that, what the
    /// server says of itself cannot.
    pub(crate) fn check(&self, backup: &Manifest, found: &TargetIdentity) -> Result<(), TargetError> {
        let environment = backup.name.environment();
        if backup.source.is(found) && self.protected.contains(environment) {
            return Err(TargetError::Protected { environment: environment.clone() });
        }
        Ok(())
    }

    /// How to reach it.
    pub fn settings(&self) -> &ConnectSettings {
        &self.settings
    }
}
