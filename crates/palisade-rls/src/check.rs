//! What may stand in a policy file.
//!
//! A list of what may, not of what may not: a statement that nobody thought of is refused. Postgres reads a whole
//! message before it runs its first statement, so text that this crate splits otherwise than the server does ends in a
//! syntax error there and runs nothing.

mod allow;
mod repeat;

use std::fmt;

use camino::Utf8PathBuf;
use palisade_sql::{Excerpt, LexError, LexProblem, excerpt, split};

use crate::script::PolicyFile;

/// One statement that does not belong in a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: Utf8PathBuf,
    /// Where the statement begins, and its line.
    pub excerpt: Excerpt,
    /// The beginning of the statement.
    pub statement: String,
    /// Why it is refused.
    pub reason: Reason,
}

/// Why a statement does not belong in a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The text cannot be read, or is a command of psql.
    #[error("{0}")]
    Unreadable(LexError),
    /// `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `TRUNCATE`, `COPY`.
    #[error("it changes rows")]
    ChangesRows,
    /// `DROP TABLE`, `DROP SCHEMA`, `ALTER TABLE … DROP COLUMN` and their like.
    #[error("it destroys data or what holds data")]
    Destroys,
    /// `BEGIN`, `COMMIT`, `SAVEPOINT` and their like.
    #[error("it controls the transaction in which all files run")]
    ControlsTransaction,
    /// `SELECT`, `DO`, `CALL`: code whose effect nobody can read from the file.
    #[error("it runs code, and what that does cannot be read from the file")]
    RunsCode,
    /// `SET`, `RESET` of anything but `SET LOCAL search_path`.
    #[error("it changes a setting that the other files, or the session, would keep")]
    ChangesSession,
    /// `CREATE ROLE`, `GRANT role TO role`: these belong to the whole server.
    #[error("it changes a role, which every database of the server shares")]
    ChangesRoles,
    /// `CASCADE` takes objects with it that the file does not name.
    #[error("`cascade` takes objects with it that the file does not name")]
    Cascades,
    /// It works once and fails the next time, or the other way round.
    #[error("it cannot be run a second time")]
    NotRepeatable {
        /// What would make it repeatable.
        instead: String,
    },
    /// Anything else: the structure of the database.
    #[error("it changes the structure of the database")]
    Structure,
}

