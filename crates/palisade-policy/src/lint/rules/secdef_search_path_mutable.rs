//! `secdef_search_path_mutable`

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::rules::Rule;
use crate::lint::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "secdef_search_path_mutable",
    severity: Severity::Warning,
    why: "Whoever calls it decides what its names mean: an object of their own in front, used with the owner's rights.",
    check,
};

fn check(scope: &Scope<'_, '_>, found: &mut Vec<Found>) {
    for (_, function) in scope.functions().filter(|(_, it)| it.security_definer) {
        if !function.settings.iter().any(|it| it.starts_with("search_path=")) {
            let message =
                "SECURITY DEFINER without a search_path of its own: its caller decides what the names in it mean";
            let what = if function.returns.is_empty() { "procedure" } else { "function" };
            let fix = format!(
                "-- with all names in its body written with their schema\nalter {what} {} set search_path = '';",
                function.quoted()
            );
            found.push(Found::new(function.signature(), message).fix(fix));
        }
    }
}
