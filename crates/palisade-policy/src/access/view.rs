//! Views: what is behind them decides.

use crate::Oid;
use crate::access::Access;
use crate::access::cell::{AccessCommand, Cell, Verdict, Why};
use crate::expr::{Query, RangeEntry};
use crate::facts::{Relation, RelationKind};
use std::collections::BTreeSet;

/// More views in views than this are no design.
const DEEPEST: usize = 32;

impl Access<'_> {
    /// The relations that a view reads directly.
    pub fn behind(&self, view: Oid) -> BTreeSet<Oid> {
        let mut all = BTreeSet::new();
        for query in self.facts.views.get(&view).into_iter().flatten() {
            query.walk_queries(&mut |it, _| all.extend(it.tables().map(|(_, it)| it)));
        }
        all
    }

    /// In whose name a view reads what is behind it, if `caller` runs the statement, through other views or not.
    pub fn reader(&self, caller: Oid, view: &Relation) -> Oid {
        if view.security_invoker { caller } else { view.owner }
    }

    pub(crate) fn through_view(&self, caller: Oid, view: &Relation, mut cell: Cell, depth: usize) -> Cell {
        let reader = self.reader(caller, view);
        if cell.command.policy_command().is_none() {
            cell.verdict = Verdict::None;
            cell.why = Why::NotUpdatable;
            return cell;
        }
        let bases: Vec<&Relation> = if cell.command == AccessCommand::Select {
            self.behind(view.oid)
        } else {
            self.written(view.oid).into_iter().collect()
        }
        .into_iter()
        .filter_map(|it| self.facts.relations.get(&it))
        .collect();
        if bases.is_empty() && cell.command != AccessCommand::Select {
            let instead = self.facts.triggers.iter().any(|it| it.relation == view.oid);
            cell.verdict = if instead { Verdict::All } else { Verdict::None };
            cell.why = if instead { Why::View } else { Why::NotUpdatable };
            return cell;
        }
        let mut verdicts = Vec::new();
        for base in bases {
            let behind = self.behind_view((caller, reader), base, cell.command, depth);
            if matches!(behind.why, Why::NoPrivilege | Why::NoSchemaUsage | Why::BaseDenied) {
                cell.verdict = Verdict::None;
                cell.why = Why::BaseDenied;
                return cell;
            }
            let bypassed = base.row_security && matches!(behind.why, Why::Owner | Why::Superuser | Why::Bypasses);
            if bypassed && !view.security_invoker || behind.why == Why::DefinerView {
                cell.why = Why::DefinerView;
            }
            verdicts.push(behind.verdict);
        }
        let (least, most) = (verdicts.iter().min().copied(), verdicts.iter().max().copied());
        cell.verdict = match (least, most) {
            (Some(least), Some(most)) if least == most => least,
            (Some(_), Some(_)) => Verdict::Some,
            _ => Verdict::All,
        };
        cell
    }

    /// A view needs no `USAGE` on schemas: names are resolved already.
    fn behind_view(&self, (caller, reader): (Oid, Oid), base: &Relation, command: AccessCommand, depth: usize) -> Cell {
        let mut cell = Cell {
            role: self.facts.role_name(reader),
            table: base.qualified(),
            command,
            verdict: Verdict::None,
            why: Why::NoPrivilege,
            columns: None,
            rows: None,
            targeted_rows: None,
            check: None,
        };
        if matches!(self.rights.on_relation(reader, base, command.privilege()), super::rights::Held::Nothing) {
            return cell;
        }
        cell.verdict = Verdict::All;
        match self.bypass(reader, base, command) {
            Some(Why::View) if depth < DEEPEST => {
                cell.why = Why::View;
                self.through_view(caller, base, cell, depth + 1)
            }
            Some(why) => {
                cell.why = why;
                cell
            }
            // `current_user` stays the caller in a view.
            None => self.filtered(reader, base, cell, None),
        }
    }

    /// The one relation that writing to a view writes to, if it is [updatable by itself][docs].
    ///
    /// [docs]: https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS
    fn written(&self, view: Oid) -> Option<Oid> {
        let [query] = self.facts.views.get(&view)?.as_slice() else { return None };
        let Query { common, aggregates, groups, combines, limit, relations, .. } = query;
        if !common.is_empty() || *aggregates || *groups || *combines || limit.is_some() {
            return None;
        }
        let mut from = relations.iter().filter(|it| !matches!(it, RangeEntry::Relation { in_from: false, .. }));
        match (from.next(), from.next()) {
            (Some(RangeEntry::Relation { relation, .. }), None) => {
                let kind = self.facts.relations.get(relation)?.kind;
                (kind != RelationKind::Materialized).then_some(*relation)
            }
            _ => None,
        }
    }
}
