//! `volatile_function_in_policy`

use crate::Oid;
use crate::facts::Volatility;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "volatile_function_in_policy",
    severity: Severity::Warning,
    why: "What is VOLATILE is called for every row and never serves to search an index.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (table, policy) in scope.policies() {
        let called: std::collections::BTreeSet<Oid> = policy.conditions().flat_map(|it| it.expr.functions()).collect();
        for function in called.iter().filter_map(|it| scope.facts().functions.get(it)) {
            if function.volatility == Volatility::Volatile {
                let message = format!(
                    "{} is VOLATILE: it is called for every row, and no index can be searched with it",
                    function.signature()
                );
                let mut one = Found::new(table.qualified(), message).policy(&policy.name);
                if !function.foreign {
                    one = one.fix(format!("-- if it changes nothing\nalter function {} stable;", function.quoted()));
                }
                found.push(one);
            }
        }
    }
}
