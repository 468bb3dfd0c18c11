//! What an interrupted statement left behind, found out from the catalog.

use palisade_db::{Connection, DbError, Row, batch};
use palisade_sql::{Ident, ObjectName};

use crate::journal::literal;
use crate::template::fill;
use crate::unit::{Alone, Scope};

/// What the catalog shows of the object that a statement is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The index of that name is there and valid: its id.
    valid: Option<i64>,
    /// Invalid indexes that an interrupted statement left: their quoted names.
    invalid: Vec<String>,
    /// The index to be dropped is there, or the partition is still attached.
    present: bool,
    /// The partition is between attached and detached: the statement that finishes it.
    finalize: Option<String>,
}

/// What to do with a statement that was under way when a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// It was done.
    Done,
    /// It was not; run it again.
    Again,
    /// The catalog does not tell.
    Undecided,
}

/// Something to remove or finish before the statement runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cleanup {
    pub(crate) object: String,
    pub(crate) sql: String,
}

impl Found {
    /// Whether a statement that had begun is done.
    pub(crate) fn recovery(&self, alone: &Alone, found_before: Option<i64>) -> Recovery {
        let done = match alone {
            // One that stood there before is not ours.
            Alone::CreateIndex { .. } => self.valid.is_some() && self.valid != found_before,
            Alone::DropIndex { .. } => !self.present,
            Alone::Detach { .. } => !self.present && self.finalize.is_none(),
            Alone::Reindex { .. } | Alone::Repeatable => false,
            Alone::Unknown => return Recovery::Undecided,
        };
        if done { Recovery::Done } else { Recovery::Again }
    }

    /// What has to be removed first.
    pub(crate) fn cleanup(&self) -> Vec<Cleanup> {
        let drops = self.invalid.iter().map(|name| Cleanup {
            object: format!("invalid index {name}"),
            sql: format!("drop index concurrently if exists {name}"),
        });
        let finalize =
            self.finalize.iter().map(|sql| Cleanup { object: "half-detached partition".to_owned(), sql: sql.clone() });
        drops.chain(finalize).collect()
    }

    /// Whether the clean-up was all that the statement had still to do.
    pub(crate) fn finishes(&self, alone: &Alone) -> bool {
        matches!(alone, Alone::Detach { .. }) && self.finalize.is_some()
    }

    /// The valid index of the wanted name, if there is one.
    pub(crate) fn valid_index(&self) -> Option<i64> {
        self.valid
    }
}

/// Looks at what the statement is about; `prefix` makes the session as the file has it, above all its `search_path`.
pub(crate) async fn look(connection: &mut Connection, prefix: &str, alone: &Alone) -> Result<Found, DbError> {
    let sql = match alone {
        Alone::CreateIndex { index, table } => {
            fill(include_str!("recover/create_index.sql"), &[("table", &regclass(table)), ("index", &literal(index))])
        }
        Alone::Reindex { scope } => fill(include_str!("recover/reindex.sql"), &[("scope", &scope_sql(scope))]),
        Alone::DropIndex { index } => format!("select 'present' as what where {} is not null", regclass(index)),
        Alone::Detach { parent, partition } => fill(
            include_str!("recover/detach.sql"),
            &[("parent", &regclass(parent)), ("partition", &regclass(partition))],
        ),
        Alone::Repeatable | Alone::Unknown => return Ok(Found::default()),
    };
    let done = batch(connection, &format!("{prefix}{sql}")).await.map_err(|it| it.error)?;
    let mut found = Found::default();
    for row in &done.rows {
        let name = || row.try_get::<String, _>("name");
        match row.try_get::<String, _>("what")?.as_str() {
            "valid" => found.valid = name()?.parse().ok(),
            "invalid" => found.invalid.push(name()?),
            "present" => found.present = true,
            "pending" => found.finalize = Some(name()?),
            other => return Err(DbError::Unexpected { reason: format!("`{other}` about an index") }),
        }
    }
    Ok(found)
}

/// Which left-over twins are those of a statement: somebody else may be at work on other tables.
fn scope_sql(scope: &Scope) -> String {
    match scope {
        Scope::Relation(name) => fill(include_str!("recover/scope.sql"), &[("object", &regclass(name))]),
        Scope::Schema(name) => format!("n.nspname = {}", literal(name)),
        Scope::Database => "true".to_owned(),
    }
}

/// The object's id, or null, by the name as the file writes it.
fn regclass(name: &ObjectName) -> String {
    let quoted: Result<Vec<String>, _> =
        name.parts.iter().map(|it| Ident::new(it.as_str()).map(|it| it.to_string())).collect();
    match quoted {
        Ok(parts) => format!("pg_catalog.to_regclass({})", literal(&parts.join("."))),
        // A name that Postgres would cut; it finds nothing, and the statement itself gets the server's answer.
        Err(_) => "null::pg_catalog.regclass".to_owned(),
    }
}
