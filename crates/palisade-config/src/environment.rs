//! An environment, resolved.

mod backup;
mod endpoint;
mod settings;

pub use backup::{BackupEngine, BackupSettings, BackupStore, Retention, S3Access};
pub use endpoint::Endpoint;
pub use settings::SettingLine;
pub(crate) use settings::place;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::conflict::Claim;
use crate::{EnvironmentName, Expect, Origin, SecretSource, SslMode};

/// One environment after all layers are merged. It holds no secret: URLs are sources, resolved by [`Self::endpoint`].
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// Whether only the gate may change it.
    pub protected: bool,
    /// Where the application's URL is. There always is a source; whether it holds something is another question.
    pub url: SecretSource,
    /// Where the URL of the direct connection is, around any pooler: for migrations and backups.
    pub direct_url: SecretSource,
    /// TLS mode, if configured. See [`SslMode::effective`].
    pub ssl_mode: Option<SslMode>,
    /// A PEM file with authorities to trust besides those of the system, absolute.
    pub root_certificate: Option<Utf8PathBuf>,
    /// Longest wait of one statement for a lock; never zero.
    pub lock_timeout: Duration,
    /// Longest run of one statement; zero for no limit.
    pub statement_timeout: Duration,
    /// Longest wait for a connection; never zero.
    pub connect_timeout: Duration,
    /// The schemas we manage. What is in others is external: read perhaps, never changed.
    pub schemas: Vec<String>,
    /// What says what the schema should be: a source as on the command line, `dir:schema`.
    pub schema_source: String,
    /// What must hold before the environment is written.
    pub gates: Gates,
    /// Where backups go, and how many stay.
    pub backup: BackupSettings,
    /// The table that says which migrations ran.
    pub history_table: HistoryTable,
    /// The roles of the application, whose rights row security is about.
    pub roles: Vec<String>,
    /// What its database must be.
    pub expect: Expect,
    /// What is particular to Supabase.
    pub supabase: SupabaseSettings,
    /// Which findings about row security count, and how much.
    pub lint: LintSettings,
    /// Where each setting comes from, by its key, `lock-timeout` or `gates.backup`.
    pub origins: BTreeMap<&'static str, Origin>,
    /// What is no error but probably not meant, for `doctor`. Each a sentence without full stop.
    pub warnings: Vec<String>,
    /// What other environments resolve to, for URLs that are known only later.
    pub(crate) claims: Vec<Claim>,
}

/// Which findings about row security count, and how much.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct LintSettings {
    /// `off`, `info`, `warning` or `error` for ids whose own severity is not wanted.
    pub levels: BTreeMap<String, String>,
    /// What is known and meant.
    pub allow: Vec<AllowedFinding>,
}

/// A finding that is known and meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct AllowedFinding {
    /// Its id.
    pub id: String,
    /// What it is about, as the finding has it.
    pub object: String,
    /// Why it is meant.
    pub reason: String,
}

/// What must hold before a protected environment is written. All are on for a protected environment, all off else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "six independent switches, each with a name")]
pub struct Gates {
    /// No migration was edited, is missing, or failed half way.
    pub clean_history: bool,
    /// All pending migrations ran in dev first.
    pub applied_in_dev: bool,
    /// A backup was taken now.
    pub backup: bool,
    /// The database is what its migrations make.
    pub drift: bool,
    /// Nobody can do more than before, but for what `rls/access.lock` says.
    pub access: bool,
    /// Somebody typed the environment's name, or gave the digest of the plan.
    pub approval: bool,
}

/// The table that says which migrations ran. Not in `public`, which Supabase's Data API would serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryTable {
    /// Its schema, unquoted.
    pub schema: String,
    /// Its name, unquoted.
    pub name: String,
}

/// What is particular to Supabase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupabaseSettings {
    /// Which rights new tables in `public` have by themselves.
    pub grants: GrantRegime,
}

/// Which rights new tables in `public` have by themselves. Supabase stops granting them on 30 October 2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum GrantRegime {
    /// `anon`, `authenticated` and `service_role` may do everything that row security lets them.
    #[serde(rename = "before-2026-10-30")]
    Before,
    /// No rights but those a file grants.
    #[serde(rename = "after-2026-10-30")]
    After,
}

impl GrantRegime {
    /// As in the configuration, `after-2026-10-30`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before-2026-10-30",
            Self::After => "after-2026-10-30",
        }
    }
}

/// `schema.name`, unquoted: for people, not for SQL.
impl fmt::Display for HistoryTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}
