//! Policies that lead back to their own table.
//!
//! The server puts the policies of a table into a query, then those of every table that they read, and so on. A table that it meets
//! again [on that way][source] is an error, 42P17, if one of the policies used there has a sub-select, in USING or in WITH CHECK, used
//! or not. Functions are not looked into: what they read begins a way of its own when they run, and going in circles there ends at the
//! limit of the stack, 54001.
//!
//! [source]: https://github.com/postgres/postgres/blob/master/src/backend/rewrite/rewriteHandler.c

use crate::Oid;
use crate::access::Access;
use crate::expr::Expr;
use crate::facts::{Policy, PolicyCommand, RelationKind};
use std::collections::BTreeSet;

/// What a way leads through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Through {
    /// Sub-selects of policies only.
    SubSelects,
    /// At least one function.
    Functions,
}

/// A way that leads back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// The statement that fails.
    pub(crate) command: PolicyCommand,
    /// As whom.
    pub(crate) role: Oid,
    /// A policy of the table that begins it.
    pub(crate) policy: String,
    /// The tables on the way; the first or a later one comes again at the end.
    pub(crate) tables: Vec<Oid>,
    /// A function on the way.
    pub(crate) function: Option<Oid>,
}

/// A way through sub-selects.
struct Way {
    /// Who runs the statement: views with `security_invoker` read as them, wherever they stand.
    caller: Oid,
    tables: Vec<Oid>,
}

impl Way {
    fn of(caller: Oid) -> Self {
        Self { caller, tables: Vec::new() }
    }
}

/// A table on a way through functions.
struct Step {
    table: Oid,
    /// Who reads it.
    user: Oid,
    command: PolicyCommand,
    /// Which function of its policies leads further.
    function: Option<Oid>,
}

/// Follows policies.
#[derive(Debug)]
pub(crate) struct Recursion<'a, 'f> {
    access: &'a Access<'f>,
}

const COMMANDS: [PolicyCommand; 4] =
    [PolicyCommand::Select, PolicyCommand::Insert, PolicyCommand::Update, PolicyCommand::Delete];

impl<'a, 'f> Recursion<'a, 'f> {
    pub(crate) fn new(access: &'a Access<'f>) -> Self {
        Self { access }
    }

    /// The way back that some statement of a role on a table takes.
    pub(crate) fn of_table(&self, role: Oid, table: Oid, through: Through) -> Option<Cycle> {
        COMMANDS.into_iter().find_map(|command| {
            let (tables, function) = match through {
                Through::SubSelects => (self.sub_selects(role, table, command, None, &mut Way::of(role))?, None),
                Through::Functions => self.functions(role, table, command, &mut Vec::new())?,
            };
            let policies = self.used(role, table, command);
            let reads =
                policies.iter().find(|it| it.conditions().any(|it| it.expr.has_sub_select()) || function.is_some());
            let policy = reads.or(policies.first()).map(|it| it.name.clone()).unwrap_or_default();
            Some(Cycle { command, role, policy, tables, function })
        })
    }

    /// The tables on the way back that a statement takes which reads no column.
    pub(crate) fn of_statement(&self, role: Oid, table: Oid, command: PolicyCommand) -> Option<Vec<Oid>> {
        let policies: Vec<&Policy> = self.access.policies(role, table, command).collect();
        if !policies.iter().any(|it| it.conditions().any(|it| it.expr.has_sub_select())) {
            return None;
        }
        let read: BTreeSet<Oid> = Self::conditions(&policies, command).into_iter().flat_map(Expr::relations).collect();
        let mut way = Way { caller: role, tables: vec![table] };
        read.into_iter().find_map(|it| self.sub_selects(role, it, PolicyCommand::Select, None, &mut way))
    }

    /// Whether a statement on the table would fail if one more of its policies had a sub-select, and does not now.
    pub(crate) fn would_recurse(&self, role: Oid, table: Oid, policy: &Policy) -> bool {
        COMMANDS.into_iter().any(|command| {
            self.sub_selects(role, table, command, Some(policy), &mut Way::of(role)).is_some()
                && self.sub_selects(role, table, command, None, &mut Way::of(role)).is_none()
        })
    }

