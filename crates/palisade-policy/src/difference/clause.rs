//! Comparing what policies admit.

use crate::Oid;
use crate::access::{Access, Composed, Verdict};
use crate::difference::Direction;
use crate::expr::Expr;
use crate::facts::Facts;
use crate::formula::{Ref, Space, View};
use std::collections::BTreeSet;

/// Which rows.
#[derive(Debug, Clone)]
pub(crate) enum Clause<'f> {
    Never,
    Always,
    /// Some of which nothing is known.
    Opaque,
    Composed(Composed<'f>),
}

impl Clause<'_> {
    pub(crate) fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::None => Self::Never,
            Verdict::Some => Self::Opaque,
            Verdict::All => Self::Always,
        }
    }
}

/// Which way rows have changed; none if they are the same.
pub(crate) fn compare(
    old: &Clause<'_>,
    new: &Clause<'_>,
    relation: Oid,
    role: &str,
    (before, after): (&Facts, &Facts),
) -> Option<Direction> {
    if let (Clause::Composed(old), Clause::Composed(new)) = (old, new)
        && old.is_same(new)
    {
        return None;
    }
    let mut space = Space::new(before);
    let view = View { relation, role: Some(role), ..View::default() };
    let mut admitted = |it: &Clause<'_>| match it {
        Clause::Never => Some(Ref::FALSE),
        Clause::Always => Some(Ref::TRUE),
        Clause::Opaque => None,
        Clause::Composed(it) => Some(it.truth(&mut space, view).is_true),
    };
    let old = admitted(old);
    // What is never null may have changed; where either side knows it, only that side's condition relies on it.
    let mut admitted = |it: &Clause<'_>| match it {
        Clause::Never => Some(Ref::FALSE),
        Clause::Always => Some(Ref::TRUE),
        Clause::Opaque => None,
        Clause::Composed(it) => {
            space.turn_to(after);
            Some(it.truth(&mut space, view).is_true)
        }
    };
    let new = admitted(new);
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, None) => return None,
        (None, Some(new)) => return Some(if new == Ref::TRUE { Direction::Widened } else { Direction::Unknown }),
        (Some(old), None) => return Some(if old == Ref::TRUE { Direction::Narrowed } else { Direction::Unknown }),
    };
    match (space.implies(old, new), space.implies(new, old)) {
        (true, true) => None,
        (true, false) => Some(Direction::Widened),
        (false, true) => Some(Direction::Narrowed),
        (false, false) if space.bdd.is_overflown() => Some(Direction::Unknown),
        (false, false) => {
            let [old, new] = [old, new].map(|it| space.atoms(it).into_iter().collect::<BTreeSet<_>>());
            let opaque = old.symmetric_difference(&new).any(|(atom, _)| is_opaque(atom.expr(), before));
            Some(if opaque { Direction::Unknown } else { Direction::Both })
        }
    }
}

/// Whether two of this kind may be the same without looking the same. What only asks who calls is what it is.
fn is_opaque(expr: &Expr, facts: &Facts) -> bool {
    let says_who = |function: &Oid| {
        let known = facts.functions.get(function);
        known.is_some_and(|it| it.schema == "auth" || it.schema == "pg_catalog" && it.name == "current_setting")
    };
    let mut opaque = expr.has_sub_select();
    expr.walk(&mut |it, _| match it {
        Expr::Call { function, .. } => opaque |= !says_who(function),
        Expr::Cast { relabels, .. } => opaque |= !relabels,
        Expr::Other { .. } => opaque = true,
        _ => {}
    });
    opaque
}

/// The columns that bound new rows to the caller, if they do so no more.
pub(crate) fn lost_binding(
    old: &Clause<'_>,
    new: &Clause<'_>,
    relation: Oid,
    before: &Access<'_>,
    after: &Access<'_>,
) -> Option<String> {
    let binds = |clause: &Clause<'_>, access: &Access<'_>| match clause {
        Clause::Never => true,
        Clause::Always | Clause::Opaque => false,
        Clause::Composed(it) => {
            let mut space = Space::new(access.facts);
            let truth = it.truth(&mut space, View { relation, ..View::default() }).is_true;
            let unbound = space.without_atoms(truth, |it| access.bodies.mentions_caller(it));
            !space.can_be(unbound)
        }
    };
    if !binds(old, before) || binds(new, after) {
        return None;
    }
    let Clause::Composed(old) = old else { return None };
    let mut columns: BTreeSet<String> = BTreeSet::new();
    for (_, condition) in old.permissive.iter().chain(&old.restrictive) {
        let Some(condition) = condition else { continue };
        condition.expr.walk(&mut |it, depth| {
            if depth == 0
                && matches!(it, Expr::Operator { .. } | Expr::SubLink { .. } | Expr::InArray { .. })
                && before.bodies.mentions_caller(it)
            {
                let own = it.own_columns();
                columns
                    .extend(own.iter().filter_map(|it| before.facts.column(relation, *it)).map(|it| it.name.clone()));
            }
        });
    }
    if columns.is_empty() {
        Some("the caller".to_owned())
    } else {
        Some(columns.into_iter().collect::<Vec<_>>().join(", "))
    }
}
