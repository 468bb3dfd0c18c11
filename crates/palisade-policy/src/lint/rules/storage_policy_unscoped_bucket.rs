//! `storage_policy_unscoped_bucket`

use crate::Oid;
use crate::expr::Expr;
use crate::formula::{Atom, View};
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "storage_policy_unscoped_bucket",
    severity: Severity::Warning,
    why: "All buckets are rows of one table: a policy without a bucket is about the files in each of them.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope
        .policies()
        .filter(|(table, it)| table.schema_name == "storage" && table.name == "objects" && it.permissive)
    {
        let Some(bucket) = table.columns.iter().find(|it| it.name == "bucket_id") else { continue };
        if policy.conditions().any(|it| !is_scoped(scope, &it.expr, table.oid, bucket.number)) {
            let message = "the policy has no condition on bucket_id: it is about the files in every bucket, also in those to come";
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}

/// Whether a condition holds for no file whichever bucket that is in; that it is in one says nothing.
fn is_scoped(scope: &Scope<'_, '_>, expr: &Expr, table: Oid, bucket: i32) -> bool {
    let mut space = scope.space();
    let mut anywhere = space.truth(expr, View { relation: table, ..View::default() }).is_true;
    for (atom, variable) in space.atoms(anywhere) {
        if atom.expr().own_columns().contains(&bucket) {
            let [without, with] = [false, true].map(|it| space.bdd.given(anywhere, &[variable].into(), it));
            let is_column = matches!(atom, Atom::Null(Expr::Column(_)));
            anywhere = if is_column { without } else { space.bdd.and(without, with) };
        }
    }
    !space.can_be(anywhere)
}
