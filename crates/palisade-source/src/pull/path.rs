//! Into which file an object goes.

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};

/// The file of an object: that of its relation for what belongs to one.
pub(super) fn path(key: &ObjectKey, catalog: &Catalog) -> String {
    let schema = word(key.part(0));
    match key.kind {
        ObjectKind::Role | ObjectKind::Membership => "roles.sql".to_owned(),
        ObjectKind::Extension => "extensions.sql".to_owned(),
        ObjectKind::Language | ObjectKind::AccessMethod => "languages.sql".to_owned(),
        ObjectKind::ForeignDataWrapper | ObjectKind::ForeignServer | ObjectKind::UserMapping => {
            "foreign_servers.sql".to_owned()
        }
        ObjectKind::Cast | ObjectKind::Transform => "casts.sql".to_owned(),
        ObjectKind::Publication | ObjectKind::PublicationTable | ObjectKind::PublicationSchema => {
            "publications.sql".to_owned()
        }
        ObjectKind::Subscription => "subscriptions.sql".to_owned(),
        // They change what is made behind them: files are loaded in the order of their names.
        ObjectKind::DefaultPrivileges => "zz_default_privileges.sql".to_owned(),
        ObjectKind::EventTrigger => "zz_event_triggers.sql".to_owned(),
        ObjectKind::Schema => format!("{schema}/schema.sql"),
        ObjectKind::Enum
        | ObjectKind::Domain
        | ObjectKind::DomainConstraint
        | ObjectKind::Composite
        | ObjectKind::Range => {
            format!("{schema}/types/{}.sql", word(key.part(1)))
        }
        ObjectKind::Collation | ObjectKind::Conversion => format!("{schema}/collations.sql"),
        ObjectKind::Operator | ObjectKind::OperatorFamily | ObjectKind::OperatorClass => {
            format!("{schema}/operators.sql")
        }
        ObjectKind::TextSearchParser
        | ObjectKind::TextSearchTemplate
        | ObjectKind::TextSearchDictionary
        | ObjectKind::TextSearchConfiguration => format!("{schema}/text_search.sql"),
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate => {
            format!("{schema}/functions/{}.sql", word(key.part(1)))
        }
        ObjectKind::Sequence | ObjectKind::IdentitySequence | ObjectKind::Index | ObjectKind::Statistics => {
            beside(key, catalog)
        }
        _ => relation(key.relation(), catalog),
    }
}

/// What lies beside a relation and belongs to it.
fn beside(key: &ObjectKey, catalog: &Catalog) -> String {
    let object = catalog.get(key);
    let owner = match object.map(|it| &it.definition) {
        Some(Definition::Index(index)) => Some((index.table.0.as_str(), index.table.1.as_str())),
        Some(Definition::Sequence(sequence)) => {
            sequence.owned_by.as_ref().map(|(schema, table, _)| (schema.as_str(), table.as_str()))
        }
        _ => {
            let mut needs = object.into_iter().flat_map(|it| it.needs.keys());
            needs.find(|it| it.kind == ObjectKind::Table).map(ObjectKey::relation)
        }
    };
    if let Some(owner) = owner {
        return relation(owner, catalog);
    }
    let directory = if key.kind == ObjectKind::Sequence { "sequences" } else { "others" };
    format!("{}/{directory}/{}.sql", word(key.part(0)), word(key.part(1)))
}

fn relation((schema, name): (&str, &str), catalog: &Catalog) -> String {
    let is_there = |kind| catalog.get(&ObjectKey::new(kind, [schema, name])).is_some();
    let views = [ObjectKind::View, ObjectKind::MaterializedView].into_iter().any(is_there);
    format!("{}/{}/{}.sql", word(schema), if views { "views" } else { "tables" }, word(name))
}

/// A name as part of a path that every file system takes; names that become the same share a file.
fn word(name: &str) -> String {
    let plain = |it: char| if it.is_alphanumeric() || it == '_' || it == '-' { it } else { '_' };
    // Some file systems do not tell capital letters from small ones. The longest that any takes is 255 bytes.
    name.chars().map(plain).flat_map(char::to_lowercase).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::path;
    use palisade_catalog::{Catalog, ObjectKey, ObjectKind};

    #[test]
    fn everything_has_a_file() {
        let catalog = Catalog::default();
        for kind in ObjectKind::ALL {
            let path = path(&ObjectKey::new(kind, ["a/../b", "T", "x"]), &catalog);
            assert!(
                path.strip_suffix(".sql").is_some() && !path.contains("..") && path == path.to_lowercase(),
                "{path}"
            );
        }
        let policy = ObjectKey::new(ObjectKind::Policy, ["public", "Posts", "read"]);
        assert_eq!(path(&policy, &catalog), "public/tables/posts.sql");
    }
}
