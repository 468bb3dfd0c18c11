//! How statements refer to objects.

use palisade_catalog::definition::TableKind;
use palisade_catalog::{Definition, Object, ObjectKey, ObjectKind};
use palisade_sql::quote_ident;

/// The words of `CREATE` and `DROP`.
pub(crate) fn kind(key: &ObjectKey, object: &Object) -> &'static str {
    match &object.definition {
        Definition::Table(table) if table.kind == TableKind::Foreign => "FOREIGN TABLE",
        _ => key.kind.sql(),
    }
}

/// What `COMMENT ON`, `SECURITY LABEL ON` and `ALTER … OWNER TO` call an object.
pub(super) fn reference(key: &ObjectKey, object: &Object) -> String {
    match key.kind {
        ObjectKind::Column => format!("COLUMN {}.{}", key.qualified(), key.sql()),
        ObjectKind::Constraint | ObjectKind::Policy | ObjectKind::Rule | ObjectKind::Trigger => {
            format!("{} {} ON {}", key.kind.sql(), key.sql(), key.qualified())
        }
        ObjectKind::DomainConstraint => format!("CONSTRAINT {} ON DOMAIN {}", key.sql(), key.qualified()),
        _ => format!("{} {}", kind(key, object), key.sql()),
    }
}

/// `schema.name` of a pair.
pub(super) fn pair((schema, name): &(String, String)) -> String {
    format!("{}.{}", quote_ident(schema), quote_ident(name))
}

/// The beginning of every change of a table.
pub(super) fn alter_table(key: &ObjectKey, only: &str) -> String {
    format!("ALTER TABLE {only}{}", key.qualified())
}

/// Names, quoted, with commas between.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|it| quote_ident(it).into_owned()).collect::<Vec<_>>().join(", ")
}

/// A role, or PUBLIC.
pub(super) fn role(name: &str) -> String {
    if name.is_empty() { "PUBLIC".to_owned() } else { quote_ident(name).into_owned() }
}
