//! `storage_policy_unscoped_bucket`

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
        if policy.conditions().any(|it| !it.expr.own_columns().contains(&bucket.number)) {
            let message = "the policy has no condition on bucket_id: it is about the files in every bucket, also in those to come";
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}
