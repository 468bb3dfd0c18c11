//! What a run changes, for people: one line for each thing.

use std::collections::BTreeMap;
use std::fmt;

use palisade_catalog::definition::{Policy, RowSecurity};
use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Privileges};

/// What kind of thing a right or a rule is about. The order is the one in which changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Whether [row security](https://www.postgresql.org/docs/current/ddl-rowsecurity.html) is on for a table.
    RowSecurity,
    /// A policy of a table.
    Policy,
    /// Who holds which rights on an object.
    Grants,
    /// A function's definition, owner and comment.
    Function,
    /// A schema's existence and comment.
    Schema,
    /// A view's options, of which `security_invoker` decides whose rights it reads with.
    ViewOptions,
}

/// One thing and what it said before and after; `None` means that it was not there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// What kind of thing.
    pub kind: Kind,
    /// On which object, with its schema.
    pub object: String,
    /// The policy's name; empty for the other kinds.
    pub name: String,
    /// What it said before.
    pub before: Option<String>,
    /// What it says now.
    pub after: Option<String>,
}

/// As in `+ policy "Users see their own products" on public.products`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, object, name, before, after } = self;
        let sign = match (before, after) {
            (None, _) => '+',
            (_, None) => '-',
            (Some(_), Some(_)) => '~',
        };
        match kind {
            Kind::RowSecurity => {
                let said = |it: &Option<String>| it.clone().unwrap_or_else(|| "off".to_owned());
                write!(f, "~ row security on {object}: {} → {}", said(before), said(after))
            }
            Kind::Policy => write!(f, "{sign} policy \"{name}\" on {object}"),
            Kind::Grants => write!(f, "~ grants on {object}"),
            Kind::ViewOptions => write!(f, "~ options of view {object}"),
            Kind::Function => write!(f, "{sign} function {object}"),
            Kind::Schema => write!(f, "{sign} schema {object}"),
        }
    }
}

/// All that decides over access, one text for each thing.
type Sayings = BTreeMap<(Kind, String, String), String>;

/// What is different in `after`.
pub(crate) fn changes(before: &Catalog, after: &Catalog) -> Vec<Change> {
    // Only what differs is put into words.
    let differs = |one: &Catalog, other: &Catalog| {
        let objects = one.objects.iter().filter(|(key, object)| other.objects.get(*key) != Some(*object));
        let mut keys: Vec<ObjectKey> = objects.map(|(key, _)| key.clone()).collect();
        // Rights of columns are told with those of their table.
        keys.retain(|it| it.kind != ObjectKind::Column);
        keys
    };
    let mut keys = differs(before, after);
    keys.extend(differs(after, before));
    let columns = before.objects.iter().filter(|(key, object)| {
        key.kind == ObjectKind::Column && after.objects.get(*key).map(|it| &it.privileges) != Some(&object.privileges)
    });
    let relations = [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView];
    for (column, _) in columns {
        keys.extend(relations.map(|kind| ObjectKey::new(kind, [column.part(0), column.part(1)])));
    }
    keys.sort_unstable();
    keys.dedup();
    let (before, after) = (sayings(before, &keys), sayings(after, &keys));
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let change = |key: &(Kind, String, String)| Change {
        kind: key.0,
        object: key.1.clone(),
        name: key.2.clone(),
        before: before.get(key).cloned(),
        after: after.get(key).cloned(),
    };
    names.into_iter().map(change).filter(|it| it.before != it.after).collect()
}

fn sayings(catalog: &Catalog, keys: &[ObjectKey]) -> Sayings {
    let mut found = Sayings::new();
    for key in keys {
        let Some(object) = catalog.get(key) else { continue };
        let mut say = |kind, name: &str, text| {
            found.insert((kind, shown(key), name.to_owned()), text);
        };
        match &object.definition {
            Definition::RowSecurity(RowSecurity { enabled, forced }) => {
                let words = [Some(if *enabled { "on" } else { "off" }), forced.then_some("forced")];
                say(Kind::RowSecurity, "", words.into_iter().flatten().collect::<Vec<_>>().join(", "));
            }
            Definition::Policy(policy) => say(Kind::Policy, key.name(), policy_text(policy, object)),
            Definition::Routine(routine) => {
                say(Kind::Function, "", with_comment(&owned(object, &routine.definition), object));
            }
            Definition::Schema => say(Kind::Schema, "", with_comment(&owned(object, ""), object)),
            Definition::View(view) => say(Kind::ViewOptions, "", view.options.join(", ")),
            _ => {}
        }
        let rights = rights(catalog, key, object);
        if !rights.is_empty() {
            let name = match key.kind {
                ObjectKind::Schema => format!("schema {}", shown(key)),
                ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Composite | ObjectKind::Range => {
                    format!("type {}", shown(key))
                }
                ObjectKind::DefaultPrivileges => new_objects(key),
                _ => shown(key),
            };
            found.insert((Kind::Grants, name, String::new()), rights.join("\n"));
        }
    }
    found
}

