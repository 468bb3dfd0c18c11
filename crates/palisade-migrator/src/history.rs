//! What the database remembers.

use palisade_config::HistoryTable;
use palisade_db::{Connection, DbError, PgRow, Row, batch};
use palisade_sql::{IdentError, QualifiedName, SqlState};

use crate::migration::{Checksum, Version};
use crate::template::fill;

/// The tables in which the history stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryTables {
    /// One row per applied migration, in sqlx's form.
    pub migrations: QualifiedName,
    /// One row per try.
    pub attempts: QualifiedName,
}

impl HistoryTables {
    /// The table of the configuration, and `attempts` in the same schema; or in `palisade`, if the history was left in
    /// `public`, because the Data API serves that schema.
    ///
    /// # Errors
    ///
    /// A name that Postgres cannot have.
    pub fn new(table: &HistoryTable) -> Result<Self, IdentError> {
        let schema = if table.schema == "public" { "palisade" } else { table.schema.as_str() };
        Ok(Self {
            migrations: QualifiedName::new(table.schema.as_str(), table.name.as_str())?,
            attempts: QualifiedName::new(schema, "attempts")?,
        })
    }
}

/// One row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Which migration.
    pub version: Version,
    /// What it was called then.
    pub description: String,
    /// The checksum of its file then.
    pub checksum: Checksum,
    /// False only if another tool left it half done.
    pub success: bool,
    /// When, as the server writes it, in UTC.
    pub installed_on: String,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptState {
    /// Not at all: it is under way, or whoever ran it was killed.
    Running,
    /// Well.
    Done,
    /// With an error.
    Failed,
}

/// The last try of a migration that did what it should: of one that is not applied, to apply it; of one that is, to take it
/// back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Attempt {
    /// Which migration.
    pub version: Version,
    /// Whether it was to be taken back.
    pub reverts: bool,
    /// The run that tried.
    pub run: String,
    /// How it ended.
    pub state: AttemptState,
    /// How many units of a file without transaction are done for good.
    pub units_done: usize,
    /// SHA-256 over the texts of those units, in hexadecimal digits.
    pub units_digest: String,
    /// Whether the next unit had begun, outside a transaction, when the last word was written.
    pub under_way: bool,
    /// The object that already stood where the unit under way makes one, by its id.
    pub found_before: Option<i64>,
    /// The error's code.
    pub sqlstate: Option<String>,
    /// The error's message.
    pub message: Option<String>,
    /// When it began, as the server writes it, in UTC.
    pub started_at: String,
}

/// Supabase's own history, `supabase_migrations.schema_migrations`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mirror {
    /// There is none.
    #[default]
    None,
    /// As its first releases made it.
    Versions,
    /// As it is now.
    VersionsAndNames,
}

/// Everything the database remembers of migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Whether the tables exist.
    pub exists: bool,
    /// Applied migrations, in order of version.
    pub applied: Vec<AppliedMigration>,
    /// For each version that is not what the last try wanted it to be, that try.
    pub attempts: Vec<Attempt>,
    /// Supabase's own history, which gets a row too.
    pub mirror: Mirror,
}

impl History {
    /// The last try of a version that is not what the try wanted it to be.
    pub fn attempt(&self, version: Version) -> Option<&Attempt> {
        self.attempts.iter().find(|it| it.version == version)
    }

    /// The applied versions, in order.
    pub fn versions(&self) -> Vec<i64> {
        self.applied.iter().map(|it| it.version.0).collect()
    }
}

/// Which of our tables to read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Tables {
    Neither,
    Migrations,
    Both,
}

/// Reads the history: one round trip, three for a database that has none. Writes nothing.
///
/// # Errors
///
/// [`DbError`] if the server could not be asked; never an empty history instead.
pub async fn load(connection: &mut Connection, tables: &HistoryTables) -> Result<History, DbError> {
    // A table of sqlx alone is a history too: it is one that has seen no try of ours yet.
    for which in [Tables::Both, Tables::Migrations] {
        match read(connection, tables, which).await {
            Err(error) if error.sqlstate() == Some(SqlState::UNDEFINED_TABLE) => {}
            other => return other,
        }
    }
    read(connection, tables, Tables::Neither).await
}

async fn read(connection: &mut Connection, tables: &HistoryTables, which: Tables) -> Result<History, DbError> {
    let mut sql = include_str!("history/load_mirror.sql").to_owned();
    if which >= Tables::Migrations {
        sql.push_str(include_str!("history/load.sql"));
    }
    if which == Tables::Both {
        sql.push_str(include_str!("history/load_attempts.sql"));
    }
    let names = (tables.migrations.to_string(), tables.attempts.to_string());
    let sql = fill(&sql, &[("migrations", &names.0), ("attempts", &names.1)]);
    let done = batch(connection, &sql).await.map_err(|it| it.error)?;
    let mut history = History { exists: which == Tables::Both, ..History::default() };
    for row in &done.rows {
        match row.try_get::<String, _>("what")?.as_str() {
            "applied" => history.applied.push(applied(row)?),
            "attempt" => history.attempts.push(attempt(row)?),
            "versions" => history.mirror = Mirror::Versions,
            "versions-and-names" => history.mirror = Mirror::VersionsAndNames,
            other => return Err(DbError::Unexpected { reason: format!("`{other}` in the history") }),
        }
    }
    Ok(history)
}

fn applied(row: &PgRow) -> Result<AppliedMigration, DbError> {
    let checksum: String = row.try_get("checksum")?;
    let checksum = hex::decode(checksum).map_err(|error| DbError::Unexpected { reason: error.to_string() })?;
    Ok(AppliedMigration {
        version: Version(number(row, "version")?),
        description: row.try_get("description")?,
        checksum: Checksum(checksum),
        success: row.try_get("success")?,
        installed_on: row.try_get("installed_on")?,
    })
}

fn attempt(row: &PgRow) -> Result<Attempt, DbError> {
    let found_before: Option<String> = row.try_get("found_before")?;
    Ok(Attempt {
        version: Version(number(row, "version")?),
        reverts: row.try_get("reverts")?,
        run: row.try_get("run")?,
        state: match row.try_get::<String, _>("state")?.as_str() {
            "running" => AttemptState::Running,
            "done" => AttemptState::Done,
            _ => AttemptState::Failed,
        },
        units_done: usize::try_from(number(row, "units_done")?).unwrap_or_default(),
        units_digest: row.try_get("units_digest")?,
        under_way: row.try_get("under_way")?,
        found_before: found_before.and_then(|it| it.parse().ok()),
        sqlstate: row.try_get("sqlstate")?,
        message: row.try_get("message")?,
        started_at: row.try_get("started_at")?,
    })
}

fn number(row: &PgRow, column: &str) -> Result<i64, DbError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| DbError::Unexpected { reason: format!("`{column}` is not a number") })
}
