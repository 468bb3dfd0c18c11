//! Files against history: pure, and always whole before anything is applied.

use std::collections::BTreeMap;

use crate::history::{AppliedMigration, Attempt, AttemptState, History};
use crate::migration::{Migration, Version};

/// How one migration stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// In the history, and its file is what was applied.
    Applied {
        /// When, in UTC.
        installed_on: String,
    },
    /// To be applied, behind everything that is.
    Pending,
    /// To be applied, and something later is already there.
    OutOfOrder {
        /// The latest version that is applied.
        latest: Version,
    },
    /// In the history, and the file says something else now.
    Edited {
        /// When it was applied, in UTC.
        installed_on: String,
    },
    /// In the history, and there is no file.
    Missing {
        /// When it was applied, in UTC.
        installed_on: String,
    },
    /// Tried, and not applied: with an error, or because the run was killed.
    Failed {
        /// The last try.
        attempt: Attempt,
    },
    /// Marked as not successful by another tool.
    Dirty,
}

impl State {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Pending => "pending",
            Self::OutOfOrder { .. } => "out of order",
            Self::Edited { .. } => "edited",
            Self::Missing { .. } => "missing",
            Self::Failed { .. } => "failed",
            Self::Dirty => "dirty",
        }
    }
}

/// One migration and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its version.
    pub version: Version,
    /// What it does.
    pub description: String,
    /// Its file, if there is one.
    pub file: Option<String>,
    /// How it stands.
    #[serde(flatten)]
    pub state: State,
}

/// Whether a migration may be applied behind later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfOrder {
    /// No: what ran in which order must be the same everywhere.
    Refuse,
    /// Yes, somebody has looked at it.
    Allow,
}

/// All migrations, on disk or in the history, in order of version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation<'a> {
    /// One entry per version.
    pub entries: Vec<Entry>,
    pending: Vec<&'a Migration>,
}

/// Why the migrations on disk and the history in the database disagree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriftError {
    /// A file changed after it was applied.
    #[error("`{file}` was edited after it was applied on {installed_on} UTC")]
    Edited {
        /// The file.
        file: String,
        /// Its version.
        version: Version,
        /// When it was applied.
        installed_on: String,
    },
    /// The history knows a migration that the files do not.
    #[error("migration {version} ({description}) was applied on {installed_on} UTC and has no file")]
    Missing {
        /// Its version.
        version: Version,
        /// What it was called.
        description: String,
        /// When it was applied.
        installed_on: String,
    },
    /// A file that would run behind later ones.
    #[error("`{file}` is not applied, and {latest}, which is later, is")]
    OutOfOrder {
        /// The file.
        file: String,
        /// The latest version that is applied.
        latest: Version,
    },
    /// Another tool left a migration half done.
    #[error("migration {version} ({description}) is marked as not successful in the history")]
    Dirty {
        /// Its version.
        version: Version,
        /// What it was called.
        description: String,
    },
}

impl DriftError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Edited { file, version, .. } => format!(
                "run `git restore {file}` (or take it from the commit that was applied) and put the change in a new migration; \
                 if only its text changed and not its meaning: `cargo xtask db-repair {version} --accept-edit`"
            ),
            Self::Missing { version, .. } => format!(
                "get the file from the branch that has it (`git log --all -- 'migrations/{version}_*'`); if it is gone on \
                 purpose and its effect too: `cargo xtask db-repair {version} --forget`"
            ),
            Self::OutOfOrder { .. } => {
                "give the file a later version if it is applied nowhere else, or pass `--allow-out-of-order` if it does \
                 not depend on the order"
                    .to_owned()
            }
            Self::Dirty { version, .. } => format!(
                "look what of it is in the database, then `cargo xtask db-repair {version} --forget` to try it again or \
                 `--accept` to keep it as applied"
            ),
        }
    }
}

/// Compares all files with all rows. Nothing is left out because of something before it.
pub fn reconcile<'a>(migrations: &'a [Migration], history: &History) -> Reconciliation<'a> {
    let applied: BTreeMap<Version, &AppliedMigration> = history.applied.iter().map(|it| (it.version, it)).collect();
    let latest = applied.keys().next_back().copied();
    let mut entries: BTreeMap<Version, Entry> = BTreeMap::new();
    let mut pending = Vec::new();
    for migration in migrations {
        let state = if let Some(row) = applied.get(&migration.version) {
            applied_state(migration, row)
        } else {
            pending.push(migration);
            pending_state(migration.version, latest, history)
        };
        let entry = Entry {
            version: migration.version,
            description: migration.description.clone(),
            file: Some(migration.up.file.clone()),
            state,
        };
        entries.insert(migration.version, entry);
    }
    for (version, row) in applied {
        entries.entry(version).or_insert_with(|| Entry {
            version,
            description: row.description.clone(),
            file: None,
            state: State::Missing { installed_on: row.installed_on.clone() },
        });
    }
    Reconciliation { entries: entries.into_values().collect(), pending }
}

fn applied_state(migration: &Migration, row: &AppliedMigration) -> State {
    let installed_on = row.installed_on.clone();
    if !row.success {
        State::Dirty
    } else if row.checksum == migration.up.checksum() {
        State::Applied { installed_on }
    } else {
        State::Edited { installed_on }
    }
}

fn pending_state(version: Version, latest: Option<Version>, history: &History) -> State {
    match (history.attempt(version), latest) {
        // A try that is done and in no history was taken back since.
        (Some(attempt), _) if attempt.state != AttemptState::Done => State::Failed { attempt: attempt.clone() },
        (_, Some(latest)) if version < latest => State::OutOfOrder { latest },
        _ => State::Pending,
    }
}

