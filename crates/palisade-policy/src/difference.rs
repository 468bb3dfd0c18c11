//! Who can do more or less in one database than in another, in words.

mod clause;
mod doors;

use crate::Oid;
use crate::access::{Access, AccessCommand, Cell, Verdict, concerned_roles};
use crate::facts::{Facts, Names, PolicyCommand, Relation};
use clause::{Clause, compare};
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

/// Which way access has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Every row reached is one that was reached before.
    Narrowed,
    /// It cannot be told: what was changed is not looked into.
    Unknown,
    /// Some rows are reached that were not, and some are not any more.
    Both,
    /// Every row that was reached is reached still, and others are, too.
    Widened,
}

impl Direction {
    /// Whether somebody may reach more than before.
    pub fn may_widen(self) -> bool {
        self != Self::Narrowed
    }

    /// `WIDENED`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Narrowed => "narrowed",
            Self::Unknown => "UNKNOWN",
            Self::Both => "WIDENED AND NARROWED",
            Self::Widened => "WIDENED",
        }
    }
}

/// One change of what a role can do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AccessChange {
    /// The role.
    pub role: String,
    /// `schema.name`
    pub table: String,
    /// The command.
    pub command: AccessCommand,
    /// Which way.
    pub direction: Direction,
    /// For people, without a sign in front.
    pub text: String,
}

impl fmt::Display for AccessChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.direction {
            _ if self.text.contains(" may no longer ") => '-',
            _ if self.text.contains(" may ") => '+',
            Direction::Narrowed => '~',
            Direction::Unknown => '?',
            Direction::Both | Direction::Widened => '!',
        };
        write!(f, "{sign} {}", self.text)
    }
}

/// What of the two databases is compared.
#[derive(Debug, Clone)]
pub struct Compare<'a> {
    /// These relations, as `schema.name`.
    pub tables: &'a BTreeSet<String>,
    /// Only these roles; without any, those that have to do with the relations.
    pub roles: &'a [String],
    /// The roles of the application.
    pub application: &'a [String],
}

/// What roles can do in `to` otherwise than in `from`: what may have been widened first.
pub fn access_difference(from: &Facts, to: &Facts, what: &Compare<'_>) -> Vec<AccessChange> {
    let names = Names::default();
    let (from, to) = (names.translate(from), names.translate(to));
    let (before, after) = (Access::new(&from), Access::new(&to));
    let relations: BTreeSet<Oid> = [&from, &to]
        .iter()
        .flat_map(|it| it.relations.values())
        .filter(|it| what.tables.contains(&it.qualified()))
        .map(|it| it.oid)
        .collect();
    let relations: Vec<Oid> = relations.into_iter().collect();
    let roles: BTreeSet<Oid> = [&from, &to]
        .iter()
        .flat_map(|facts| {
            let named = |names: &[String]| -> Vec<Oid> { names.iter().filter_map(|it| facts.role_named(it)).collect() };
            if what.roles.is_empty() {
                concerned_roles(facts, &relations, &named(what.application))
            } else {
                named(what.roles)
            }
        })
        .collect();
    let mut changes = Vec::new();
    for relation in &relations {
        let (old, new) = (from.relations.get(relation), to.relations.get(relation));
        for role in &roles {
            for command in AccessCommand::ALL {
                changes.extend(change(&Side::new(&before, old, *role), &Side::new(&after, new, *role), command));
            }
        }
    }
    let roles: Vec<Oid> = roles.into_iter().collect();
    changes.extend(doors::changes(&before, &after, &roles, &relations));
    changes
        .sort_by(|a, b| (b.direction, &a.table, &a.role, a.command).cmp(&(a.direction, &b.table, &b.role, b.command)));
    changes
}

/// One relation of one database in the eyes of one role.
struct Side<'a, 'f> {
    access: &'a Access<'f>,
    relation: Option<&'f Relation>,
    role: Oid,
}

impl<'a, 'f> Side<'a, 'f> {
    fn new(access: &'a Access<'f>, relation: Option<&'f Relation>, role: Oid) -> Self {
        Self { access, relation, role }
    }

    fn cell(&self, command: AccessCommand) -> Option<Cell> {
        Some(self.access.cell(self.role, self.relation?, command))
    }

    /// The rows that are reached, and the new rows that may be made.
    fn clauses(&self, cell: Option<&Cell>, command: AccessCommand) -> (Clause<'f>, Clause<'f>) {
        let (Some(cell), Some(relation)) = (cell, self.relation) else { return (Clause::Never, Clause::Never) };
        let writes = matches!(command, AccessCommand::Insert | AccessCommand::Update);
        if cell.verdict == Verdict::None {
            return (Clause::Never, Clause::Never);
        }
        let Some(policy_command) = command.policy_command().filter(|_| cell.rows.is_some() || cell.check.is_some())
        else {
            let all = Clause::of(cell.verdict);
            return (
                if command == AccessCommand::Insert { Clause::Never } else { all.clone() },
                if writes { all } else { Clause::Never },
            );
        };
        let rows = if policy_command == PolicyCommand::Insert {
            Clause::Never
        } else {
            Clause::Composed(self.access.rows(self.role, relation.oid, policy_command))
        };
        let check = if writes {
            Clause::Composed(self.access.checks(self.role, relation.oid, policy_command))
        } else {
            Clause::Never
        };
        (rows, check)
    }
}

