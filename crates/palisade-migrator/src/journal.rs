//! The SQL that writes history and attempts. Every name in it is qualified: it runs behind whatever a file has set.

use std::fmt::Write as _;

use palisade_db::{Connection, DbError, batch};
use palisade_plan::{ApprovedPlan, MigrationStep};
use palisade_sql::{Literal, SqlState};

use crate::history::{HistoryTables, Mirror};
use crate::run::Run;
use crate::template::fill;

/// Puts back role and settings that a file may have changed, before Palisade writes as itself.
pub(crate) const AS_OURSELVES: &str = "reset session authorization; reset role;\n";

/// What every row of one run has in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Journal<'a> {
    pub(crate) tables: &'a HistoryTables,
    pub(crate) run: &'a Run,
    pub(crate) approved: &'a ApprovedPlan,
    pub(crate) mirror: Mirror,
}

/// How far a file without transaction has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) units_done: usize,
    pub(crate) units_digest: String,
    pub(crate) under_way: bool,
    pub(crate) found_before: Option<i64>,
}

impl Journal<'_> {
    /// Makes the tables. Under the lock, and only where they are missing: `CREATE SCHEMA IF NOT EXISTS` asks for the right to
    /// create schemas even if there is nothing to do.
    pub(crate) fn create_tables(&self) -> String {
        create_tables(self.tables)
    }

    /// Notes that runs before ours ended without a word: we hold the lock, so nobody else is at work.
    pub(crate) fn close_stale(&self) -> String {
        format!(
            "update {} set state = 'failed', finished_at = pg_catalog.clock_timestamp(), \
             message = 'the run ended without a word: it was killed, or lost its connection' where state = 'running';\n",
            self.tables.attempts
        )
    }

    /// Notes that a migration is about to be tried.
    pub(crate) fn begin(&self, step: &MigrationStep, mark: &Mark) -> String {
        let kind = if step.reverts { "revert" } else { "apply" };
        let values = [
            literal(&self.run.id),
            literal(kind),
            step.version.to_string(),
            literal(&step.description),
            bytes(&step.checksum),
            literal("running"),
            step.transactional.to_string(),
            mark.units_done.to_string(),
            literal(&mark.units_digest),
            mark.under_way.to_string(),
            number(mark.found_before),
            literal(&self.run.who),
            self.run.commit.as_deref().map_or_else(|| "null".to_owned(), literal),
            literal(&self.approved.plan().target.environment),
            literal(self.approved.digest().as_str()),
            literal(self.approved.approval().as_str()),
        ];
        format!(
            "insert into {} (run, kind, version, description, checksum, state, transactional, units_done, units_digest, \
             under_way, found_before, who, git_commit, environment, plan_digest, approval) values ({});\n",
            self.tables.attempts,
            values.join(", ")
        )
    }

    /// Notes how far a file without transaction has come.
    pub(crate) fn mark(&self, step: &MigrationStep, mark: &Mark) -> String {
        format!(
            "update {} set units_done = {}, units_digest = {}, under_way = {}, found_before = {} where {};\n",
            self.tables.attempts,
            mark.units_done,
            literal(&mark.units_digest),
            mark.under_way,
            number(mark.found_before),
            self.this_try(step)
        )
    }

    /// Notes that a try failed.
    pub(crate) fn failed(&self, step: &MigrationStep, error: &DbError, statement: Option<usize>) -> String {
        let sqlstate = error.sqlstate().map_or_else(|| "null".to_owned(), |it| literal(it.as_str()));
        let message = error.server().map_or_else(|| error.to_string(), |it| it.message.clone());
        format!(
            "update {} set state = 'failed', finished_at = pg_catalog.clock_timestamp(), sqlstate = {sqlstate}, \
             message = {}, statement = {} where {};\n",
            self.tables.attempts,
            literal(&message),
            statement.map_or_else(|| "null".to_owned(), |it| (it + 1).to_string()),
            self.this_try(step)
        )
    }

    /// Notes that a migration is applied, or taken back: in the history, in the attempts and in Supabase's own history. The
    /// duration is that of the transaction around it.
    pub(crate) fn succeeded(&self, step: &MigrationStep) -> String {
        let elapsed =
            "(extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000000000)::pg_catalog.int8";
        let (version, description) = (step.version, literal(&step.description));
        let mut sql = if step.reverts {
            format!("delete from {} where version = {version};\n", self.tables.migrations)
        } else {
            format!(
                "insert into {} (version, description, success, checksum, execution_time) \
                 values ({version}, {description}, true, {}, {elapsed});\n",
                self.tables.migrations,
                bytes(&step.checksum)
            )
        };
        let _ = writeln!(
            sql,
            "update {} set state = 'done', finished_at = pg_catalog.clock_timestamp(), \
             xid = pg_catalog.pg_current_xact_id()::pg_catalog.text where {};",
            self.tables.attempts,
            self.this_try(step)
        );
        sql.push_str(&mirror(self.mirror, step));
        sql
    }

    /// A query that gives one text for everything in the history but `step`, and for this try being noted: the file of `step` has no
    /// business with either.
    pub(crate) fn others(&self, step: &MigrationStep) -> String {
        format!(
            "select pg_catalog.concat_ws(' ', pg_catalog.count(*), pg_catalog.md5(pg_catalog.string_agg(m::pg_catalog.text, \
             E'\\n' order by m.version)), (select pg_catalog.count(*) from {} a where a.run = {} and a.version = {})) \
             from {} m where m.version <> {}",
            self.tables.attempts,
            literal(&self.run.id),
            step.version,
            self.tables.migrations,
            step.version
        )
    }

    /// A statement for the body of a function that fails with `code` unless exactly these versions are in the history.
    pub(crate) fn assert_versions(&self, versions: &[i64], code: &str) -> String {
        let versions: Vec<String> = versions.iter().map(i64::to_string).collect();
        format!(
            "  if (select coalesce(pg_catalog.array_agg(m.version order by m.version), '{{}}') from {} m) \
             <> '{{{}}}'::pg_catalog.int8[] then \
             raise exception 'palisade: another history' using errcode = '{code}'; end if;\n",
            self.tables.migrations,
            versions.join(",")
        )
    }

    fn this_try(&self, step: &MigrationStep) -> String {
        format!("run = {} and version = {} and state = 'running'", literal(&self.run.id), step.version)
    }
}

