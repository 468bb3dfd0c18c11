//! `permissive_always_true_write`

use crate::Oid;
use crate::expr::Expr;
use crate::facts::{Column, Condition, Policy, PolicyCommand, Relation};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::{COMMANDS, equality};
use crate::lint::scope::{Scope, drop_policy};
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "permissive_always_true_write",
    severity: Severity::Error,
    why: "Whoever the policy is for writes any row of anybody.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(table, it)| table.row_security && it.permissive) {
        let always = |it: &PolicyCommand| {
            let decisive = if *it == PolicyCommand::Insert { policy.check() } else { policy.using.as_ref() };
            decisive.is_some_and(|it| scope.is_always(&it.expr, table.oid))
        };
        let covered = COMMANDS.into_iter().filter(|it| *it != PolicyCommand::Select && policy.command.covers(*it));
        let writes: Vec<PolicyCommand> = covered.filter(always).collect();
        let open =
            |role: &Oid| writes.iter().any(|it| scope.may(*role, table, *it) && !has_floor(scope, table, *role, *it));
        let roles: Vec<Oid> =
            scope.subjects(policy).into_iter().filter(|it| scope.api.contains(it) && open(it)).collect();
        if roles.is_empty() {
            continue;
        }
        let names = scope.names(&roles);
        let message = if writes == [PolicyCommand::Insert] {
            format!("the check is always true: {names} may add rows in anybody's name")
        } else {
            format!("the condition is always true: {names} may {} every row", words(&writes))
        };
        let mut one = Found::new(table.qualified(), message).policy(&policy.name).role(names);
        if policy.roles.contains(&Oid::NONE) && policy.name.to_lowercase().contains("service") {
            let drop = drop_policy(table, policy);
            one = one.fix(format!("-- the service role bypasses row security and needs no policy\n{drop}"));
        } else if let Some(column) = owner_column(scope, table) {
            let own = format!("({} = (select auth.uid()))", quote_ident(column));
            let always = |it: &Option<Condition>| it.as_ref().is_some_and(|it| scope.is_always(&it.expr, table.oid));
            let using = if always(&policy.using) { format!(" using {own}") } else { String::new() };
            let check = if always(&policy.with_check) { format!(" with check {own}") } else { String::new() };
            let (name, on) = (quote_ident(&policy.name), table.quoted());
            one = one.fix(format!("-- if `{column}` is whose row it is\nalter policy {name} on {on}{using}{check};"));
        }
        found.push(one);
    }
}

/// The column that says whose row it is: one that a policy compares with the caller, or one that is called so.
fn owner_column<'f>(scope: &Scope<'_, 'f>, table: &'f Relation) -> Option<&'f str> {
    const NAMES: [&str; 7] = ["user_id", "owner_id", "owner", "author_id", "created_by", "profile_id", "uid"];
    scope.facts().functions.values().find(|it| it.schema == "auth" && it.name == "uid")?;
    let ids = || table.columns.iter().filter(|it| it.data_type == Oid::UUID);
    let conditions: Vec<&Condition> =
        scope.facts().policies_of(table.oid).iter().flat_map(crate::facts::Policy::conditions).collect();
    let compared = |column: &&Column| {
        conditions.iter().flat_map(|it| it.expr.conjuncts()).filter_map(|it| equality(scope.facts(), it)).any(
            |(left, right)| {
                [(left, right), (right, left)].iter().any(|(it, caller)| {
                    matches!(it, Expr::Column(it) if it.level == 0 && it.column == column.number)
                        && scope.access.bodies.mentions_caller(caller)
                })
            },
        )
    };
    let named = || NAMES.iter().find_map(|name| ids().find(|it| it.name == *name));
    ids().find(compared).or_else(named).map(|it| it.name.as_str())
}

fn words(commands: &[PolicyCommand]) -> String {
    commands.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether a restrictive policy narrows a write.
fn has_floor(scope: &Scope<'_, '_>, table: &Relation, role: Oid, command: PolicyCommand) -> bool {
    let floors = scope.access.policies(role, table.oid, command).filter(|it: &&Policy| !it.permissive);
    let decides = |it: &Policy| {
        let condition = if command == PolicyCommand::Insert { it.check() } else { it.using.as_ref() };
        condition.is_some_and(|it| !scope.is_always(&it.expr, table.oid))
    };
    floors.into_iter().any(decides)
}
