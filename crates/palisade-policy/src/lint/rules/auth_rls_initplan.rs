//! `auth_rls_initplan`

use crate::Oid;
use crate::expr::Expr;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::recursion::Recursion;
use crate::rewrite::wrap_calls;
use palisade_sql::quote_ident;

pub(crate) const RULE: Rule = Rule {
    id: "auth_rls_initplan",
    severity: Severity::Warning,
    why: "Called once for every row instead of once for the statement.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    let recursion = Recursion::new(scope.access);
    for (table, policy) in scope.policies() {
        let is_session = |function: Oid| {
            scope.facts().functions.get(&function).is_some_and(|it| {
                scope.access.bodies.session().contains(&function)
                    && (it.schema == "auth" || it.schema == "pg_catalog" && it.name == "current_setting")
            })
        };
        let mut names: Vec<String> = Vec::new();
        for condition in policy.conditions() {
            for function in bare_calls(&condition.expr).into_iter().filter(|it| is_session(*it)) {
                let name = scope.facts().functions.get(&function).map(|it| match it.schema.as_str() {
                    "pg_catalog" => it.name.clone(),
                    schema => format!("{schema}.{}", it.name),
                });
                names.extend(name);
            }
        }
        names.sort();
        names.dedup();
        if names.is_empty() {
            continue;
        }
        let message = format!("{}() is called for every row: `(select {0}())` is called once", names.join("(), "));
        let mut one = Found::new(table.qualified(), message).policy(&policy.name);
        // A sub-select makes the policy one that counts for recursion.
        let roles = scope.roles_of(table);
        if !roles.iter().any(|it| recursion.would_recurse(*it, table.oid, policy)) {
            let clause = |word: &str, it: &Option<crate::facts::Condition>| {
                it.as_ref().map_or_else(String::new, |it| format!(" {word} ({})", wrap_calls(&it.sql, &names)))
            };
            one = one.fix(format!(
                "alter policy {} on {}{}{};",
                quote_ident(&policy.name),
                table.quoted(),
                clause("using", &policy.using),
                clause("with check", &policy.with_check)
            ));
        }
        found.push(one);
    }
}

/// Functions that are called where there are rows: anywhere but in a sub-select that reads none.
fn bare_calls(expr: &Expr) -> Vec<Oid> {
    let mut bare = Vec::new();
    collect(expr, &mut bare);
    bare
}

fn collect(expr: &Expr, bare: &mut Vec<Oid>) {
    if let Expr::Call { function, cast: false, .. } = expr {
        bare.push(*function);
    }
    for part in expr.parts() {
        collect(part, bare);
    }
    if let Expr::SubLink { query, .. } = expr
        && query.single_value().is_none()
    {
        query.walk_queries(&mut |query, _| {
            if query.single_value().is_none() {
                query.parts().for_each(|it| collect_flat(it, bare));
            }
        });
    }
}

/// As [`collect`], without the queries in it: they are visited for themselves.
fn collect_flat(expr: &Expr, bare: &mut Vec<Oid>) {
    if let Expr::Call { function, cast: false, .. } = expr {
        bare.push(*function);
    }
    expr.parts().into_iter().for_each(|it| collect_flat(it, bare));
}
