//! Renames that somebody has told of. The server carries them out on a copy, and with them all that refers to the old name;
//! what is left to do is compared afterwards.

mod candidates;
mod find;
mod follow;

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use palisade_diff::{Action, Statement};
use palisade_sql::quote_ident;

pub use candidates::rename_candidates;
pub use find::RenameError;
pub use follow::follow;

/// One rename: the name as it is written, `posts.title`, and the new name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rename {
    /// The parts of the old name, not quoted.
    pub from: Vec<String>,
    /// The new name, not quoted.
    pub to: String,
}

/// A rename as a statement, and the one that takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// Gives the new name.
    pub forth: Statement,
    /// Gives the old name back.
    pub back: Statement,
}

/// What is renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Renamed {
    Object(ObjectKey),
    /// A value of an enum.
    Value(ObjectKey, String),
}

/// The statements that rename, for a catalog that has the old names: parts before what they are parts of.
///
/// # Errors
///
/// [`RenameError`] if there is nothing, or more than one thing, of a name.
pub fn rename(catalog: &Catalog, renames: &[Rename]) -> Result<Vec<Renaming>, RenameError> {
    let found = renames.iter().map(|it| Ok((find::find(catalog, &it.from)?, it.to.as_str())));
    let mut found: Vec<(Renamed, &str)> = found.collect::<Result<_, RenameError>>()?;
    found.sort_by_key(|(it, _)| matches!(it, Renamed::Object(key) if !key.kind.is_part()));
    Ok(found.iter().map(|(it, to)| renaming(catalog, it, to)).collect())
}

pub(crate) fn renaming(catalog: &Catalog, renamed: &Renamed, to: &str) -> Renaming {
    let forth = sql(catalog, renamed, to);
    let back = match renamed {
        Renamed::Value(key, old) => sql(catalog, &Renamed::Value(key.clone(), to.to_owned()), old),
        Renamed::Object(key) => {
            let mut new = key.clone();
            let place = if key.kind.is_routine() { 1 } else { key.path.len().saturating_sub(1) };
            if let Some(name) = new.path.get_mut(place) {
                to.clone_into(name);
            }
            sql(catalog, &Renamed::Object(new), key.name())
        }
    };
    Renaming { forth, back }
}

fn sql(catalog: &Catalog, renamed: &Renamed, to: &str) -> Statement {
    let new = quote_ident(to);
    match renamed {
        Renamed::Value(key, value) => {
            let [old, new] = [value.as_str(), to].map(palisade_sql::quote_literal);
            let sql = format!("ALTER TYPE {} RENAME VALUE {old} TO {new}", key.qualified());
            Statement::new(key, Action::Alter, sql)
        }
        Renamed::Object(key) => {
            let old = quote_ident(key.name());
            let relation = kind_of_relation(catalog, key).sql();
            let sql = match key.kind {
                ObjectKind::Column => format!("ALTER {relation} {} RENAME COLUMN {old} TO {new}", key.qualified()),
                ObjectKind::Constraint => format!("ALTER TABLE {} RENAME CONSTRAINT {old} TO {new}", key.qualified()),
                ObjectKind::DomainConstraint => {
                    format!("ALTER DOMAIN {} RENAME CONSTRAINT {old} TO {new}", key.qualified())
                }
                ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                    format!("ALTER {} {old} ON {} RENAME TO {new}", key.kind.sql(), key.qualified())
                }
                _ => format!("ALTER {} {} RENAME TO {new}", key.kind.sql(), key.sql()),
            };
            Statement::new(key, Action::Alter, sql)
        }
    }
}

/// What the relation is that a part belongs to.
fn kind_of_relation(catalog: &Catalog, key: &ObjectKey) -> ObjectKind {
    let (schema, name) = key.relation();
    let is_there = |kind: &ObjectKind| catalog.get(&ObjectKey::new(*kind, [schema, name])).is_some();
    [ObjectKind::View, ObjectKind::MaterializedView].into_iter().find(is_there).unwrap_or(ObjectKind::Table)
}

