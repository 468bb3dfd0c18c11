//! `GRANT` and `REVOKE`.

use std::collections::BTreeMap;

use palisade_catalog::{Granted, Object, ObjectKey, ObjectKind, Privilege, Privileges};
use palisade_plan::Hazard;
use palisade_sql::quote_ident;

use super::{Context, name};
use crate::script::{Action, Statement};

/// The letter by which `acldefault` and `pg_default_acl` call a kind; nothing for what has no privileges of its own.
fn letters(kind: ObjectKind) -> Option<(char, char)> {
    // The first is that of `acldefault`, the second that of `pg_default_acl`.
    Some(match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => ('r', 'r'),
        ObjectKind::Sequence | ObjectKind::IdentitySequence => ('s', 'S'),
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate => ('f', 'f'),
        ObjectKind::Schema => ('n', 'n'),
        ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Composite | ObjectKind::Range => ('T', 'T'),
        ObjectKind::ForeignDataWrapper => ('F', ' '),
        ObjectKind::ForeignServer => ('S', ' '),
        ObjectKind::Language => ('l', ' '),
        _ => return None,
    })
}

/// What an object has when it was just made: what its kind has by itself, and what its maker grants by default.
pub(super) fn initial(context: &Context<'_>, key: &ObjectKey) -> Option<Privileges> {
    if key.kind == ObjectKind::Column {
        return Some(Privileges::default());
    }
    let (own, letter) = letters(key.kind)?;
    let maker = context.server.user.as_str();
    let by_default = |schema: &str| {
        let number = context.items.find(ObjectKind::DefaultPrivileges, [maker, schema, &letter.to_string()])?;
        context.items.all[number].from.and_then(|it| it.privileges.clone())
    };
    let mut found = by_default("").unwrap_or_else(|| built_in(context, own));
    if let Some(more) = key.schema().filter(|_| key.kind != ObjectKind::Schema).and_then(by_default) {
        merge(&mut found.owner, more.owner);
        for (role, granted) in more.others {
            merge(found.others.entry(role).or_default(), granted);
        }
    }
    Some(found)
}

fn merge(into: &mut Granted, more: Granted) {
    for (privilege, grantable) in more {
        *into.entry(privilege).or_default() |= grantable;
    }
}

/// What Postgres gives if nobody has said anything.
fn built_in(context: &Context<'_>, letter: char) -> Privileges {
    let letters = context.server.owner_privileges.get(&letter).or_else(|| context.wanted.owner_privileges.get(&letter));
    let owner: Granted = letters.into_iter().flat_map(|it| it.chars()).map(|it| (Privilege(it), false)).collect();
    let public = match letter {
        'f' => Some('X'),
        'T' | 'l' => Some('U'),
        _ => None,
    };
    let others = public.map(|it| (String::new(), Granted::from([(Privilege(it), false)])));
    Privileges { owner, others: others.into_iter().collect() }
}

/// What brings one state of privileges to another. `owner` is the role that the object belongs to.
pub(super) fn changes(
    key: &ObjectKey,
    object: &Object,
    from: &Privileges,
    to: &Privileges,
    owner: &str,
    out: &mut Vec<Statement>,
) {
    let (on, column) = target(key, object);
    let what = Words { key, verb: "", on: format!(" ON {on}"), column };
    between(&what, owner, &from.owner, &to.owner, out);
    let nothing = Granted::new();
    let mut roles: BTreeMap<&str, (&Granted, &Granted)> = BTreeMap::new();
    for (role, granted) in &from.others {
        roles.insert(role, (granted, &nothing));
    }
    for (role, granted) in &to.others {
        roles.entry(role).or_insert((&nothing, &nothing)).1 = granted;
    }
    for (role, (from, to)) in roles {
        between(&what, role, from, to, out);
    }
}

struct Words<'a> {
    key: &'a ObjectKey,
    /// In front of `GRANT` and `REVOKE`.
    verb: &'a str,
    /// ` ON …`.
    on: String,
    /// The column, for privileges of one.
    column: Option<String>,
}

