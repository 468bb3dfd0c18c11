//! The same expression with other numbers.

use crate::Oid;
use crate::expr::{ColumnRef, Expr, Query, RangeEntry, Target, Value};
use std::collections::BTreeMap;

/// What each number becomes.
pub(crate) trait Renumber {
    /// A relation that a query reads.
    fn relation(&self, oid: Oid) -> Oid;
    fn function(&self, oid: Oid) -> Oid;
    fn operator(&self, oid: Oid) -> Oid;
    fn data_type(&self, oid: Oid) -> Oid;
    fn column(&self, relation: Oid, column: i32) -> i32;
}

/// The relations of the queries around an expression, innermost last; none for what is no relation.
type Around = Vec<Vec<Option<Oid>>>;

impl Expr {
    /// The expression with other numbers; `table` is the one that it belongs to.
    pub(crate) fn renumbered(&self, table: Oid, to: &impl Renumber) -> Self {
        renumber(self, &mut vec![vec![Some(table)]], to)
    }

    /// Visits constants of types of users.
    pub(crate) fn for_each_enum_value(&mut self, types: &BTreeMap<Oid, String>, visit: &mut impl FnMut(&mut Value)) {
        let mut named = NamedValues { types, visit };
        named.expr(self);
    }
}

struct NamedValues<'a, F> {
    types: &'a BTreeMap<Oid, String>,
    visit: &'a mut F,
}

impl<F: FnMut(&mut Value)> NamedValues<'_, F> {
    fn expr(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Const { data_type, value } => {
                if self.types.contains_key(data_type) {
                    (self.visit)(value);
                }
            }
            Expr::Column(_) | Expr::Session(_) => {}
            Expr::Call { args, .. }
            | Expr::Operator { args, .. }
            | Expr::And(args)
            | Expr::Or(args)
            | Expr::Coalesce(args)
            | Expr::Array(args)
            | Expr::Other { args, .. } => args.iter_mut().for_each(|it| self.expr(it)),
            Expr::Distinct { args, .. } | Expr::InArray { args, .. } => args.iter_mut().for_each(|it| self.expr(it)),
            Expr::Not(arg) | Expr::IsNull { arg, .. } | Expr::Truth { arg, .. } | Expr::Cast { arg, .. } => {
                self.expr(arg);
            }
            Expr::Case { arg, branches, otherwise } => {
                if let Some(it) = arg {
                    self.expr(it);
                }
                for (condition, result) in branches {
                    self.expr(condition);
                    self.expr(result);
                }
                self.expr(otherwise);
            }
            Expr::SubLink { test, query, .. } => {
                if let Some(it) = test {
                    self.expr(it);
                }
                self.query(query);
            }
        }
    }

    fn query(&mut self, query: &mut Query) {
        query.common.iter_mut().for_each(|(_, it)| self.query(it));
        for entry in &mut query.relations {
            match entry {
                RangeEntry::Query(inner) => self.query(inner),
                RangeEntry::Functions(args) | RangeEntry::Other(args) | RangeEntry::Join(args) => {
                    for it in args {
                        self.expr(it);
                    }
                }
                RangeEntry::Relation { .. } | RangeEntry::CommonTable(_) => {}
            }
        }
        query.conditions.iter_mut().for_each(|it| self.expr(it));
        query.targets.iter_mut().for_each(|it| self.expr(&mut it.expr));
        query.form.iter_mut().for_each(|it| self.expr(it));
        query.others.iter_mut().for_each(|it| self.expr(it));
    }
}