#[cfg(test)]
mod tests {
    use super::{Rename, follow, rename, rename_candidates};
    use palisade_catalog::definition::{Column, Constraint, ConstraintKind, Enum, Opaque};
    use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind};
    use std::collections::BTreeMap;

    fn column(data_type: &str) -> Definition {
        Definition::Column(Column {
            position: 1,
            data_type: data_type.to_owned(),
            ..serde_json::from_value(serde_json::json!({
                "position": 1, "data_type": "", "collation": null, "not_null": false, "not_null_name": null,
                "not_null_comment": null, "not_null_local": true, "not_null_no_inherit": false, "not_null_validated": true,
                "identity": null, "storage": null, "compression": null, "statistics": null, "options": [],
                "foreign_options": [], "local": true, "inherited": 0
            }))
            .unwrap()
        })
    }

    fn check(name: &str) -> Definition {
        Definition::Constraint(Constraint {
            kind: ConstraintKind::Check,
            definition: format!("CHECK ({name} > 0)"),
            columns: Vec::new(),
            references: None,
            deferrable: false,
            deferred: false,
            validated: true,
            enforced: true,
            no_inherit: false,
            local: true,
            inherited: 0,
            parent: None,
            index: None,
        })
    }

    fn catalog(objects: &[(ObjectKind, &str, Definition)]) -> Catalog {
        let entry = |(kind, path, definition): &(ObjectKind, &str, Definition)| {
            let (labels, needs) = (BTreeMap::new(), BTreeMap::new());
            let (owner, privileges, comment) = (None, None, None);
            let object = Object { definition: definition.clone(), owner, privileges, comment, labels, needs };
            (ObjectKey { kind: *kind, path: path.split('/').map(str::to_owned).collect() }, object)
        };
        Catalog { objects: objects.iter().map(entry).collect(), ..Catalog::default() }
    }

    fn text() -> Definition {
        Definition::Opaque(Opaque { create: String::new(), then: Vec::new() })
    }

    #[test]
    fn a_name_means_what_there_is() {
        let labels = vec!["good".to_owned()];
        let catalog = catalog(&[
            (ObjectKind::Table, "public/posts", text()),
            (ObjectKind::Column, "public/posts/Title", column("text")),
            (ObjectKind::View, "public/v", text()),
            (ObjectKind::Column, "public/v/a", column("text")),
            (ObjectKind::Enum, "public/mood", Definition::Enum(Enum { labels })),
            (ObjectKind::Function, "app/f/integer", text()),
            (ObjectKind::Table, "app/f", text()),
        ]);
        let check = |from: &str, to: &str| {
            let rename_it = Rename { from: from.split('.').map(str::to_owned).collect(), to: to.to_owned() };
            match rename(&catalog, &[rename_it]) {
                Ok(found) => format!("{} | {}", found[0].forth.sql, found[0].back.sql),
                Err(error) => error.to_string(),
            }
        };
        insta::assert_snapshot!(check("posts.Title", "headline"), @r#"ALTER TABLE public.posts RENAME COLUMN "Title" TO headline | ALTER TABLE public.posts RENAME COLUMN headline TO "Title""#);
        insta::assert_snapshot!(check("v.a", "b"), @r"ALTER VIEW public.v RENAME COLUMN a TO b | ALTER VIEW public.v RENAME COLUMN b TO a");
        insta::assert_snapshot!(check("public.posts", "order"), @r#"ALTER TABLE public.posts RENAME TO "order" | ALTER TABLE public."order" RENAME TO posts"#);
        insta::assert_snapshot!(check("mood.good", "it's fine"), @r"ALTER TYPE public.mood RENAME VALUE 'good' TO 'it''s fine' | ALTER TYPE public.mood RENAME VALUE 'it''s fine' TO 'good'");
        insta::assert_snapshot!(check("app.f", "g"), @r"`app.f` is the name of more than one object: function app.f(integer), table app.f");
        insta::assert_snapshot!(check("nothing", "g"), @r"there is nothing called `nothing` to be renamed");
    }

    #[test]
    fn names_that_the_server_gave_follow() {
        let (old, new) = (
            catalog(&[(ObjectKind::Constraint, "public/t/t_a_check", check("b"))]),
            catalog(&[(ObjectKind::Constraint, "public/t/t_b_check", check("b"))]),
        );
        let followed = follow(&old, &new);
        assert_eq!(followed[0].forth.sql, "ALTER TABLE public.t RENAME CONSTRAINT t_a_check TO t_b_check");
        let twice = catalog(&[
            (ObjectKind::Constraint, "public/t/x", check("b")),
            (ObjectKind::Constraint, "public/t/y", check("b")),
        ]);
        assert_eq!(follow(&old, &twice), []);
    }

    #[test]
    fn only_what_is_near_certain_is_offered() {
        let table = |columns: &[(&'static str, &str)]| {
            let table = [(ObjectKind::Table, "public/t", text())].into_iter();
            let columns = columns.iter().map(|(name, it)| (ObjectKind::Column, *name, column(it)));
            catalog(&table.chain(columns).collect::<Vec<_>>())
        };
        let offered = |from: &Catalog, to: &Catalog| -> Vec<String> {
            rename_candidates(from, to).iter().map(|it| format!("{}={}", it.from.join("."), it.to)).collect()
        };
        let old = table(&[("public/t/a", "text"), ("public/t/keep", "text")]);
        assert_eq!(offered(&old, &table(&[("public/t/b", "text"), ("public/t/keep", "text")])), ["public.t.a=b"]);
        assert_eq!(offered(&old, &table(&[("public/t/b", "integer"), ("public/t/keep", "text")])), [""; 0]);
        assert_eq!(
            offered(&old, &table(&[("public/t/b", "text"), ("public/t/c", "text"), ("public/t/keep", "text")])),
            [""; 0]
        );
        let moved =
            catalog(&[(ObjectKind::Table, "public/u", text()), (ObjectKind::Column, "public/u/a", column("text"))]);
        let from =
            catalog(&[(ObjectKind::Table, "public/t", text()), (ObjectKind::Column, "public/t/a", column("text"))]);
        assert_eq!(offered(&from, &moved), ["public.t=u"]);
    }
}
