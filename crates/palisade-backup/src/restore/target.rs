//! The databases that a backup may be put into.

use palisade_config::{DatabaseIdentity, DatabaseUrl, Environment, EnvironmentName};
use palisade_db::{ConnectSettings, Facts};

use crate::manifest::Manifest;

/// A database that a backup may be put into. The constructors are the only way to one: none of them gives a protected
/// database, so that [`restore`](crate::restore()) cannot be called for one.
#[derive(Debug, Clone)]
pub struct RestoreTarget {
    settings: ConnectSettings,
    /// The environment whose database it is, if it was not named by its URL.
    environment: Option<EnvironmentName>,
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
    /// The database says that it belongs to a protected environment.
    #[error(
        "this is the database of `{environment}`, which is protected: the push through its gates has written that into it; \
         a backup is never restored onto it"
    )]
    Belongs {
        /// Which.
        environment: String,
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
        let settings = ConnectSettings::for_environment(environment, url);
        Ok(Self { settings, environment: Some(environment.name.clone()), protected })
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
        if let Some((environment, _)) = protected.iter().find(|(_, it)| *it == identity) {
            return Err(TargetError::Protected { environment: environment.clone() });
        }
        let protected = protected.iter().map(|(name, _)| name.clone()).collect();
        Ok(Self { settings, environment: None, protected })
    }

    /// Another database of the same server, which was made a moment ago to take the place of this one.
    pub(super) fn beside(&self, database: &str) -> Self {
        let settings = ConnectSettings { url: self.settings.url.with_database(database), ..self.settings.clone() };
        Self { settings, ..self.clone() }
    }

    /// A database that was made a moment ago to be thrown away.
    pub(crate) fn scratch(settings: ConnectSettings) -> Self {
        Self { settings, environment: None, protected: Vec::new() }
    }

    /// Refuses a database that says it belongs to a protected environment, and to put the backup of one back where it came from:
    /// an address can hide that, what the server says of itself cannot.
    pub(crate) fn check(&self, backup: &Manifest, found: &Facts) -> Result<(), TargetError> {
        let environment = backup.name.environment();
        if backup.source.is(&found.identity) && self.protected.contains(environment) {
            return Err(TargetError::Protected { environment: environment.clone() });
        }
        let own = self.environment.as_ref().map(EnvironmentName::as_str);
        if let Some(other) = found.protected_by.iter().find(|it| Some(it.as_str()) != own) {
            return Err(TargetError::Belongs { environment: other.clone() });
        }
        Ok(())
    }

    /// How to reach it.
    pub fn settings(&self) -> &ConnectSettings {
        &self.settings
    }
}
