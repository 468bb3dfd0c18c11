//! The databases that a backup may be put into.

use std::sync::Arc;

use palisade_config::{DatabaseIdentity, DatabaseUrl, Environment, EnvironmentName};
use palisade_db::{ConnectSettings, Facts};
use palisade_plan::{ApprovedPlan, RestoreStep, TargetIdentity};

use crate::manifest::Manifest;

/// A database that a backup may be put into. The constructors are the only way to one: to write to a protected one,
/// [`restore`](crate::restore()) takes an [`ApprovedPlan`], which only the gate makes.
#[derive(Debug, Clone)]
pub struct RestoreTarget {
    settings: ConnectSettings,
    /// The environment whose database it is, if it was not named by its URL.
    environment: Option<EnvironmentName>,
    /// Environments whose databases are none.
    protected: Vec<EnvironmentName>,
    permit: Permit,
}

/// What lets somebody write to it.
#[derive(Debug, Clone)]
enum Permit {
    /// Nothing protects it.
    NotNeeded,
    /// It is protected, and nobody was asked.
    Missing,
    /// This very restore was approved.
    Approved(Arc<ApprovedPlan>),
}

/// Why a database cannot be a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The database is that of a protected environment, which was not named.
    #[error("this is the database of `{environment}`, which is protected")]
    Protected {
        /// Which.
        environment: EnvironmentName,
    },
    /// The database says that it belongs to a protected environment.
    #[error(
        "this is the database of `{environment}`, which is protected: the push through its gates has written that into it"
    )]
    Belongs {
        /// Which.
        environment: String,
    },
    /// The environment is protected, and nobody has approved the restore.
    #[error("`{environment}` is protected, and nobody has approved that a backup is restored onto it")]
    NotApproved {
        /// Which.
        environment: EnvironmentName,
    },
    /// Something else was approved.
    #[error("what was approved for `{environment}` is another restore: {what} differs")]
    OtherApproved {
        /// Which.
        environment: String,
        /// In what.
        what: &'static str,
    },
}

impl TargetError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Protected { environment } => by_name(environment.as_str()),
            Self::Belongs { environment } => by_name(environment),
            Self::NotApproved { .. } | Self::OtherApproved { .. } => {
                "look at the plan of the restore again and approve that".to_owned()
            }
        }
    }
}

fn by_name(environment: &str) -> String {
    format!(
        "restore into a new database and look at it there; if it is to go back onto `{environment}`: \
         `cargo xtask backup restore ID --to {environment}`, which asks for the approval of its gate"
    )
}

/// Whether somebody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Look,
    Write,
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
        let name = Some(environment.name.clone());
        Ok(Self { settings, environment: name, protected, permit: Permit::NotNeeded })
    }

    /// The database of a protected environment. It may be looked at; [`approved`](Self::approved) lets it be written to.
    pub fn protected(environment: &Environment, url: DatabaseUrl) -> Self {
        let settings = ConnectSettings::for_environment(environment, url);
        let environment = Some(environment.name.clone());
        Self { settings, environment, protected: Vec::new(), permit: Permit::Missing }
    }

    /// The same, for exactly the restore that was approved: another backup, another way of restoring or another database is refused.
    #[must_use]
    pub fn approved(self, plan: ApprovedPlan) -> Self {
        Self { permit: Permit::Approved(Arc::new(plan)), ..self }
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
        Ok(Self { settings, environment: None, protected, permit: Permit::NotNeeded })
    }

    /// Another database of the same server, which was made a moment ago to take the place of this one.
    pub(super) fn beside(&self, database: &str) -> Self {
        let settings = ConnectSettings { url: self.settings.url.with_database(database), ..self.settings.clone() };
        Self { settings, permit: Permit::NotNeeded, ..self.clone() }
    }

    /// A database that was made a moment ago to be thrown away.
    pub(crate) fn scratch(settings: ConnectSettings) -> Self {
        Self { settings, environment: None, protected: Vec::new(), permit: Permit::NotNeeded }
    }

    /// Refuses a database that says it belongs to another environment, which is protected, and to put the backup of one back where it
    /// came from without an approval: an address can hide that, what the server says of itself cannot. Of an approval, refuses
    /// everything but what was approved, which `step` has to be.
    pub(super) fn check(
        &self,
        backup: &Manifest,
        step: &RestoreStep,
        found: &Facts,
        purpose: Purpose,
    ) -> Result<(), TargetError> {
        let own = self.environment.as_ref().map(EnvironmentName::as_str);
        if let Some(other) = found.protected_by.iter().find(|it| Some(it.as_str()) != own) {
            return Err(TargetError::Belongs { environment: other.clone() });
        }
        match (&self.permit, &self.environment) {
            (Permit::Missing, Some(environment)) if purpose == Purpose::Write => {
                Err(TargetError::NotApproved { environment: environment.clone() })
            }
            (Permit::Approved(plan), _) => check_approved(plan, step, found),
            (Permit::NotNeeded, _) => {
                let environment = backup.name.environment();
                if backup.source.is(&found.identity) && self.protected.contains(environment) {
                    return Err(TargetError::Protected { environment: environment.clone() });
                }
                Ok(())
            }
            (Permit::Missing, _) => Ok(()),
        }
    }

    /// The only database that what was approved may be done to.
    pub(super) fn only(&self) -> Option<&TargetIdentity> {
        match &self.permit {
            Permit::Approved(plan) => Some(&plan.plan().target.identity),
            Permit::NotNeeded | Permit::Missing => None,
        }
    }

    /// How to reach it.
    pub fn settings(&self) -> &ConnectSettings {
        &self.settings
    }
}

fn check_approved(approved: &ApprovedPlan, step: &RestoreStep, found: &Facts) -> Result<(), TargetError> {
    let plan = approved.plan();
    let other = |what| TargetError::OtherApproved { environment: plan.target.environment.clone(), what };
    if plan.target.identity != found.identity {
        return Err(other("the database"));
    }
    if plan.restore() != Some(step) {
        return Err(other("the backup, or the way in which it is restored,"));
    }
    Ok(())
}
