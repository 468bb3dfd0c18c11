//! What a plan is made from.

use palisade_config::Environment;
use palisade_embedded::EmbeddedSettings;
use palisade_migrator::{HistoryTables, Migration, OutOfOrder};
use palisade_rls::{Orphans, PolicyScript};

use crate::widening::AllowedWidening;

/// Which part of the project a plan brings to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Migrations and row security.
    All,
    /// Migrations only.
    Migrations,
    /// Row security only.
    RowSecurity,
    /// The latest migration, taken back by its way down.
    LatestMigrationBack,
}

/// The project's files and the environment they are meant for.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// Where its history stands.
    pub tables: &'a HistoryTables,
    /// The migrations on disk.
    pub migrations: &'a [Migration],
    /// The policies on disk.
    pub policies: &'a PolicyScript,
    /// Whether files may be applied behind later ones.
    pub out_of_order: OutOfOrder,
    /// Which part of them.
    pub scope: Scope,
    /// What becomes of policies that no file creates.
    pub orphans: Orphans,
    /// What `rls/access.lock` says, if there is one.
    pub lock: Option<&'a str>,
    /// What may be widened without it.
    pub allowed_widening: &'a [AllowedWidening],
    /// Where the throwaway server is, on which files are read.
    pub embedded: &'a EmbeddedSettings,
}

impl Inputs<'_> {
    pub(crate) fn wants_migrations(&self) -> bool {
        matches!(self.scope, Scope::All | Scope::Migrations)
    }

    pub(crate) fn wants_row_security(&self) -> bool {
        matches!(self.scope, Scope::All | Scope::RowSecurity) && !self.policies.files().is_empty()
    }
}