fn renumber(expr: &Expr, around: &mut Around, to: &impl Renumber) -> Expr {
    let mut list = |args: &[Expr]| -> Vec<Expr> { args.iter().map(|it| renumber(it, around, to)).collect() };
    match expr {
        Expr::Const { data_type, value } => Expr::Const { data_type: to.data_type(*data_type), value: value.clone() },
        Expr::Column(it) => Expr::Column(column(*it, around, to)),
        Expr::Call { function, cast, args } => {
            Expr::Call { function: to.function(*function), cast: *cast, args: list(args) }
        }
        Expr::Operator { operator, function, args } => {
            Expr::Operator { operator: to.operator(*operator), function: to.function(*function), args: list(args) }
        }
        Expr::Distinct { operator, args } => {
            let [left, right] = &**args;
            let args = [renumber(left, around, to), renumber(right, around, to)];
            Expr::Distinct { operator: to.operator(*operator), args: Box::new(args) }
        }
        Expr::InArray { operator, function, any, args } => {
            let [left, right] = &**args;
            let args = [renumber(left, around, to), renumber(right, around, to)];
            let (operator, function) = (to.operator(*operator), to.function(*function));
            Expr::InArray { operator, function, any: *any, args: Box::new(args) }
        }
        Expr::And(args) => Expr::And(list(args)),
        Expr::Or(args) => Expr::Or(list(args)),
        Expr::Coalesce(args) => Expr::Coalesce(list(args)),
        Expr::Array(args) => Expr::Array(list(args)),
        Expr::Other { tag, args } => Expr::Other { tag: tag.clone(), args: list(args) },
        Expr::Not(arg) => Expr::Not(Box::new(renumber(arg, around, to))),
        Expr::IsNull { arg, negated } => Expr::IsNull { arg: Box::new(renumber(arg, around, to)), negated: *negated },
        Expr::Truth { arg, test } => Expr::Truth { arg: Box::new(renumber(arg, around, to)), test: *test },
        Expr::Cast { arg, data_type, relabels } => Expr::Cast {
            arg: Box::new(renumber(arg, around, to)),
            data_type: to.data_type(*data_type),
            relabels: *relabels,
        },
        Expr::Session(it) => Expr::Session(*it),
        Expr::Case { arg, branches, otherwise } => Expr::Case {
            arg: arg.as_ref().map(|it| Box::new(renumber(it, around, to))),
            branches: branches.iter().map(|(a, b)| (renumber(a, around, to), renumber(b, around, to))).collect(),
            otherwise: Box::new(renumber(otherwise, around, to)),
        },
        Expr::SubLink { kind, test, query } => Expr::SubLink {
            kind: *kind,
            test: test.as_ref().map(|it| Box::new(renumber(it, around, to))),
            query: Box::new(renumber_query(query, around, to)),
        },
    }
}

fn column(it: ColumnRef, around: &Around, to: &impl Renumber) -> ColumnRef {
    let query = around.len().checked_sub(1 + it.level).and_then(|index| around.get(index));
    let relation = query.and_then(|it2| it2.get(it.relation.checked_sub(1)?).copied().flatten());
    ColumnRef {
        column: relation.map_or(it.column, |relation| to.column(relation, it.column)),
        data_type: to.data_type(it.data_type),
        ..it
    }
}

fn renumber_query(query: &Query, around: &mut Around, to: &impl Renumber) -> Query {
    let relation = |it: &RangeEntry| match it {
        RangeEntry::Relation { relation, .. } => Some(*relation),
        _ => None,
    };
    around.push(query.relations.iter().map(relation).collect());
    let exprs = |args: &[Expr], around: &mut Around| args.iter().map(|it| renumber(it, around, to)).collect::<Vec<_>>();
    let mut relations = Vec::new();
    for entry in &query.relations {
        relations.push(match entry {
            RangeEntry::Relation { relation, name, in_from } => {
                RangeEntry::Relation { relation: to.relation(*relation), name: name.clone(), in_from: *in_from }
            }
            RangeEntry::Query(inner) => RangeEntry::Query(Box::new(renumber_query(inner, around, to))),
            RangeEntry::Functions(args) => RangeEntry::Functions(exprs(args, around)),
            RangeEntry::Join(args) => RangeEntry::Join(exprs(args, around)),
            RangeEntry::CommonTable(name) => RangeEntry::CommonTable(name.clone()),
            RangeEntry::Other(args) => RangeEntry::Other(exprs(args, around)),
        });
    }
    let renumbered = Query {
        command: query.command,
        result: query.result,
        common: query.common.iter().map(|(name, it)| (name.clone(), renumber_query(it, around, to))).collect(),
        relations,
        conditions: exprs(&query.conditions, around),
        targets: query
            .targets
            .iter()
            .map(|it| Target {
                name: it.name.clone(),
                expr: renumber(&it.expr, around, to),
                sort: it.sort,
                junk: it.junk,
            })
            .collect(),
        others: exprs(&query.others, around),
        form: exprs(&query.form, around),
        sets: query.sets,
        aggregates: query.aggregates,
        groups: query.groups,
        combines: query.combines,
        limit: query.limit,
    };
    around.pop();
    renumbered
}

/// A query that stands in no other one, with other numbers.
pub(crate) fn renumbered_query(query: &Query, to: &impl Renumber) -> Query {
    renumber_query(query, &mut Vec::new(), to)
}
