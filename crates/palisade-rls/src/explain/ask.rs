//! Asking the server about single conditions.
//!
//! The persona may not be able to name what a condition names: policies are read when they are made. So a view is made that runs
//! with the rights of whoever asks it, which is what a policy does. Where nothing may be written, a prepared statement takes its
//! place; that one is read again if a table with row security is in it.

use palisade_db::Connection;
use palisade_policy::{Access, AccessCommand, Oid};
use palisade_sql::{Ident, Literal};

use super::answer::{Answer, PartSays, PolicySays};
use super::{Clause, ExplainError, Question, RowCopy, access_command, key_columns, name};
use crate::parts::parts;
use crate::testing::Verb;
use crate::trial::{Mode, Observed, Probe, ProbeKind, Stage, World, try_out};

#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) question: Question<'a>,
    pub(super) mode: Mode,
    pub(super) access: &'a Access<'a>,
    pub(super) role: Oid,
}

impl Ask<'_> {
    /// What each policy says of each row.
    pub(super) async fn policies(
        self,
        connection: &mut Connection,
        rows: &[RowCopy],
        clauses: &[Clause<'_>],
    ) -> Result<Vec<Vec<PolicySays>>, ExplainError> {
        let mut probes = Vec::new();
        for row in rows {
            for clause in clauses {
                for sql in texts(clause) {
                    probes.push(self.probe(row, sql, probes.len())?);
                }
            }
        }
        let mut answers = self.observe(connection, &probes).await?.into_iter().map(|it| answer(&it));
        let mut all = Vec::new();
        for _ in rows {
            let mut says = Vec::new();
            for clause in clauses {
                let mut texts = texts(clause).into_iter();
                let whole = match texts.next() {
                    Some(_) => answers.next().unwrap_or(Answer::Null),
                    // A policy without this condition admits nothing with it.
                    None => Answer::Null,
                };
                let parts = texts.map(|it| (it.to_owned(), answers.next().unwrap_or(Answer::Null)));
                let parts: Vec<PartSays> = parts.map(|(sql, answer)| PartSays { sql, answer }).collect();
                says.push(PolicySays {
                    policy: clause.policy.name.clone(),
                    permissive: clause.policy.permissive,
                    command: clause.of.as_str(),
                    new_rows: clause.new_rows,
                    sql: clause.sql().unwrap_or("NULL").to_owned(),
                    parts: if whole == Answer::True { Vec::new() } else { parts },
                    answer: whole,
                });
            }
            all.push(says);
        }
        Ok(all)
    }

    async fn observe(self, connection: &mut Connection, probes: &[Probe]) -> Result<Vec<Observed>, ExplainError> {
        if probes.is_empty() {
            return Ok(Vec::new());
        }
        let world = World { sql: None, probes: (0..probes.len()).collect() };
        let seen = try_out(connection, &[world], probes, self.mode).await?;
        Ok(seen.into_iter().flat_map(|it| it.seen).collect())
    }

    /// One condition, asked about one row.
    fn probe(self, row: &RowCopy, sql: &str, number: usize) -> Result<Probe, ExplainError> {
        let Question { persona, relation, .. } = self.question;
        let (table, alias, role) =
            (name(relation)?, Ident::new(relation.name.as_str())?, Ident::new(persona.role.as_str())?);
        let copy = Literal::new(row.row.as_str())?;
        let query = format!("select ({sql})::text as says from (select ({copy}::{table}).*) as {alias}");
        let (setup, statement) = match self.mode {
            Mode::RolledBack => (
                format!(
                    "create temporary view palisade_says with (security_invoker) as {query};\n\
                     grant select on pg_temp.palisade_says to {role}"
                ),
                "select says from pg_temp.palisade_says".to_owned(),
            ),
            Mode::ReadOnly => {
                (format!("prepare palisade_says_{number} as {query}"), format!("execute palisade_says_{number}"))
            }
        };
        Ok(Probe {
            setup: Some(setup),
            persona: Some(persona.put_on_sql()?),
            statement,
            kind: ProbeKind::Value,
            ..Probe::default()
        })
    }

    /// Whether a statement of the persona reaches each row; an error where that cannot be tried.
    pub(super) async fn reached(
        self,
        connection: &mut Connection,
        rows: &[RowCopy],
    ) -> Result<Vec<Result<bool, String>>, ExplainError> {
        let writes = self.question.command != Verb::Select;
        if self.question.command == Verb::Insert {
            return Ok(vec![Err("a row that exists cannot be inserted once more".to_owned()); rows.len()]);
        }
        if writes && self.mode == Mode::ReadOnly {
            return Ok(vec![
                Err("nothing is written to a protected database, not even to be rolled back".to_owned());
                rows.len()
            ]);
        }
        let mut probes = Vec::new();
        for row in rows {
            let Some(probe) = self.statement(row)? else {
                return Ok(vec![Err("no column may be written and read".to_owned()); rows.len()]);
            };
            probes.push(probe);
        }
        let reached = |it: Observed| match (it.error, it.reached) {
            (None, reached) => Ok(reached.unwrap_or_default() > 0),
            (Some(error), _) if error.code == "42501" && !error.message.contains("permission denied for table") => {
                Ok(false)
            }
            (Some(error), _) => Err(format!("{} (SQLSTATE {})", error.message, error.code)),
        };
        Ok(self.observe(connection, &probes).await?.into_iter().map(reached).collect())
    }

    fn statement(self, row: &RowCopy) -> Result<Option<Probe>, ExplainError> {
        let Question { persona, relation, command, .. } = self.question;
        let table = name(relation)?;
        let mut condition = Vec::new();
        for (column, value) in &row.key {
            let value = Literal::new(value.as_str().unwrap_or_default())?;
            condition.push(format!("{}::text = {value}", Ident::new(column.as_str())?));
        }
        let condition = condition.join(" and ");
        let (statement, kind) = match command {
            Verb::Select | Verb::Insert => {
                (format!("select count(*) from {table} where {condition}"), ProbeKind::Count)
            }
            Verb::Delete => (format!("delete from {table} where {condition}"), ProbeKind::Run),
            Verb::Update => {
                let Some(column) = self.harmless_column() else { return Ok(None) };
                let column = Ident::new(column)?;
                (format!("update {table} set {column} = {column} where {condition}"), ProbeKind::Run)
            }
        };
        let persona = Some(persona.put_on_sql()?);
        Ok(Some(Probe { persona, statement, kind, ..Probe::default() }))
    }

    /// A column that the persona may write and read.
    fn harmless_column(self) -> Option<String> {
        let relation = self.question.relation;
        let columns = |command| self.access.cell(self.role, relation, command).columns;
        let (written, read) = (columns(access_command(Verb::Update)), columns(AccessCommand::Select));
        let keys = key_columns(self.access, relation);
        let may = |of: &Option<Vec<String>>, name: &String| of.as_ref().is_none_or(|it| it.contains(name));
        let fits =
            relation.columns.iter().filter(|it| !it.generated && may(&written, &it.name) && may(&read, &it.name));
        let mut fits: Vec<&String> = fits.map(|it| &it.name).collect();
        fits.sort_by_key(|it| keys.contains(&it.as_str()));
        fits.first().map(|it| (*it).clone())
    }
}

/// A condition, and its parts behind it.
fn texts<'a>(clause: &'a Clause<'_>) -> Vec<&'a str> {
    let Some(sql) = clause.sql() else { return Vec::new() };
    let parts = parts(sql).map(|(_, parts)| parts).unwrap_or_default();
    std::iter::once(sql).chain(parts).collect()
}

fn answer(observed: &Observed) -> Answer {
    let Observed { stage, said, error, .. } = observed;
    match (stage, error, said.as_deref()) {
        (_, Some(error), _) => Answer::Error(format!("{} (SQLSTATE {})", error.message, error.code)),
        (Stage::Done, None, Some("true")) => Answer::True,
        (Stage::Done, None, Some("false")) => Answer::False,
        (_, None, _) => Answer::Null,
    }
}
