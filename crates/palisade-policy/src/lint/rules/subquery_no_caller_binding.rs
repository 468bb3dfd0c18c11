//! `subquery_no_caller_binding`

use crate::Oid;
use crate::expr::SubLinkKind;
use crate::facts::PolicyCommand;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use crate::lint::scope::sub_selects;

pub(crate) const RULE: Rule = Rule {
    id: "subquery_no_caller_binding",
    severity: Severity::Error,
    why: "A sub-select that does not mention the caller is as true for one caller as for any other.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies().filter(|(_, it)| it.permissive) {
        for condition in policy.conditions() {
            let bodies = &scope.access.bodies;
            let unbound = sub_selects(&condition.expr).into_iter().find(|it| {
                matches!(it.kind, SubLinkKind::Exists | SubLinkKind::Any)
                    && it.query.tables().next().is_some()
                    && !scope.asks_caller(it.query)
                    && !it.test.is_some_and(|it| bodies.mentions_caller(it))
            });
            let Some(unbound) = unbound.filter(|_| !scope.is_bound(&condition.expr, table.oid)) else { continue };
            let inner: Vec<Oid> = unbound.query.tables().map(|(_, it)| it).collect();
            let names: Vec<String> = inner.iter().map(|it| scope.facts().relation_name(*it)).collect();
            // Row security of what is read may bind what the sub-select does not.
            let filtered = scope.subjects(policy).iter().all(|role| {
                inner.iter().any(|it| {
                    scope.facts().relations.get(it).is_some_and(|it| {
                        scope.access.is_filtered(*role, it)
                            && scope
                                .access
                                .policies(*role, it.oid, PolicyCommand::Select)
                                .filter(|it| it.permissive)
                                .all(|policy| {
                                    policy.using.as_ref().is_some_and(|using| scope.is_bound(&using.expr, it.oid))
                                })
                    })
                })
            });
            let message = if filtered {
                format!(
                    "the sub-select on {} does not mention the caller; only its own row security binds it",
                    names.join(", ")
                )
            } else {
                format!(
                    "the sub-select on {} never mentions the caller: it admits the same rows to everybody",
                    names.join(", ")
                )
            };
            let one = Found::new(table.qualified(), message).policy(&policy.name);
            found.push(if filtered { one.severity(Severity::Info) } else { one });
            break;
        }
    }
}
