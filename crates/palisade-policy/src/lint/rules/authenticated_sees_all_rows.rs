//! `authenticated_sees_all_rows`

use crate::expr::Expr;
use crate::expr::SessionValue;
use crate::expr::Value;
use crate::facts::PolicyCommand;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::equality;

pub(crate) const RULE: Rule = Rule {
    id: "authenticated_sees_all_rows",
    severity: Severity::Warning,
    why: "Anybody can sign up, anonymously too: being signed in says nothing about whose rows these are.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let rows = scope.policies().filter(|(_, it)| it.permissive && it.command != PolicyCommand::Insert);
    for (table, policy) in rows {
        let Some(using) = &policy.using else { continue };
        let whole = |part: &&Expr| part.conjuncts().iter().all(|it| is_signed_in(scope, it));
        if using.expr.disjuncts().iter().any(whole) {
            let message = "being signed in is the whole condition: whoever signs up sees the rows of everybody";
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}

/// Whether a condition only says that somebody is signed in.
fn is_signed_in(scope: &Scope<'_, '_>, expr: &Expr) -> bool {
    let says_who = |it: &Expr| scope.access.bodies.mentions_caller(it) && it.own_columns().is_empty() && !reads(it);
    if let Expr::IsNull { arg, negated: true } = expr.core() {
        return says_who(arg);
    }
    let is_name = |it: &Expr| matches!(it.value(), Some(Value::Text(text)) if text == "authenticated");
    let is_role = |it: &Expr| says_who(it) || matches!(it, Expr::Session(SessionValue::CurrentUser));
    equality(scope.facts(), expr.core())
        .is_some_and(|(left, right)| is_role(left) && is_name(right) || is_name(left) && is_role(right))
}

fn reads(expr: &Expr) -> bool {
    !expr.relations().is_empty()
}
