//! What in a database is not the user's: it is read, and never changed.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, Object, ObjectKey, ObjectKind, Privilege};
use palisade_config::{GrantRegime, HistoryTable, SUPABASE_SCHEMAS};

/// Those on whose tables users put policies and triggers.
const OPEN: [&str; 3] = ["auth", "storage", "realtime"];

/// Extensions that every project of Supabase has from the start.
const BROUGHT: [&str; 8] =
    ["pg_graphql", "pg_stat_statements", "pgcrypto", "pgjwt", "pgsodium", "plpgsql", "supabase_vault", "uuid-ossp"];

/// Publications that Realtime makes; the tables in the first are the user's choice.
const PUBLICATIONS: [&str; 2] = ["supabase_realtime", "supabase_realtime_messages_publication"];

/// What in a database is not the user's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct External {
    supabase: bool,
    schemas: BTreeSet<String>,
    /// Palisade's own tables: schema and name.
    tables: BTreeSet<(String, String)>,
}

impl External {
    /// What is external in any of these: a schema of Supabase's name counts where the database is Supabase's, so that a
    /// schema `auth` of one's own stays one's own. On both sides of a comparison the same is left out.
    pub fn of<'a>(catalogs: impl IntoIterator<Item = &'a Catalog>, history: Option<&HistoryTable>) -> Self {
        let mut external = Self { tables: tables_of(history), ..Self::default() };
        for catalog in catalogs {
            external.supabase |= is_supabase(catalog);
            let schemas = catalog.objects.iter().filter(|(key, _)| key.kind == ObjectKind::Schema);
            let owned = schemas.filter(|(_, object)| owned_by_supabase(object));
            external.schemas.extend(owned.map(|(key, _)| key.part(0).to_owned()));
            external.schemas.extend(own_schemas(catalog, &external.tables));
        }
        if external.supabase {
            external.schemas.extend(SUPABASE_SCHEMAS.map(str::to_owned));
        }
        external
    }

    /// Whether the schema is not the user's.
    pub fn has_schema(&self, name: &str) -> bool {
        self.schemas.contains(name)
    }

    /// The catalog without what is external.
    #[must_use]
    pub fn without(&self, catalog: Catalog) -> Catalog {
        catalog.only(|key, object| self.keeps(key, object))
    }

    /// Whether it is the user's.
    pub(crate) fn keeps(&self, key: &ObjectKey, object: &Object) -> bool {
        match key.kind {
            ObjectKind::Policy => {
                let schema = key.part(0);
                !self.has_schema(schema) || OPEN.contains(&schema)
            }
            ObjectKind::Trigger => !self.has_schema(key.part(0)) || self.calls_the_users(object),
            ObjectKind::DefaultPrivileges => {
                let of_supabase = self.supabase && is_system_role(key.part(0));
                !of_supabase && !self.has_schema(key.part(1))
            }
            ObjectKind::Extension => !(self.supabase && BROUGHT.contains(&key.part(0))),
            ObjectKind::Publication => !(self.supabase && PUBLICATIONS.contains(&key.part(0))),
            ObjectKind::PublicationTable | ObjectKind::PublicationSchema => !self.has_schema(key.part(1)),
            _ => match key.schema() {
                Some(schema) => {
                    let (_, name) = key.relation();
                    !self.has_schema(schema) && !self.tables.iter().any(|it| it.0 == schema && it.1 == name)
                }
                None => !(self.supabase && owned_by_supabase(object)),
            },
        }
    }

    /// Supabase's own triggers call functions of Supabase.
    fn calls_the_users(&self, trigger: &Object) -> bool {
        let mut functions = trigger.needs.keys().filter(|it| it.kind == ObjectKind::Function);
        functions.any(|it| !self.has_schema(it.part(0)))
    }
}

/// Whether it is a database of Supabase, or one that looks like it to migrations: its schemas belong to Supabase's roles.
pub fn is_supabase(catalog: &Catalog) -> bool {
    OPEN.iter().any(|it| catalog.get(&ObjectKey::new(ObjectKind::Schema, [it])).is_some_and(owned_by_supabase))
}

/// Which rights new tables in `public` get there by themselves.
pub fn grant_regime(catalog: &Catalog) -> GrantRegime {
    let tables = catalog.get(&ObjectKey::new(ObjectKind::DefaultPrivileges, ["postgres", "public", "r"]));
    let anon = tables.and_then(|it| it.privileges.as_ref()).and_then(|it| it.others.get("anon"));
    let reads = anon.is_some_and(|it| it.contains_key(&Privilege('r')));
    if reads { GrantRegime::Before } else { GrantRegime::After }
}

fn owned_by_supabase(object: &Object) -> bool {
    object.owner.as_deref().is_some_and(|it| it.starts_with("supabase_"))
}

fn is_system_role(name: &str) -> bool {
    name.starts_with("supabase_") || ["authenticator", "dashboard_user", "pgbouncer"].contains(&name)
}

