//! `user_metadata_in_policy`

use crate::expr::Expr;
use crate::expr::Value;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "user_metadata_in_policy",
    severity: Severity::Error,
    why: "Users write their own user_metadata: a policy that trusts it trusts whatever they claim.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        let mut place = None;
        for condition in policy.conditions() {
            condition.expr.walk(&mut |it, _| {
                if let Expr::Const { value: Value::Text(text), .. } = it
                    && (text.contains("user_metadata") || text.contains("raw_user_meta_data"))
                {
                    place = Some("reads user_metadata".to_owned());
                }
            });
            condition.expr.walk_queries(&mut |query, _| {
                for part in query.parts() {
                    part.walk(&mut |it, _| {
                        if let Expr::Column(column) = it
                            && let Some((relation, number)) = query.resolve(*column)
                            && scope.column(relation, number) == "raw_user_meta_data"
                        {
                            place = Some("reads raw_user_meta_data".to_owned());
                        }
                    });
                }
            });
            let called = scope.access.bodies.reachable(condition.expr.functions());
            for function in called {
                let Some(body) = scope.access.bodies.of(function) else { continue };
                let mut texts = body.texts.iter().chain(&body.words);
                if texts.any(|it| it.contains("user_metadata") || it.contains("raw_user_meta_data")) {
                    let name = scope.facts().functions.get(&function).map(crate::facts::Function::signature);
                    place = Some(format!("calls {}, which reads user_metadata", name.unwrap_or_default()));
                }
            }
        }
        if let Some(place) = place {
            let message = format!(
                "the policy {place}: users write that themselves. `app_metadata` is written by the server only"
            );
            found.push(Found::new(table.qualified(), message).policy(&policy.name));
        }
    }
}