    /// The policies that a statement is given. One that reads a column is given those of SELECT as well.
    fn used(&self, role: Oid, table: Oid, command: PolicyCommand) -> Vec<&'f Policy> {
        let mut used: Vec<&Policy> = self.access.policies(role, table, command).collect();
        if command != PolicyCommand::Select {
            let select = self.access.policies(role, table, PolicyCommand::Select);
            used.extend(select.filter(|it| !used.iter().any(|known| std::ptr::eq(*known, *it))).collect::<Vec<_>>());
        }
        used
    }

    /// The conditions of these policies that a statement is given.
    fn conditions<'p>(policies: &[&'p Policy], command: PolicyCommand) -> Vec<&'p Expr> {
        let mut all = Vec::new();
        for policy in policies {
            let for_rows = command != PolicyCommand::Insert || policy.command.covers(PolicyCommand::Select);
            let for_new =
                matches!(command, PolicyCommand::Insert | PolicyCommand::Update) && policy.command.covers(command);
            all.extend(policy.using.iter().filter(|_| for_rows).map(|it| &it.expr));
            all.extend(policy.check().iter().filter(|_| for_new).map(|it| &it.expr));
        }
        all
    }

    fn sub_selects(
        &self,
        user: Oid,
        table: Oid,
        command: PolicyCommand,
        assumed: Option<&Policy>,
        way: &mut Way,
    ) -> Option<Vec<Oid>> {
        let relation = self.access.facts.relations.get(&table)?;
        if relation.kind == RelationKind::View {
            let reader = self.access.reader(way.caller, relation);
            if way.tables.contains(&table) {
                return None;
            }
            way.tables.push(table);
            let behind = self.access.behind(table);
            let found =
                behind.into_iter().find_map(|it| self.sub_selects(reader, it, PolicyCommand::Select, assumed, way));
            way.tables.pop();
            return found;
        }
        if !self.access.is_filtered(user, relation) {
            return None;
        }
        // Inner tables are read; the first one may be written by a statement that reads none of its columns.
        let policies: Vec<&Policy> = if way.tables.is_empty() && command == PolicyCommand::Insert {
            self.access.policies(user, table, command).collect()
        } else {
            self.used(user, table, command)
        };
        let assumed_here = |it: &Policy| assumed.is_some_and(|assumed| std::ptr::eq(assumed, it));
        let has = policies.iter().any(|it| assumed_here(it) || it.conditions().any(|it| it.expr.has_sub_select()));
        if !has {
            return None;
        }
        if way.tables.contains(&table) {
            return Some(way.tables.iter().copied().chain([table]).collect());
        }
        way.tables.push(table);
        let read: BTreeSet<Oid> = Self::conditions(&policies, command).into_iter().flat_map(Expr::relations).collect();
        let found = read.into_iter().find_map(|it| self.sub_selects(user, it, PolicyCommand::Select, assumed, way));
        way.tables.pop();
        found
    }

    #[allow(clippy::type_complexity, reason = "the way, and the function on it")]
    fn functions(
        &self,
        user: Oid,
        table: Oid,
        command: PolicyCommand,
        way: &mut Vec<Step>,
    ) -> Option<(Vec<Oid>, Option<Oid>)> {
        let relation = self.access.facts.relations.get(&table)?;
        if relation.kind == RelationKind::View {
            let reader = self.access.reader(user, relation);
            return self.access.behind(table).into_iter().find_map(|it| {
                let is_view = self.access.facts.relations.get(&it).is_some_and(|it| it.kind == RelationKind::View);
                if is_view { None } else { self.functions(reader, it, PolicyCommand::Select, way) }
            });
        }
        if !self.access.is_filtered(user, relation) {
            return None;
        }
        // The statement itself may write, and what it leads to reads: other policies.
        let same = |it: &Step| (it.table, it.user, it.command) == (table, user, command);
        if let Some(start) = way.iter().position(same) {
            let function = way[start..].iter().find_map(|it| it.function)?;
            let tables = way.iter().map(|it| it.table).chain([table]).collect();
            return Some((tables, Some(function)));
        }
        let policies = self.used(user, table, command);
        let conditions = Self::conditions(&policies, command);
        let read: BTreeSet<Oid> = conditions.iter().flat_map(|it| it.relations()).collect();
        way.push(Step { table, user, command, function: None });
        let mut found = read.into_iter().find_map(|it| self.functions(user, it, PolicyCommand::Select, way));
        way.pop();
        if found.is_none() {
            let called: BTreeSet<Oid> = conditions.iter().flat_map(|it| it.functions()).collect();
            for (function, read, reader) in self.read_by(&called, user) {
                way.push(Step { table, user, command, function: Some(function) });
                found = self.functions(reader, read, PolicyCommand::Select, way);
                way.pop();
                if found.is_some() {
                    break;
                }
            }
        }
        found
    }

    /// What functions read, those that they call included, and as whom.
    fn read_by(&self, called: &BTreeSet<Oid>, user: Oid) -> Vec<(Oid, Oid, Oid)> {
        let mut left: Vec<(Oid, Oid, Oid)> = called.iter().map(|it| (*it, *it, user)).collect();
        let (mut seen, mut reads) = (BTreeSet::new(), Vec::new());
        while let Some((first, function, user)) = left.pop() {
            let Some(known) = self.access.facts.functions.get(&function).filter(|_| seen.insert((function, user)))
            else {
                continue;
            };
            let user = if known.security_definer { known.owner } else { user };
            if let Some(body) = self.access.bodies.of(function) {
                reads.extend(body.reads.iter().map(|it| (first, *it, user)));
                left.extend(body.calls.iter().map(|it| (first, *it, user)));
            }
        }
        reads
    }
}
