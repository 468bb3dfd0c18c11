//! `secdef_function_exposes_rows`

use crate::Oid;
use crate::facts::Function;
use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "secdef_function_exposes_rows",
    severity: Severity::Error,
    why: "The function reads with the rights of its owner and hands the rows to whoever calls it.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (oid, function) in scope.functions().filter(|(_, it)| it.security_definer && gives_rows(it)) {
        if scope.access.bodies.session().contains(&oid) {
            continue;
        }
        let callers: Vec<Oid> = scope.api.iter().filter(|it| may_call(scope, **it, function)).copied().collect();
        let reachable = scope.access.bodies.reachable([oid]);
        let read = reachable.iter().filter_map(|it| scope.access.bodies.of(*it)).flat_map(|it| &it.reads);
        let exposed: std::collections::BTreeSet<String> = read
            .filter_map(|it| scope.facts().relations.get(it))
            .flat_map(|it| {
                let behind = if it.kind.has_row_security() {
                    vec![(it, function.owner)]
                } else {
                    scope.behind(it, function.owner)
                };
                behind
                    .into_iter()
                    .filter(|(it, reader)| it.row_security && !scope.access.is_filtered(*reader, it))
                    .map(|(it, _)| it)
            })
            .map(crate::facts::Relation::qualified)
            .collect();
        if callers.is_empty() || exposed.is_empty() {
            continue;
        }
        let (names, tables) = (scope.names(&callers), exposed.into_iter().collect::<Vec<_>>().join(", "));
        let message =
            format!("{names} may call it, and it returns rows of {tables} with the rights of its owner, whoever calls");
        let fix = format!(
            "revoke execute on function {0} from public, {1};\n-- or, if the caller's rights are enough\nalter function {0} security invoker;",
            function.quoted(),
            scope.quoted_roles(&callers)
        );
        found.push(Found::new(function.signature(), message).role(names).fix(fix));
    }
}

fn gives_rows(function: &Function) -> bool {
    let documents = ["json", "jsonb", "xml"];
    function.returns_set
        || function.returns_row
        || documents.contains(&function.returns.as_str())
        || function.returns.ends_with("[]")
}

fn may_call(scope: &Scope<'_, '_>, role: Oid, function: &Function) -> bool {
    let schema = scope.facts().schemas.iter().find(|(_, it)| it.name == function.schema).map(|(oid, _)| *oid);
    scope.access.rights.may_execute(role, &function.grants)
        && schema.is_none_or(|it| scope.access.rights.may_use_schema(scope.facts(), role, it))
}
