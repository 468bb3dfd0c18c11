//! Targets, steps and plans.

use std::collections::BTreeSet;
use std::fmt;

use palisade_catalog::Fingerprint;

use crate::declared::{Declared, Foreseen};
use crate::gate::Gate;
use crate::hazard::Hazard;
use crate::restore::RestoreStep;

/// One database, as its server identifies it, whatever address led there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct TargetIdentity {
    /// The cluster's [system identifier](https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-CONTROL-SYSTEM),
    /// if the server tells us.
    pub system: Option<String>,
    /// The database's name.
    pub database: String,
    /// The database's object id.
    pub database_oid: u32,
}

impl fmt::Display for TargetIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = self.system.as_deref().unwrap_or("unknown");
        write!(f, "database {} (oid {}) of cluster {system}", self.database, self.database_oid)
    }
}

/// The database that a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Target {
    /// The environment that resolved to it.
    pub environment: String,
    /// Whether only the gate may change it.
    pub protected: bool,
    /// Which database it is.
    pub identity: TargetIdentity,
    /// The protected environments whose database this is by its own account: the guarded push writes that down. No part of
    /// what is approved.
    #[serde(skip)]
    pub protected_by: Vec<String>,
}

/// A target that anybody may write to; resetting, seeding and restoring ask for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnprotectedTarget(Target);

impl UnprotectedTarget {
    /// The target.
    pub fn target(&self) -> &Target {
        &self.0
    }
}

/// A protected target where only an unprotected one will do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtectedError {
    /// The environment is protected.
    #[error("`{environment}` is protected: {action} is never done there")]
    Environment {
        /// The environment.
        environment: String,
        /// What was asked for.
        action: &'static str,
    },
    /// The environment is not, but its database belongs to one that is.
    #[error(transparent)]
    Database(OtherEnvironment),
}

/// A database that belongs to a protected environment, reached as another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{environment}` leads to the database of `{protected}`, which is protected: {how}")]
pub struct OtherEnvironment {
    /// The environment that led there, or `--to` for a URL.
    pub environment: String,
    /// The environment whose database it is.
    pub protected: String,
    /// How we know.
    pub how: &'static str,
}

impl ProtectedError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Environment { .. } => {
                "use another environment; a protected one is changed only by `db-push`, through its gates".to_owned()
            }
            Self::Database(error) => error.help(),
        }
    }
}

impl OtherEnvironment {
    /// The database itself says so.
    pub const WRITTEN: &'static str = "the push through its gates has written that into the database";
    /// Both were asked at the same moment.
    pub const ASKED: &'static str = "the same server answers for both";

    /// The database itself says so, and does not tell this role more.
    pub const UNREADABLE: &'static str = "it has a table `palisade.protection`, which this role may not read";

    /// What to do next.
    pub fn help(&self) -> String {
        let Self { environment, protected, how } = self;
        if *how == Self::UNREADABLE {
            return "let the role read whose database this is: `grant usage on schema palisade`, \
                    `grant select on palisade.protection`"
                .to_owned();
        }
        let change = format!("correct the URL; `{protected}` is changed only by `db-push --env {protected}`");
        if *how == Self::WRITTEN && environment != "--to" {
            return format!(
                "{change}. If this is not the database of `{protected}` any more: \
                 `cargo xtask db-repair --unprotect {protected} --env {environment}`"
            );
        }
        change
    }
}

impl Target {
    /// Proof that nothing protects this target. `action` names what is asked for, for the message.
    ///
    /// # Errors
    ///
    /// [`ProtectedError`] if it is protected, or says that it belongs to a protected environment.
    pub fn unprotected(self, action: &'static str) -> Result<UnprotectedTarget, ProtectedError> {
        if self.protected {
            return Err(ProtectedError::Environment { environment: self.environment, action });
        }
        self.check_belongs().map_err(ProtectedError::Database)?;
        Ok(UnprotectedTarget(self))
    }

    /// Whether the database says of itself that it belongs to this environment or to no protected one. Its own environment
    /// is free to write to it: it is protected, or its file, which is reviewed, says that it is not any more.
    ///
    /// # Errors
    ///
    /// [`OtherEnvironment`] if it belongs to another one, which is protected.
    pub fn check_belongs(&self) -> Result<(), OtherEnvironment> {
        let Self { environment, protected, identity: _, protected_by } = self;
        match protected_by.iter().find(|it| *it != environment) {
            Some(other) if !protected => Err(OtherEnvironment {
                environment: environment.clone(),
                protected: other.clone(),
                how: if other == "?" { OtherEnvironment::UNREADABLE } else { OtherEnvironment::WRITTEN },
            }),
            _ => Ok(()),
        }
    }
}

/// What the target must look like for the plan to be right; checked again in the transaction that applies it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Expectation {
    /// The versions that were applied when the plan was made, in order.
    pub applied: Vec<i64>,
    /// The fingerprint of everything in the managed schemas; read for protected targets.
    pub catalog: Option<Fingerprint>,
}

