//! How policies are put together.
//!
//! The [rule](https://www.postgresql.org/docs/current/sql-createpolicy.html): a row is admitted if one of the permissive policies
//! admits it and all restrictive ones do; without a permissive one, none is.

use crate::access::cell::{Predicate, Verdict};
use crate::expr::Expr;
use crate::facts::{Condition, Policy};
use crate::formula::{Ref, Space, Truth, View};
use std::collections::BTreeSet;

/// The conditions of several policies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Composed<'f> {
    /// One of these must be true.
    pub(crate) permissive: Vec<(&'f Policy, Option<&'f Condition>)>,
    /// All of these must be true.
    pub(crate) restrictive: Vec<(&'f Policy, Option<&'f Condition>)>,
    /// What else must be true: the conditions of another command.
    also: Vec<Composed<'f>>,
}

impl<'f> Composed<'f> {
    pub(crate) fn of(
        policies: impl Iterator<Item = &'f Policy>,
        condition: impl Fn(&'f Policy) -> Option<&'f Condition>,
    ) -> Self {
        let (permissive, restrictive) = policies.map(|it| (it, condition(it))).partition(|(it, _)| it.permissive);
        Self { permissive, restrictive, also: Vec::new() }
    }

    /// Whether both are made of the same conditions.
    pub(crate) fn is_same(&self, other: &Composed<'_>) -> bool {
        let exprs = |policies: &[(&Policy, Option<&Condition>)]| -> BTreeSet<Option<Expr>> {
            policies.iter().map(|(_, it)| it.map(|it| it.expr.clone())).collect()
        };
        exprs(&self.permissive) == exprs(&other.permissive)
            && exprs(&self.restrictive) == exprs(&other.restrictive)
            && self.also.is_empty()
            && other.also.is_empty()
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.also.push(other.clone());
        both
    }

    /// When the whole is true.
    pub(crate) fn truth(&self, space: &mut Space<'_>, view: View<'_>) -> Truth {
        // A policy without this condition neither admits nor takes away anything with it.
        let mut of = |it: &Condition| space.truth(&it.expr, view);
        let permissive: Vec<Truth> = self.permissive.iter().filter_map(|(_, it)| it.map(&mut of)).collect();
        let mut parts: Vec<Truth> = self.restrictive.iter().filter_map(|(_, it)| it.map(&mut of)).collect();
        parts.push(space.or(permissive));
        for other in &self.also {
            parts.push(other.truth(space, view));
        }
        space.and(parts)
    }

    /// Whether that is always, sometimes or never.
    pub(crate) fn verdict(&self, space: &mut Space<'_>, view: View<'_>) -> Verdict {
        let truth = self.truth(space, view);
        let not = space.bdd.without(Ref::TRUE, truth.is_true);
        if !space.can_be(truth.is_true) {
            Verdict::None
        } else if space.can_be(not) {
            Verdict::Some
        } else {
            Verdict::All
        }
    }

    pub(crate) fn predicate(&self) -> Predicate {
        let mut policies = Vec::new();
        self.names(&mut policies);
        Predicate { sql: self.sql(), policies }
    }

    fn names(&self, names: &mut Vec<String>) {
        for (policy, _) in self.permissive.iter().chain(&self.restrictive) {
            if !names.contains(&policy.name) {
                names.push(policy.name.clone());
            }
        }
        self.also.iter().for_each(|it| it.names(names));
    }

    /// As SQL, without parts that decide nothing.
    fn sql(&self) -> String {
        let is_true = |it: Option<&Condition>| it.is_some_and(|it| it.expr == Expr::TRUE);
        let text = |(_, it): &(&Policy, Option<&Condition>)| it.map(|it| it.sql.clone());
        let mut parts = Vec::new();
        if self.permissive.iter().all(|(_, it)| it.is_none()) {
            return "false".to_owned();
        }
        if !self.permissive.iter().any(|(_, it)| is_true(*it)) {
            let mut any: Vec<String> = self.permissive.iter().filter_map(text).collect();
            any.dedup();
            parts.push(joined(&any, "OR"));
        }
        parts.extend(self.restrictive.iter().filter(|(_, it)| !is_true(*it)).filter_map(text));
        for other in self.also.iter().map(Self::sql).filter(|it| it != "true") {
            if !parts.contains(&other) {
                parts.push(other);
            }
        }
        if parts.is_empty() { "true".to_owned() } else { joined(&parts, "AND") }
    }
}

/// The server puts conditions with an operator in parentheses, and others need none.
fn joined(parts: &[String], word: &str) -> String {
    let [only] = parts else { return format!("({})", parts.join(&format!(" {word} "))) };
    only.clone()
}