fn change(before: &Side<'_, '_>, after: &Side<'_, '_>, command: AccessCommand) -> Option<AccessChange> {
    let (old, new) = (before.cell(command), after.cell(command));
    let named = new.as_ref().or(old.as_ref())?;
    let (role, table) = (named.role.clone(), named.table.clone());
    let reaches = |it: &Option<Cell>| it.as_ref().is_some_and(|it| it.verdict != Verdict::None);
    let made =
        |direction, text| Some(AccessChange { role: role.clone(), table: table.clone(), command, direction, text });
    let word = command.as_str();
    match (reaches(&old), reaches(&new)) {
        (false, false) => None,
        (false, true) => made(
            Direction::Widened,
            format!("{role} may {word} {table}{}", new.as_ref().map(which).unwrap_or_default()),
        ),
        (true, false) => made(Direction::Narrowed, format!("{role} may no longer {word} {table}")),
        (true, true) => {
            let (old, new) = (old?, new?);
            let mut parts = Vec::new();
            let (old_rows, old_check) = before.clauses(Some(&old), command);
            let (new_rows, new_check) = after.clauses(Some(&new), command);
            let relation = after.relation?.oid;
            let facts = (before.access.facts, after.access.facts);
            if let Some(direction) = compare(&old_rows, &new_rows, relation, &role, facts) {
                let text = match (&old.rows, &new.rows) {
                    (None, None) => format!("{} rows, before {}", new.verdict.as_str(), old.verdict.as_str()),
                    (old, new) => clauses("rows", old.as_ref().map(|it| &it.sql), new.as_ref().map(|it| &it.sql)),
                };
                parts.push((direction, text));
            }
            if let Some(direction) = compare(&old_check, &new_check, relation, &role, facts) {
                let lost = clause::lost_binding(&old_check, &new_check, relation, before.access, after.access);
                let text = match lost {
                    Some(columns) => format!("new rows no longer bound to {columns}"),
                    None => {
                        clauses("new rows", old.check.as_ref().map(|it| &it.sql), new.check.as_ref().map(|it| &it.sql))
                    }
                };
                parts.push((direction, text));
            }
            parts.extend(columns(&old, &new));
            let view = |it: &Side<'_, '_>| {
                let definition = it.access.facts.view_definitions.get(&relation).cloned();
                definition.zip(it.relation.map(|it| it.security_invoker))
            };
            if view(before) != view(after) {
                parts.push((Direction::Unknown, "the view selects something else, or as somebody else".to_owned()));
            }
            if old.verdict != new.verdict && parts.is_empty() {
                let direction = if old.verdict < new.verdict { Direction::Widened } else { Direction::Narrowed };
                parts.push((direction, format!("{} rows, {} before", new.verdict.as_str(), old.verdict.as_str())));
            }
            let direction = parts.iter().map(|(it, _)| *it).reduce(together)?;
            let texts: Vec<&str> = parts.iter().map(|(_, it)| it.as_str()).collect();
            made(direction, format!("{role} {word} {table}: {} ({})", texts.join("; "), direction.as_str()))
        }
    }
}

fn together(left: Direction, right: Direction) -> Direction {
    match (left, right) {
        (left, right) if left == right => left,
        (Direction::Unknown, _) | (_, Direction::Unknown) => Direction::Unknown,
        _ => Direction::Both,
    }
}

/// Which rows, behind what a role may do.
fn which(cell: &Cell) -> String {
    let mut text = String::new();
    if let Some(columns) = &cell.columns {
        let _ = write!(text, " ({})", columns.join(", "));
    }
    match (&cell.rows, &cell.check) {
        _ if cell.verdict == Verdict::All => text.push_str(", all rows"),
        (Some(rows), _) => {
            let _ = write!(text, " where {}", rows.sql);
        }
        (None, Some(check)) => {
            let _ = write!(text, " if the new row has {}", check.sql);
        }
        (None, None) => {}
    }
    text
}

fn clauses(what: &str, old: Option<&String>, new: Option<&String>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if old == new => {
            format!("{what} where {new}, in which a function does something else now")
        }
        (Some(old), Some(new)) => format!("{what} where {new}, before where {old}"),
        (None, Some(new)) => format!("{what} where {new}, before all"),
        (Some(old), None) => format!("all {what}, before where {old}"),
        (None, None) => format!("other {what}"),
    }
}

/// Rights on columns are all or some.
fn columns(old: &Cell, new: &Cell) -> Option<(Direction, String)> {
    match (&old.columns, &new.columns) {
        (old, new) if old == new => None,
        (Some(old), None) => Some((Direction::Widened, format!("all columns, before {}", old.join(", ")))),
        (None, Some(new)) => Some((Direction::Narrowed, format!("columns {}, before all", new.join(", ")))),
        (None, None) => None,
        (Some(old), Some(new)) => {
            let is_in = |these: &[String], those: &[String]| these.iter().all(|it| those.contains(it));
            let direction = match (is_in(old, new), is_in(new, old)) {
                (true, _) => Direction::Widened,
                (false, true) => Direction::Narrowed,
                (false, false) => Direction::Both,
            };
            Some((direction, format!("columns {}, before {}", new.join(", "), old.join(", "))))
        }
    }
}
