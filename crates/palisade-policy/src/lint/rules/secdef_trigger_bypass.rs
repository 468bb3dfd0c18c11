//! `secdef_trigger_bypass`

use crate::facts::Privilege;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    id: "secdef_trigger_bypass",
    severity: Severity::Warning,
    why: "The trigger writes with the rights of its owner for whoever fires it; EXECUTE is not asked for.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for trigger in &scope.facts().triggers {
        let facts = scope.facts();
        let (Some(table), Some(function)) =
            (facts.relations.get(&trigger.relation), facts.functions.get(&trigger.function))
        else {
            continue;
        };
        if !function.security_definer || function.foreign {
            continue;
        }
        let events: Vec<Privilege> = trigger
            .events
            .iter()
            .filter_map(|it| match it.as_str() {
                "INSERT" => Some(Privilege::Insert),
                "UPDATE" => Some(Privilege::Update),
                "DELETE" => Some(Privilege::Delete),
                "TRUNCATE" => Some(Privilege::Truncate),
                _ => None,
            })
            .collect();
        let holders = scope.holders(table, &events);
        let reachable = scope.access.bodies.reachable([trigger.function]);
        let written: BTreeSet<String> = reachable
            .iter()
            .filter_map(|it| scope.access.bodies.of(*it))
            .flat_map(|it| &it.writes)
            .filter_map(|it| facts.relations.get(it))
            .filter(|it| it.row_security && !scope.access.is_filtered(function.owner, it))
            .map(crate::facts::Relation::qualified)
            .collect();
        if holders.is_empty() || written.is_empty() {
            continue;
        }
        let names = scope.names(&holders);
        let message = format!(
            "trigger `{}` runs {} with the rights of its owner for {names}: it writes {}, whose policies are not asked",
            trigger.name,
            function.signature(),
            written.into_iter().collect::<Vec<_>>().join(", ")
        );
        found.push(Found::new(table.qualified(), message).role(names));
    }
}