/// One migration, whole: what is approved is the SQL itself, not a file name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MigrationStep {
    /// Its version.
    pub version: i64,
    /// The description from its file name.
    pub description: String,
    /// The file, relative to the project.
    pub file: String,
    /// SHA-384 of the file, 48 bytes.
    pub checksum: Vec<u8>,
    /// Whether it runs in one transaction.
    pub transactional: bool,
    /// The text of the file.
    pub sql: String,
    /// Takes the migration back instead of applying it.
    pub reverts: bool,
}

/// What the policy files make true of access.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowSecurityStep {
    /// The files, relative to the project.
    pub files: Vec<String>,
    /// SHA-256 over their names and texts.
    pub script: String,
    /// What they declare.
    pub declared: Declared,
    /// Whether policies go that are on the tables of the files and in none of them.
    pub prune: bool,
    /// The statements, where nothing else of the plan comes before them; else they follow from what is found then.
    pub foreseen: Option<Foreseen>,
    /// Where that was read. It is no part of what is done, so that the digest is the same on every machine.
    #[serde(skip)]
    pub read_on: ReadOn,
}

/// Where it was read what policy files declare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ReadOn {
    /// On a throwaway database with the schema of the target.
    #[default]
    Throwaway,
    /// On the target itself, in a transaction that was rolled back.
    Target {
        /// Why there was no throwaway one.
        because: String,
    },
}

/// A correction of the history, which touches no object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RepairStep {
    /// The migration.
    pub version: i64,
    /// What is true of it, as the flag of `db-repair` says it.
    pub action: String,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Apply or revert a migration.
    Migration(MigrationStep),
    /// Bring row security to what the files say.
    RowSecurity(RowSecurityStep),
    /// Correct the history.
    Repair(RepairStep),
    /// Put a backup back.
    Restore(RestoreStep),
}

impl Step {
    /// The dangers that the step's own SQL shows.
    pub fn hazards(&self) -> BTreeSet<Hazard> {
        match self {
            Self::Migration(it) => crate::hazard::hazards(&it.sql),
            // Nothing of access holds data.
            Self::RowSecurity(_) | Self::Repair(_) => BTreeSet::new(),
            Self::Restore(it) => it.hazards(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Migration(it) if it.reverts => write!(f, "revert {}", it.file),
            Self::Migration(it) if it.transactional => write!(f, "apply {}", it.file),
            Self::Migration(it) => write!(f, "apply {} (no transaction)", it.file),
            Self::RowSecurity(it) => {
                let files = if it.files.len() == 1 { "file" } else { "files" };
                write!(f, "row security from {} {files}", it.files.len())?;
                if it.read_on != ReadOn::Throwaway {
                    f.write_str(", read on the target itself")?;
                }
                match it.foreseen.as_ref().map(|it| it.statements.len()) {
                    None => f.write_str(", where it differs"),
                    Some(1) => f.write_str(": 1 statement"),
                    Some(count) => write!(f, ": {count} statements"),
                }
            }
            Self::Repair(it) => write!(f, "repair the history of {}: {}", it.version, it.action),
            Self::Restore(it) => it.fmt(f),
        }
    }
}

/// Steps for one target, in order, with what they rely on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Plan {
    /// Where.
    pub target: Target,
    /// On which state.
    pub expects: Expectation,
    /// What.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The migrations among the steps.
    pub fn migrations(&self) -> impl Iterator<Item = &MigrationStep> {
        self.steps.iter().filter_map(|it| match it {
            Step::Migration(migration) => Some(migration),
            Step::RowSecurity(_) | Step::Repair(_) | Step::Restore(_) => None,
        })
    }

    /// The row security among the steps; there is at most one.
    pub fn row_security(&self) -> Option<&RowSecurityStep> {
        self.steps.iter().find_map(|it| match it {
            Step::RowSecurity(row_security) => Some(row_security),
            Step::Migration(_) | Step::Repair(_) | Step::Restore(_) => None,
        })
    }

    /// The repair among the steps; there is at most one.
    pub fn repair(&self) -> Option<&RepairStep> {
        self.steps.iter().find_map(|it| match it {
            Step::Repair(repair) => Some(repair),
            Step::Migration(_) | Step::RowSecurity(_) | Step::Restore(_) => None,
        })
    }

    /// The restore among the steps; it is then the only one.
    pub fn restore(&self) -> Option<&RestoreStep> {
        self.steps.iter().find_map(|it| match it {
            Step::Restore(restore) => Some(restore),
            Step::Migration(_) | Step::RowSecurity(_) | Step::Repair(_) => None,
        })
    }

    /// The gates that have to be open, on a protected target.
    ///
    /// A repair needs none: it is what opens one that a wrong history keeps shut. A restore mends a database that is not what it should
    /// be, so that nothing is asked of that database but a backup of what is left.
    pub fn gates(&self) -> &'static [Gate] {
        if self.restore().is_some() {
            &[Gate::Backup]
        } else if self.steps.iter().any(|it| !matches!(it, Step::Repair(_))) {
            &Gate::ALL
        } else {
            &[]
        }
    }

    /// The dangers of all steps.
    pub fn hazards(&self) -> BTreeSet<Hazard> {
        self.steps.iter().flat_map(Step::hazards).collect()
    }
}