/// As [`Journal::create_tables`].
pub(crate) fn create_tables(tables: &HistoryTables) -> String {
    let HistoryTables { migrations, attempts } = tables;
    fill(
        include_str!("history/create.sql"),
        &[
            ("schema", &migrations.schema.to_string()),
            ("attempts_schema", &attempts.schema.to_string()),
            ("migrations", &migrations.to_string()),
            ("attempts", &attempts.to_string()),
        ],
    )
}

/// The row that the Supabase CLI would have written, so that its `migration list` tells the truth too.
fn mirror(mirror: Mirror, step: &MigrationStep) -> String {
    let version = literal(&step.version.to_string());
    let (columns, values) = match mirror {
        Mirror::None => return String::new(),
        _ if step.reverts => {
            return format!("delete from supabase_migrations.schema_migrations where version = {version};\n");
        }
        Mirror::Versions => ("version", version),
        Mirror::VersionsAndNames => {
            ("version, name", format!("{version}, {}", literal(&step.description.replace(' ', "_"))))
        }
    };
    format!("insert into supabase_migrations.schema_migrations ({columns}) values ({values}) on conflict do nothing;\n")
}

/// Notes among the attempts how row security of this plan went, in a transaction of its own; makes the table if the database
/// has seen no migration yet.
///
/// # Errors
///
/// [`DbError`] if it could not be written.
pub async fn record_row_security(
    connection: &mut Connection,
    tables: &HistoryTables,
    run: &Run,
    approved: &ApprovedPlan,
    outcome: Result<&str, &str>,
) -> Result<(), DbError> {
    record(connection, tables, run, approved, ("row-security", "row security"), outcome).await
}

/// The same of a restore, in the database that it has made or left as it was. `backup` is the name of what was restored.
///
/// # Errors
///
/// [`DbError`] if it could not be written.
pub async fn record_restore(
    connection: &mut Connection,
    tables: &HistoryTables,
    run: &Run,
    approved: &ApprovedPlan,
    backup: &str,
    outcome: Result<&str, &str>,
) -> Result<(), DbError> {
    let what = ("restore", backup);
    match record(connection, tables, run, approved, what, outcome).await {
        // The table came with the backup, from a time when there were no restores.
        Err(error) if error.sqlstate() == Some(SqlState::CHECK_VIOLATION) => {
            let sql = format!("{AS_OURSELVES}{}", include_str!("history/kinds.sql"));
            let sql = fill(&sql, &[("attempts", &tables.attempts.to_string())]);
            batch(connection, &sql).await.map_err(|it| it.error)?;
            record(connection, tables, run, approved, what, outcome).await
        }
        other => other,
    }
}

/// `what` are kind and description.
async fn record(
    connection: &mut Connection,
    tables: &HistoryTables,
    run: &Run,
    approved: &ApprovedPlan,
    what: (&str, &str),
    outcome: Result<&str, &str>,
) -> Result<(), DbError> {
    let (state, message) = match outcome {
        Ok(summary) => ("done", summary),
        Err(error) => ("failed", error),
    };
    let sql = format!(
        "{AS_OURSELVES}insert into {} (run, kind, version, description, state, transactional, finished_at, message, \
         who, git_commit, environment, plan_digest, approval) \
         values ({}, {}, 0, {}, {}, true, pg_catalog.clock_timestamp(), {}, {}, {}, {}, {}, {})",
        tables.attempts,
        literal(&run.id),
        literal(what.0),
        literal(what.1),
        literal(state),
        literal(message),
        literal(&run.who),
        run.commit.as_deref().map_or_else(|| "null".to_owned(), literal),
        literal(&approved.plan().target.environment),
        literal(approved.digest().as_str()),
        literal(approved.approval().as_str()),
    );
    match batch(connection, &sql).await {
        Err(failed) if failed.error.sqlstate() == Some(SqlState::UNDEFINED_TABLE) => {
            batch(connection, &format!("{}{sql}", create_tables(tables))).await.map(drop).map_err(|it| it.error)
        }
        other => other.map(drop).map_err(|it| it.error),
    }
}

/// A literal; a NUL, which no server sends and no file can hold, is left out.
pub(crate) fn literal(text: &str) -> String {
    match Literal::new(text.replace('\0', "")) {
        Ok(it) => it.to_string(),
        Err(_) => "''".to_owned(),
    }
}

fn bytes(value: &[u8]) -> String {
    format!("pg_catalog.decode('{}', 'hex')", hex::encode(value))
}

fn number(value: Option<i64>) -> String {
    value.map_or_else(|| "null".to_owned(), |it| it.to_string())
}
