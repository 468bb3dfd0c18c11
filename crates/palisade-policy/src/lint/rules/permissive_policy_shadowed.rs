//! `permissive_policy_shadowed`

use crate::Oid;
use crate::expr::Expr;
use crate::facts::{Policy, PolicyCommand, Relation};
use crate::formula::View;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::COMMANDS;
use crate::lint::scope::{Scope, drop_policy};

pub(crate) const RULE: Rule = Rule {
    id: "permissive_policy_shadowed",
    severity: Severity::Error,
    why: "Permissive policies are alternatives: beside a wider one, a narrower one restricts nothing.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for table in scope.protected() {
        let policies: Vec<&Policy> = scope.facts().policies_of(table.oid).iter().filter(|it| it.permissive).collect();
        for policy in &policies {
            let subjects = subjects(scope, table, policy);
            if let Some(wider) = policies.iter().find(|it| shadows(scope, table, it, policy, subjects.as_deref())) {
                let message = format!(
                    "`{}` admits more for the same roles and commands, so that this policy restricts nothing",
                    wider.name
                );
                let fix = drop_policy(table, wider);
                let fix = format!("-- if the narrower one is meant\n{fix}");
                found.push(Found::new(table.qualified(), message).policy(&policy.name).fix(fix));
            }
        }
    }
}

/// Whether `wide` admits all that `narrow` does, to the same roles, and more.
fn shadows(scope: &Scope<'_, '_>, table: &Relation, wide: &Policy, narrow: &Policy, subjects: Option<&[Oid]>) -> bool {
    let for_all = wide.roles.contains(&Oid::NONE);
    let same_roles = for_all || subjects.is_some_and(|it| it.iter().all(|it| scope.access.binds(wide, *it)));
    let covered = wide.command == PolicyCommand::All || wide.command == narrow.command;
    if wide.name == narrow.name || !same_roles || !covered {
        return false;
    }
    let (mut any, mut more) = (false, false);
    for command in COMMANDS.into_iter().filter(|it| narrow.command.covers(*it)) {
        for (small, large) in sides(narrow, command).into_iter().zip(sides(wide, command)) {
            if !scope.implies(small, large, table.oid) {
                return false;
            }
            any = true;
            more |= !scope.implies(large, small, table.oid);
        }
    }
    any && more
}

/// The roles to which a policy gives something. Of everybody it is those with a token, if it admits nothing without one.
fn subjects(scope: &Scope<'_, '_>, table: &Relation, policy: &Policy) -> Option<Vec<Oid>> {
    if !policy.roles.contains(&Oid::NONE) {
        return Some(policy.roles.clone());
    }
    let mut space = scope.space();
    let session = Some(scope.access.bodies.session());
    let view = View { relation: table.oid, null_functions: session, null_proves_nothing: true, ..View::default() };
    let mut all = policy.conditions();
    let needs_caller = all.all(|it| {
        let without = space.truth(&it.expr, view).is_true;
        !space.can_be(without)
    });
    let with_token = scope.api.iter().filter(|it| scope.role(**it) != "anon").copied().collect();
    needs_caller.then_some(with_token)
}

/// The conditions that a policy has for a command.
fn sides(policy: &Policy, command: PolicyCommand) -> Vec<Option<&Expr>> {
    let rows = policy.using.as_ref().map(|it| &it.expr);
    let check = policy.check().map(|it| &it.expr);
    match command {
        PolicyCommand::Insert => vec![check],
        PolicyCommand::Update | PolicyCommand::All => vec![rows, check],
        PolicyCommand::Select | PolicyCommand::Delete => vec![rows],
    }
}
