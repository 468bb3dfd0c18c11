//! The statements of a test.

use std::fmt::Write as _;

use super::{Attempt, Inserted, Test};
use crate::trial::{Probe, ProbeKind};

impl Test {
    /// What is tried.
    pub(super) fn probe(&self) -> Probe {
        let table = &self.table;
        let condition = self.filter.as_ref().map_or_else(String::new, |it| format!(" where ({it}\n)"));
        let blind = matches!(self.attempt, Attempt::Update { blind: true, .. } | Attempt::Delete { blind: true, .. });
        let count = match &self.attempt {
            Attempt::Insert { .. } => None,
            // A blind statement reaches other rows as well: only these are looked at.
            _ if blind => {
                Some(format!("select count(*), array_agg(tableoid::text || ctid::text) from {table}{condition}"))
            }
            _ => Some(format!("select count(*), null::text[] from {table}{condition}")),
        };
        let left = blind.then(|| format!("select count(*) from {table} where tableoid::text || ctid::text = any ($1)"));
        let kind = match self.attempt {
            Attempt::Select { .. } => ProbeKind::Count,
            _ => ProbeKind::Run,
        };
        Probe {
            setup: self.setup.clone(),
            count,
            persona: Some(self.put_on.clone()),
            statement: self.statement(),
            kind,
            left,
        }
    }

    /// The statement that the persona runs.
    pub(super) fn statement(&self) -> String {
        let table = &self.table;
        let condition = self.filter.as_ref().map_or_else(String::new, |it| format!(" where ({it}\n)"));
        let condition = |blind: bool| if blind { "" } else { condition.as_str() };
        let mut sql = String::new();
        // Writing to a string cannot fail, here and below.
        let _ = match &self.attempt {
            Attempt::Select { columns } if columns.is_empty() => {
                write!(sql, "select count(*) from {table}{}", condition(false))
            }
            Attempt::Select { columns } => {
                write!(
                    sql,
                    "select count(*) from (select {} from {table}{} offset 0) as seen",
                    columns.join(", "),
                    condition(false)
                )
            }
            Attempt::Insert { values: Inserted::Sql(row), .. } => write!(sql, "insert into {table} {row}"),
            Attempt::Insert { values: Inserted::Values(values), .. } if values.is_empty() => {
                write!(sql, "insert into {table} default values")
            }
            Attempt::Insert { values: Inserted::Values(values), .. } => {
                let (columns, values): (Vec<&str>, Vec<&str>) =
                    values.iter().map(|(column, value)| (column.as_str(), value.as_str())).unzip();
                write!(sql, "insert into {table} ({}) values ({})", columns.join(", "), values.join(", "))
            }
            Attempt::Update { set, blind, .. } => {
                let set: Vec<String> = set.iter().map(|(column, value)| format!("{column} = {value}")).collect();
                write!(sql, "update {table} set {}{}", set.join(", "), condition(*blind))
            }
            Attempt::Delete { blind, .. } => write!(sql, "delete from {table}{}", condition(*blind)),
        };
        if let Attempt::Insert { on_conflict: Some(conflict), .. } = &self.attempt {
            let _ = write!(sql, " on conflict {conflict}");
        }
        match &self.attempt {
            Attempt::Insert { returning, .. }
            | Attempt::Update { returning, .. }
            | Attempt::Delete { returning, .. }
                if !returning.is_empty() =>
            {
                let _ = write!(sql, " returning {}", returning.join(", "));
            }
            _ => {}
        }
        sql
    }

    /// All of it, to be run by hand.
    pub(super) fn script(&self) -> String {
        let setup =
            self.setup.as_ref().map_or_else(String::new, |it| format!("{};\n", it.trim_end().trim_end_matches(';')));
        format!("begin;\n{setup}{}{};\nrollback;", self.put_on, self.statement())
    }
}