impl Finding {
    /// What to do instead.
    pub fn help(&self) -> String {
        match &self.reason {
            Reason::Unreadable(LexError { problem: LexProblem::PsqlCommand, .. }) => {
                "delete the backslash command: policy files are sent to the server as they are".to_owned()
            }
            Reason::Unreadable(_) => "correct the text: no server could read it".to_owned(),
            Reason::ChangesRows => {
                "move rows into `seeds/` if they are sample data, into a migration if they are not".to_owned()
            }
            Reason::Destroys | Reason::Structure => {
                "move it into a migration: `cargo xtask db-generate --custom NAME`".to_owned()
            }
            Reason::ControlsTransaction => {
                "delete it: all policy files run in one transaction, so that there is no moment without policies"
                    .to_owned()
            }
            Reason::RunsCode => {
                "write out each statement: `alter table … enable row level security`, `create policy …`".to_owned()
            }
            Reason::ChangesSession => {
                "write names with their schema, or `set local search_path = …`, which ends with the file".to_owned()
            }
            Reason::ChangesRoles => {
                "move it into a migration, or create the role where the server is set up".to_owned()
            }
            Reason::Cascades => "name each object in a statement of its own, without `cascade`".to_owned(),
            Reason::NotRepeatable { instead } => instead.clone(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, excerpt, statement, reason } = self;
        write!(f, "{path}:{}: `{statement}`: {reason}\n{excerpt}", excerpt.at)
    }
}

/// Everything in `files` that does not belong there, in their order.
pub(crate) fn check(files: &[PolicyFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut dropped = repeat::Dropped::default();
    for file in files {
        let finding = |byte, statement: &str, reason| Finding {
            path: file.path.clone(),
            excerpt: excerpt(&file.sql, byte),
            statement: beginning(statement),
            reason,
        };
        match split(&file.sql) {
            Ok(statements) => findings.extend(statements.iter().filter_map(|it| {
                let reason = allow::refuse(it).or_else(|| dropped.refuse(it))?;
                Some(finding(it.start, it.text, reason))
            })),
            Err(error) => {
                findings.push(finding(error.start, &file.sql[error.start..], Reason::Unreadable(error)));
            }
        }
    }
    findings
}

/// The first line, at most 60 characters of it: enough to recognise a statement.
fn beginning(statement: &str) -> String {
    let line = statement.lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Reason, check};
    use crate::script::{PolicyFile, PolicyScript};

    fn reasons(sql: &str) -> Vec<Reason> {
        let file = PolicyFile { path: "rls/public/t.sql".into(), sql: sql.to_owned() };
        check(&[file]).into_iter().map(|it| it.reason).collect()
    }

    #[test]
    fn what_belongs_there_is_let_through() {
        for sql in [
            "alter table t enable row level security",
            "alter table if exists only public.t * force row level security, enable row level security",
            "ALTER TABLE t NO FORCE ROW LEVEL SECURITY; alter table t disable row level security",
            "drop policy if exists p on t; create policy p on public.t for select to anon using (true)",
            "drop policy if exists \"P q\" on t cascade; create policy \"P q\" on t",
            "alter policy p on t to authenticated",
            "grant select, insert (a, b) on t to anon; revoke all on all tables in schema public from public cascade",
            "grant execute on function f(int) to anon; grant select on language, parameter to anon",
            "alter default privileges in schema public revoke all on tables from anon",
            "create or replace function f() returns int language sql as $$ delete from t; select 1 $$",
            "create or replace function f() returns int begin atomic; delete from t; select 1; end",
            "drop function if exists private.f(int)",
            "alter function f() owner to postgres; alter function f() set search_path = ''",
            "create schema if not exists private authorization postgres",
            "comment on policy p on t is 'drop table t'",
            "alter view v set (security_invoker = true); alter view if exists s.v reset (security_barrier)",
            "set local search_path = public; set local search_path to public",
            "-- nothing\n/* at all */;;",
        ] {
            assert_eq!(reasons(sql), [], "{sql}");
        }
    }

    #[test]
    fn what_does_not_is_refused_for_its_own_reason() {
        let cases: [(Reason, &[&str]); 8] = [
            (
                Reason::ChangesRows,
                &[
                    "insert into t values (1)",
                    "UPDATE t SET a = 1",
                    "delete from t",
                    "merge into t using s on true when matched then delete",
                    "truncate t",
                    "copy t from stdin",
                    "with gone as (delete from t returning *) select * from gone",
                ],
            ),
            (
                Reason::Destroys,
                &[
                    "drop table t",
                    "drop schema s",
                    "drop view v",
                    "alter table t enable row level security, drop column a",
                    "alter table t drop a",
                    "drop owned by anon",
                    "drop type x",
                ],
            ),
            (
                Reason::ControlsTransaction,
                &[
                    "begin",
                    "commit",
                    "end",
                    "rollback",
                    "rollback to a",
                    "savepoint a",
                    "release a",
                    "abort",
                    "prepare transaction 'x'",
                    "start transaction",
                ],
            ),
            (
                Reason::RunsCode,
                &[
                    "select set_config('role', 'anon', false)",
                    "do $$ begin delete from t; end $$",
                    "call p()",
                    "with a as (select 1) select * from a",
                    "values (1)",
                    "execute q",
                    "explain analyze select 1",
                ],
            ),
            (
                Reason::ChangesSession,
                &[
                    "set search_path = public",
                    "set local role anon",
                    "set session authorization anon",
                    "reset all",
                    "discard all",
                    "lock table t",
                    "set lock_timeout = 0",
                ],
            ),
            (Reason::ChangesRoles, &["create role a", "alter role a login", "drop role a", "grant admin to anon"]),
            (Reason::Cascades, &["drop function if exists f() cascade"]),
            (
                Reason::Structure,
                &[
                    "create table t (a int)",
                    "create index on t (a)",
                    "create or replace view v as select 1",
                    "alter table t add column a int, enable row level security",
                    "alter table t enable row level security, owner to x",
                    "alter table t enable trigger all",
                    "alter table t rename to u",
                    "alter view v set (check_option = local)",
                    "alter view v rename to w",
                    "alter policy p on t rename to q",
                    "alter function f() set schema s",
                    "alter function f() rename to g",
                    "vacuum t",
                    "comment on table t is 'x'",
                    "grant usage on language sql to anon",
                    "grant usage on foreign server s to anon",
                    "security label on table t is 'x'",
                    "\"select\" 1",
                    "(select 1)",
                ],
            ),
        ];
        for (reason, statements) in cases {
            for sql in statements {
                assert_eq!(reasons(sql), std::slice::from_ref(&reason), "{sql}");
            }
        }
    }

    #[test]
    fn what_works_only_once_is_refused() {
        for (sql, instead) in [
            ("create policy p on public.t", "put `drop policy if exists p on public.t;` before it"),
            ("create policy \"P \"\"q\" on t", "put `drop policy if exists \"P \"\"q\" on t;` before it"),
            (
                "drop policy if exists p on t; create policy p on t; create policy p on t",
                "put `drop policy if exists p on t;` before it",
            ),
            ("drop policy if exists p on u; create policy P on t", "put `drop policy if exists P on t;` before it"),
            ("drop policy p on t", "write `drop policy if exists`"),
            ("create function f() returns int return 1", "write `create or replace function`"),
            ("create schema s", "write `create schema if not exists`"),
            ("drop function f()", "write `drop function if exists`"),
        ] {
            assert_eq!(reasons(sql), [Reason::NotRepeatable { instead: instead.to_owned() }], "{sql}");
        }
    }

    #[test]
    fn an_operator_sees_every_finding_with_its_place() {
        let sql = "alter table t enable row level security;\n\n  insert into t values (1);\n\\i other.sql\n";
        let files = vec![
            PolicyFile { path: "rls/public/a.sql".into(), sql: "  drop table a;\nselect 1;".to_owned() },
            PolicyFile { path: "rls/public/t.sql".into(), sql: sql.to_owned() },
        ];
        let error = PolicyScript::from_files(files).unwrap_err();
        insta::assert_snapshot!(error, @r"
        3 statements do not belong in policy files
        rls/public/a.sql:1:3: `drop table a`: it destroys data or what holds data
        1 |   drop table a;
          |   ^
        rls/public/a.sql:2:1: `select 1`: it runs code, and what that does cannot be read from the file
        2 | select 1;
          | ^
        rls/public/t.sql:4:1: `\i other.sql`: a backslash command of psql: only psql knows it, a server does not
        4 | \i other.sql
          | ^
        ");
        insta::assert_snapshot!(error.help(), @r"
        move it into a migration: `cargo xtask db-generate --custom NAME`
        write out each statement: `alter table … enable row level security`, `create policy …`
        delete the backslash command: policy files are sent to the server as they are
        ");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(sql in r#"(create|drop|alter|policy|if|exists|table|on|t|p|or|replace|function|set|only|"é"|[;,.(*'\\ ]| ){0,14}"#) {
            reasons(&sql);
        }
    }
}