/// What `GRANT … ON` calls an object, and the column.
fn target(key: &ObjectKey, object: &Object) -> (String, Option<String>) {
    match key.kind {
        ObjectKind::Column => (key.qualified(), Some(key.sql())),
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => (key.sql(), None),
        ObjectKind::ForeignServer => (format!("FOREIGN SERVER {}", key.sql()), None),
        ObjectKind::Aggregate if key.part(2) == "*" => (format!("FUNCTION {}()", key.qualified()), None),
        ObjectKind::Aggregate => (format!("FUNCTION {}", key.sql()), None),
        ObjectKind::Domain => (format!("DOMAIN {}", key.sql()), None),
        _ => (format!("{} {}", name::kind(key, object), key.sql()), None),
    }
}

fn between(words: &Words<'_>, role: &str, from: &Granted, to: &Granted, out: &mut Vec<Statement>) {
    let Words { key, verb, on, column } = words;
    let list = |granted: Vec<Privilege>| {
        let of_column = |it: Privilege| match column {
            Some(column) => format!("{} ({column})", it.sql()),
            None => it.sql().to_owned(),
        };
        granted.into_iter().map(of_column).collect::<Vec<_>>().join(", ")
    };
    let role_name = name::role(role);
    let mut push = |sql: String, detail: String| {
        out.push(Statement::new(key, Action::Alter, sql).danger(Hazard::AccessChange, detail));
    };
    let pick = |choose: &dyn Fn(Privilege) -> bool| -> Vec<Privilege> {
        from.keys().chain(to.keys().filter(|it| !from.contains_key(it))).copied().filter(|it| choose(*it)).collect()
    };
    let gone = pick(&|it| !to.contains_key(&it));
    if !gone.is_empty() {
        let words = list(gone);
        push(format!("{verb}REVOKE {words}{on} FROM {role_name}"), format!("{role_name} loses {words}"));
    }
    let no_longer_grantable = pick(&|it| from.get(&it) == Some(&true) && to.get(&it) == Some(&false));
    if !no_longer_grantable.is_empty() {
        let words = list(no_longer_grantable);
        push(
            format!("{verb}REVOKE GRANT OPTION FOR {words}{on} FROM {role_name}"),
            format!("{role_name} can no longer grant {words}"),
        );
    }
    for grantable in [false, true] {
        let new = pick(&|it| {
            let differs = if grantable { from.get(&it) != Some(&true) } else { !from.contains_key(&it) };
            to.get(&it) == Some(&grantable) && differs
        });
        if !new.is_empty() {
            let words = list(new);
            let option = if grantable { " WITH GRANT OPTION" } else { "" };
            push(format!("{verb}GRANT {words}{on} TO {role_name}{option}"), format!("{role_name} gains {words}"));
        }
    }
}

/// `ALTER DEFAULT PRIVILEGES`. Without an entry, what a role grants is what its kind has by itself; in a schema, nothing more.
pub(super) fn default_privileges(
    context: &Context<'_>,
    number: usize,
    from: Option<&Object>,
    to: Option<&Object>,
    out: &mut Vec<Statement>,
) {
    let key = context.items.all[number].key;
    let (role, schema, letter) = (key.part(0), key.part(1), key.part(2).chars().next().unwrap_or(' '));
    let nothing = || {
        let own = if letter == 'S' { 's' } else { letter };
        if schema.is_empty() { built_in(context, own) } else { Privileges::default() }
    };
    let side = |object: Option<&Object>| object.and_then(|it| it.privileges.clone()).unwrap_or_else(nothing);
    let (from, to) = (side(from), side(to));
    let kind = match letter {
        'r' => "TABLES",
        'S' => "SEQUENCES",
        'f' => "FUNCTIONS",
        'T' => "TYPES",
        'n' => "SCHEMAS",
        _ => "LARGE OBJECTS",
    };
    let within = if schema.is_empty() { String::new() } else { format!(" IN SCHEMA {}", quote_ident(schema)) };
    let verb = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}{within} ", quote_ident(role));
    let words = Words { key, verb: &verb, on: format!(" ON {kind}"), column: None };
    between(&words, role, &from.owner, &to.owner, out);
    let nothing = Granted::new();
    let roles: std::collections::BTreeSet<&String> = from.others.keys().chain(to.others.keys()).collect();
    for role in roles {
        let of = |side: &'_ Privileges| side.others.get(role).cloned().unwrap_or_else(|| nothing.clone());
        between(&words, role, &of(&from), &of(&to), out);
    }
}