impl<'a> Reconciliation<'a> {
    /// The migrations to apply, in order.
    ///
    /// # Errors
    ///
    /// The first [`DriftError`] in order of version, anywhere in the history.
    pub fn pending(&self, out_of_order: OutOfOrder) -> Result<&[&'a Migration], DriftError> {
        match self.drift(out_of_order).into_iter().next() {
            Some(error) => Err(error),
            None => Ok(&self.pending),
        }
    }

    /// The same where somebody has decided that disagreements do not matter.
    pub fn pending_regardless(&self) -> &[&'a Migration] {
        &self.pending
    }

    /// Every disagreement between files and history, in order of version.
    pub fn drift(&self, out_of_order: OutOfOrder) -> Vec<DriftError> {
        let latest = self.entries.iter().rfind(|it| !self.is_pending(it.version)).map(|it| it.version);
        self.entries.iter().filter_map(|it| drift(it, latest, out_of_order)).collect()
    }

    fn is_pending(&self, version: Version) -> bool {
        self.pending.binary_search_by_key(&version, |it| it.version).is_ok()
    }
}

fn drift(entry: &Entry, latest: Option<Version>, out_of_order: OutOfOrder) -> Option<DriftError> {
    let (version, description) = (entry.version, entry.description.clone());
    let file = entry.file.clone().unwrap_or_default();
    let late = latest.filter(|it| version < *it && out_of_order == OutOfOrder::Refuse);
    match &entry.state {
        State::Applied { .. } | State::Pending => None,
        State::Edited { installed_on } => {
            Some(DriftError::Edited { file, version, installed_on: installed_on.clone() })
        }
        State::Missing { installed_on } => {
            Some(DriftError::Missing { version, description, installed_on: installed_on.clone() })
        }
        // One that began in order may be finished, whatever went past it in the meantime.
        State::Failed { attempt } if attempt.units_done > 0 || attempt.under_way => None,
        State::Failed { .. } | State::OutOfOrder { .. } => late.map(|latest| DriftError::OutOfOrder { file, latest }),
        State::Dirty => Some(DriftError::Dirty { version, description }),
    }
}

#[cfg(test)]
mod tests {
    use super::{DriftError, OutOfOrder, reconcile};
    use crate::history::{AppliedMigration, History};
    use crate::migration::{Checksum, Migration, MigrationFile, Version};
    use proptest::prelude::*;

    fn file(version: i64, sql: &str) -> Migration {
        let up = MigrationFile { file: format!("migrations/{version}_x.sql"), sql: sql.to_owned() };
        Migration { version: Version(version), description: "x".to_owned(), up, down: None }
    }

    fn row(version: i64, sql: &str) -> AppliedMigration {
        AppliedMigration {
            version: Version(version),
            description: "x".to_owned(),
            checksum: Checksum::of(sql),
            success: true,
            installed_on: "2026-01-01 00:00:00".to_owned(),
        }
    }

    fn history(applied: Vec<AppliedMigration>) -> History {
        History { exists: true, applied, ..History::default() }
    }

    fn check(files: &[Migration], rows: Vec<AppliedMigration>, order: OutOfOrder) -> Result<Vec<i64>, DriftError> {
        let history = history(rows);
        let found = reconcile(files, &history);
        found.pending(order).map(|it| it.iter().map(|it| it.version.0).collect())
    }

    #[test]
    fn an_edit_is_found_before_anything_is_applied() {
        let files = [file(1, "a"), file(2, "b"), file(3, "changed")];
        let error = check(&files, vec![row(1, "a"), row(3, "c")], OutOfOrder::Allow).unwrap_err();
        assert!(matches!(error, DriftError::Edited { version: Version(3), .. }));
    }

    #[test]
    fn out_of_order_needs_a_word() {
        let files = [file(1, "a"), file(2, "b"), file(3, "c")];
        let rows = || vec![row(1, "a"), row(3, "c")];
        assert!(matches!(check(&files, rows(), OutOfOrder::Refuse), Err(DriftError::OutOfOrder { .. })));
        assert_eq!(check(&files, rows(), OutOfOrder::Allow), Ok(vec![2]));
    }

    #[test]
    fn a_row_without_file_is_drift() {
        assert!(matches!(check(&[], vec![row(1, "a")], OutOfOrder::Allow), Err(DriftError::Missing { .. })));
    }

    proptest! {
        /// Whatever the two sides hold: if nothing is wrong, applied and pending together are exactly the files.
        #[test]
        fn pending_completes_the_files(on_disk in proptest::collection::btree_set(1_i64..30, 0..20),
                                       in_history in proptest::collection::btree_set(1_i64..30, 0..20)) {
            let files: Vec<Migration> = on_disk.iter().map(|it| file(*it, "a")).collect();
            let rows: Vec<AppliedMigration> = in_history.iter().map(|it| row(*it, "a")).collect();
            match check(&files, rows, OutOfOrder::Refuse) {
                Ok(pending) => {
                    let mut all: Vec<i64> = in_history.iter().copied().chain(pending).collect();
                    all.sort_unstable();
                    prop_assert_eq!(all, on_disk.into_iter().collect::<Vec<_>>());
                }
                Err(DriftError::Missing { version, .. }) => prop_assert!(!on_disk.contains(&version.0)),
                Err(DriftError::OutOfOrder { latest, .. }) => prop_assert!(in_history.contains(&latest.0)),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