fn tables_of(history: Option<&HistoryTable>) -> BTreeSet<(String, String)> {
    let (schema, name) = history.map_or(("palisade", "migrations"), |it| (it.schema.as_str(), it.name.as_str()));
    // In `public` only the history itself is left.
    let beside = if schema == "public" { "palisade" } else { schema };
    let table = |schema: &str, name: &str| (schema.to_owned(), name.to_owned());
    [table(schema, name), table(beside, "attempts"), table(beside, "row_security")].into()
}

/// Schemas with tables of Palisade's and no other tables.
fn own_schemas(catalog: &Catalog, tables: &BTreeSet<(String, String)>) -> Vec<String> {
    let relations = |schema: &str| -> Vec<(String, String)> {
        let inside = catalog.objects.keys().filter(|it| it.kind == ObjectKind::Table && it.part(0) == schema);
        inside.map(|it| (it.part(0).to_owned(), it.part(1).to_owned())).collect()
    };
    let names: BTreeSet<&String> = tables.iter().map(|(schema, _)| schema).collect();
    let only_ours = |it: &&String| {
        let found = relations(it);
        !found.is_empty() && found.iter().all(|it| tables.contains(it))
    };
    names.into_iter().filter(only_ours).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::External;
    use palisade_catalog::definition::Opaque;
    use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Strength};
    use std::collections::BTreeMap;

    fn object(owner: &str) -> Object {
        let definition = Definition::Opaque(Opaque { create: String::new(), then: Vec::new() });
        let (labels, needs) = (BTreeMap::new(), BTreeMap::new());
        Object { definition, owner: Some(owner.to_owned()), privileges: None, comment: None, labels, needs }
    }

    fn key(kind: ObjectKind, path: &str) -> ObjectKey {
        ObjectKey { kind, path: path.split('/').map(str::to_owned).collect() }
    }

    fn catalog(objects: &[(ObjectKind, &str, &str)]) -> Catalog {
        let entry = |(kind, path, owner): &(ObjectKind, &str, &str)| (key(*kind, path), object(owner));
        Catalog { objects: objects.iter().map(entry).collect(), ..Catalog::default() }
    }

    fn kept(catalog: Catalog) -> Vec<String> {
        let external = External::of([&catalog], None);
        external.without(catalog).objects.keys().map(|it| it.path.join("/")).collect()
    }

    #[test]
    fn a_schema_called_auth_is_the_users_where_it_is_not_supabases() {
        let own = catalog(&[(ObjectKind::Schema, "auth", "app"), (ObjectKind::Table, "auth/users", "app")]);
        assert_eq!(kept(own), ["auth", "auth/users"]);
        let theirs = catalog(&[
            (ObjectKind::Schema, "auth", "supabase_admin"),
            (ObjectKind::Schema, "extensions", "postgres"),
            (ObjectKind::Table, "auth/users", "supabase_auth_admin"),
            (ObjectKind::Policy, "auth/users/mine", ""),
            (ObjectKind::Policy, "vault/secrets/theirs", ""),
            (ObjectKind::Extension, "pgcrypto", ""),
            (ObjectKind::Extension, "vector", ""),
            (ObjectKind::Publication, "supabase_realtime", "postgres"),
            (ObjectKind::PublicationTable, "supabase_realtime/public/posts", ""),
            (ObjectKind::PublicationTable, "supabase_realtime/realtime/messages", ""),
            (ObjectKind::DefaultPrivileges, "supabase_admin/public/r", "supabase_admin"),
            (ObjectKind::DefaultPrivileges, "postgres/public/r", "postgres"),
            (ObjectKind::EventTrigger, "pgrst_ddl_watch", "supabase_admin"),
        ]);
        assert_eq!(kept(theirs), ["vector", "auth/users/mine", "postgres/public/r", "supabase_realtime/public/posts"]);
    }

    #[test]
    fn triggers_that_users_put_on_tables_of_supabase_are_seen() {
        let mut found = catalog(&[
            (ObjectKind::Schema, "auth", "supabase_admin"),
            (ObjectKind::Trigger, "auth/users/theirs", ""),
            (ObjectKind::Trigger, "auth/users/mine", ""),
        ]);
        for (name, schema) in [("theirs", "auth"), ("mine", "public")] {
            let trigger = found.objects.get_mut(&key(ObjectKind::Trigger, &format!("auth/users/{name}"))).unwrap();
            trigger.needs.insert(key(ObjectKind::Function, &format!("{schema}/f/")), Strength::Normal);
        }
        assert_eq!(kept(found), ["auth/users/mine"]);
    }

    #[test]
    fn what_palisade_keeps_is_no_part_of_a_schema() {
        let ours = [
            (ObjectKind::Schema, "palisade", "x"),
            (ObjectKind::Table, "palisade/migrations", "x"),
            (ObjectKind::Table, "palisade/attempts", "x"),
        ];
        assert_eq!(kept(catalog(&ours)), Vec::<String>::new());
        let shared: Vec<_> = ours.into_iter().chain([(ObjectKind::Table, "palisade/own", "x")]).collect();
        assert_eq!(kept(catalog(&shared)), ["palisade", "palisade/own"]);
    }
}
