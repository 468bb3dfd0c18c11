//! What a script does, in one line.

use std::collections::{BTreeMap, BTreeSet};

use palisade_catalog::{ObjectKey, ObjectKind};
use palisade_diff::{Action, Script};

/// What happens to the objects of one kind.
#[derive(Debug, Default)]
struct Counts {
    added: usize,
    changed: usize,
    removed: usize,
    lossy: bool,
}

/// What a script does: `+2 tables, ~1 function, -1 column (data loss)`. Columns and constraints that come or go with their
/// table are not counted.
pub fn summary(script: &Script) -> String {
    let mut actions: BTreeMap<&ObjectKey, BTreeSet<Action>> = BTreeMap::new();
    // What is only a setting is about no object.
    for statement in script.statements.iter().filter(|it| it.object.kind != ObjectKind::Unmodelled) {
        actions.entry(&statement.object).or_default().insert(statement.action);
    }
    let whole = |key: &ObjectKey, action| {
        let is_it = |it: &&&ObjectKey| it.kind != key.kind && it.relation() == key.relation();
        let relations = actions.keys().filter(|it| it.kind.is_relation() || it.kind == ObjectKind::Domain);
        relations.filter(is_it).any(|it| actions[it].contains(&action))
    };
    let mut counts: BTreeMap<(ObjectKind, &'static str), Counts> = BTreeMap::new();
    let lossy = script.data_loss();
    for (key, done) in &actions {
        let (made, gone) = (done.contains(&Action::Create), done.contains(&Action::Drop));
        let comes_along = matches!(
            key.kind,
            ObjectKind::Column | ObjectKind::Default | ObjectKind::Constraint | ObjectKind::DomainConstraint
        );
        if comes_along && (whole(key, Action::Create) || whole(key, Action::Drop)) {
            continue;
        }
        let count = counts.entry((first_of_its_name(key.kind), noun(key.kind))).or_default();
        match (made, gone) {
            (true, false) => count.added += 1,
            (false, true) => count.removed += 1,
            (true, true) | (false, false) => count.changed += 1,
        }
        count.lossy |= lossy.contains(key);
    }
    let mut parts = Vec::new();
    for ((_, noun), Counts { added, changed, removed, lossy }) in counts {
        let note = if lossy { " (data loss)" } else { "" };
        let lossy_sign = if removed > 0 { '-' } else { '~' };
        for (sign, number) in [('+', added), ('~', changed), ('-', removed)] {
            if number > 0 {
                let note = if sign == lossy_sign { note } else { "" };
                parts.push(format!("{sign}{number} {}{note}", plural(noun, number)));
            }
        }
    }
    parts.join(", ")
}

/// Kinds that are called the same are counted together.
fn first_of_its_name(kind: ObjectKind) -> ObjectKind {
    match kind {
        ObjectKind::Composite | ObjectKind::Range => ObjectKind::Enum,
        other => other,
    }
}

fn noun(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Default => "default",
        ObjectKind::RowSecurity => "row security flag",
        ObjectKind::DefaultPrivileges => "default privilege",
        ObjectKind::Statistics => "statistics object",
        other => other.as_str(),
    }
}

fn plural(noun: &str, number: usize) -> String {
    if number == 1 {
        return noun.to_owned();
    }
    match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with('s') || noun.ends_with('x') => format!("{noun}es"),
        None => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::summary;
    use palisade_catalog::{ObjectKey, ObjectKind};
    use palisade_diff::{Action, Script, Statement};
    use palisade_plan::Hazard;

    fn statement(kind: ObjectKind, path: &str, action: Action) -> Statement {
        let key = ObjectKey { kind, path: path.split('.').map(str::to_owned).collect() };
        Statement::new(&key, action, "…")
    }

    #[test]
    fn one_line_says_what_a_script_does() {
        let statements = vec![
            statement(ObjectKind::Table, "public.a", Action::Create),
            statement(ObjectKind::Column, "public.a.id", Action::Create),
            statement(ObjectKind::Table, "public.b", Action::Create),
            statement(ObjectKind::Policy, "public.a.p", Action::Create),
            statement(ObjectKind::Policy, "public.a.q", Action::Create),
            statement(ObjectKind::Index, "public.i", Action::Create),
            statement(ObjectKind::Index, "public.j", Action::Create),
            statement(ObjectKind::View, "public.v", Action::Drop),
            statement(ObjectKind::View, "public.v", Action::Create),
            statement(ObjectKind::Column, "public.c.x", Action::Drop).danger(Hazard::DataLoss, "x"),
            statement(ObjectKind::Enum, "public.e", Action::Alter),
            statement(ObjectKind::Range, "public.r", Action::Alter),
        ];
        let script = Script { statements, left: Vec::new() };
        assert_eq!(summary(&script), "~2 types, +2 tables, -1 column (data loss), +2 indexes, ~1 view, +2 policies");
        assert_eq!(summary(&Script::default()), "");
    }
}