/// The object without the word for its kind; of a policy its table.
fn shown(key: &ObjectKey) -> String {
    match key.kind {
        ObjectKind::Policy | ObjectKind::RowSecurity => key.qualified(),
        _ => key.sql(),
    }
}

fn new_objects(key: &ObjectKey) -> String {
    let what = match key.part(2) {
        "r" => "tables",
        "S" => "sequences",
        "f" => "functions",
        "T" => "types",
        "n" => "schemas",
        _ => "objects",
    };
    let within = if key.part(1).is_empty() { String::new() } else { format!(" in {}", key.part(1)) };
    format!("new {what} of {}{within}", key.part(0))
}

fn policy_text(policy: &Policy, object: &Object) -> String {
    let Policy { command, permissive, roles, using, check } = policy;
    let kind = if *permissive { "permissive" } else { "restrictive" };
    let roles: Vec<&str> = roles.iter().map(|it| if it.is_empty() { "public" } else { it }).collect();
    let mut lines = vec![format!("{kind} for {}", command.to_lowercase()), format!("to {}", roles.join(", "))];
    lines.extend(using.iter().map(|it| format!("using {it}")));
    lines.extend(check.iter().map(|it| format!("with check {it}")));
    with_comment(&lines.join("\n"), object)
}

fn owned(object: &Object, text: &str) -> String {
    match &object.owner {
        Some(owner) => format!("owner {owner}\n{text}"),
        None => text.to_owned(),
    }
}

fn with_comment(text: &str, object: &Object) -> String {
    let comment = object.comment.iter().map(|it| format!("\ncomment {it}"));
    let text: String = [text.trim_end().to_owned()].into_iter().chain(comment).collect();
    text.trim_end().to_owned()
}

/// Who may do what with an object and its columns.
fn rights(catalog: &Catalog, key: &ObjectKey, object: &Object) -> Vec<String> {
    let mut lines = Vec::new();
    let owner = object.owner.as_deref().unwrap_or_default();
    let mut say = |privileges: &Privileges, column: &str| {
        let owned = [(owner, &privileges.owner)].into_iter().filter(|_| column.is_empty());
        for (role, granted) in privileges.others.iter().map(|(role, it)| (role.as_str(), it)).chain(owned) {
            let role = if role.is_empty() { "public" } else { role };
            for (privilege, grantable) in granted {
                let option = if *grantable { " with grant option" } else { "" };
                lines.push(format!("{role} {}{column}{option}", privilege.sql().to_lowercase()));
            }
        }
    };
    if let Some(privileges) = &object.privileges {
        say(privileges, "");
    }
    if key.kind.is_relation() {
        let first = ObjectKey::new(ObjectKind::Column, [key.part(0), key.part(1), ""]);
        let columns = catalog.objects.range(first..);
        for (column, object) in columns.take_while(|(it, _)| it.kind == ObjectKind::Column) {
            if column.relation() != key.relation() {
                break;
            }
            if let Some(privileges) = &object.privileges {
                say(privileges, &format!(" ({})", column.name()));
            }
        }
    }
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::{Change, Kind};

    #[test]
    fn row_security_reads_as_a_switch() {
        let change = |before: Option<&str>, after: Option<&str>| Change {
            kind: Kind::RowSecurity,
            object: "public.t".to_owned(),
            name: String::new(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        assert_eq!(change(None, Some("on, forced")).to_string(), "~ row security on public.t: off → on, forced");
        assert_eq!(change(Some("on"), None).to_string(), "~ row security on public.t: on → off");
    }
}
