//! What names on the command line mean that are to be other ones, and the statements that make them so. The server carries them
//! out on a copy, and with them all that refers to the old names; what is left to do is compared afterwards.

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};
use palisade_diff::{Rename, Statement, rename_statement};
use std::sync::Arc;

/// One rename: the name as it is written, `posts.title`, and the new name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewName {
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

/// Why something does not get a new name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewNameError {
    /// There is nothing of that name.
    #[error("there is nothing called `{name}` to be renamed")]
    Unknown {
        /// As it was written.
        name: String,
    },
    /// There is more than one.
    #[error("`{name}` is the name of more than one object: {}", objects.join(", "))]
    Ambiguous {
        /// As it was written.
        name: String,
        /// Them.
        objects: Vec<String>,
    },
    /// It cannot be renamed.
    #[error("{0}")]
    Impossible(palisade_diff::RenameError),
}

impl NewNameError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown { .. } => {
                "the old name stands on the left, as it is now: `--rename posts.title=headline`, `--rename posts=articles`"
                    .to_owned()
            }
            Self::Ambiguous { .. } => {
                "write the schema as well: `--rename public.posts.title=headline`".to_owned()
            }
            Self::Impossible(error) => error.help(),
        }
    }
}

/// The statements that rename, for a catalog that has the old names: parts before what they are parts of.
///
/// # Errors
///
/// [`NewNameError`].
pub fn renamings(catalog: &Catalog, names: &[NewName]) -> Result<Vec<Renaming>, NewNameError> {
    let mut renames: Vec<Rename> = names.iter().map(|it| find(catalog, it)).collect::<Result<_, _>>()?;
    renames.sort_by_key(|it| it.value.is_none() && !it.object.kind.is_part());
    renames.iter().map(|it| renaming(catalog, it)).collect()
}

fn renaming(catalog: &Catalog, rename: &Rename) -> Result<Renaming, NewNameError> {
    let forth = rename_statement(catalog, rename).map_err(NewNameError::Impossible)?;
    let mut after = catalog.clone();
    let mut back = rename.clone();
    if let Some(mut object) = after.objects.remove(&rename.object) {
        if let (Definition::Enum(it), Some(old)) = (&mut object.definition, &rename.value) {
            it.labels.iter_mut().filter(|it| *it == old).for_each(|it| rename.to.clone_into(it));
            (back.value, back.to) = (Some(rename.to.clone()), old.clone());
        } else {
            let place = if back.object.kind.is_routine() { 1 } else { back.object.path.len().saturating_sub(1) };
            if let Some(name) = Arc::make_mut(&mut back.object.path).get_mut(place) {
                back.to = std::mem::replace(name, rename.to.clone());
            }
        }
        after.objects.insert(back.object.clone(), object);
    }
    let back = rename_statement(&after, &back).map_err(NewNameError::Impossible)?;
    Ok(Renaming { forth, back })
}

/// Kinds that are parts of a relation and can be renamed.
const PARTS: [ObjectKind; 5] =
    [ObjectKind::Column, ObjectKind::Constraint, ObjectKind::Trigger, ObjectKind::Policy, ObjectKind::DomainConstraint];

/// The object with this name: `table`, `table.part`, `schema.table` or `schema.table.part`. Without schema it is in `public`.
fn find(catalog: &Catalog, name: &NewName) -> Result<Rename, NewNameError> {
    let mut found: Vec<(ObjectKey, Option<String>)> = Vec::new();
    match name.from.as_slice() {
        [object] => whole(catalog, "public", object, &mut found),
        [first, second] => {
            part(catalog, "public", first, second, &mut found);
            whole(catalog, first, second, &mut found);
        }
        [schema, relation, name] => part(catalog, schema, relation, name, &mut found),
        _ => {}
    }
    let written = name.from.join(".");
    let shown = |(key, value): &(ObjectKey, Option<String>)| match value {
        None => key.to_string(),
        Some(value) => format!("value `{value}` of {key}"),
    };
    match found.as_slice() {
        [] => Err(NewNameError::Unknown { name: written }),
        [(object, value)] => Ok(Rename { object: object.clone(), value: value.clone(), to: name.to.clone() }),
        many => Err(NewNameError::Ambiguous { name: written, objects: many.iter().map(shown).collect() }),
    }
}

fn whole(catalog: &Catalog, schema: &str, name: &str, found: &mut Vec<(ObjectKey, Option<String>)>) {
    let is_type = |kind| matches!(kind, ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Range);
    let fits = |it: &&ObjectKey| {
        let sorts = it.kind.is_relation() || it.kind.is_routine() || is_type(it.kind);
        sorts && it.part(0) == schema && it.part(1) == name
    };
    found.extend(catalog.objects.keys().filter(fits).map(|it| (it.clone(), None)));
}

fn part(catalog: &Catalog, schema: &str, relation: &str, name: &str, found: &mut Vec<(ObjectKey, Option<String>)>) {
    let keys = PARTS.map(|kind| ObjectKey::new(kind, [schema, relation, name]));
    found.extend(keys.into_iter().filter(|it| catalog.get(it).is_some()).map(|it| (it, None)));
    let key = ObjectKey::new(ObjectKind::Enum, [schema, relation]);
    if let Some(Definition::Enum(it)) = catalog.get(&key).map(|it| &it.definition)
        && it.labels.iter().any(|it| it == name)
    {
        found.push((key, Some(name.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::{NewName, renamings};
    use palisade_catalog::definition::{Enum, Opaque};
    use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind};
    use std::collections::BTreeMap;

    fn catalog(objects: &[(ObjectKind, &str)]) -> Catalog {
        let entry = |(kind, path): &(ObjectKind, &str)| {
            let (labels, needs) = (BTreeMap::new(), BTreeMap::new());
            let (owner, privileges, comment) = (None, None, None);
            let definition = match kind {
                ObjectKind::Enum => Definition::Enum(Enum { labels: vec!["good".to_owned()] }),
                _ => Definition::Opaque(Opaque { create: "…".to_owned(), then: Vec::new() }),
            };
            let object = Object { definition, owner, privileges, comment, labels, needs };
            (ObjectKey { kind: *kind, path: path.split('/').map(str::to_owned).collect() }, object)
        };
        Catalog { objects: objects.iter().map(entry).collect(), ..Catalog::default() }
    }

    #[test]
    fn a_name_means_what_there_is() {
        let catalog = catalog(&[
            (ObjectKind::Table, "public/posts"),
            (ObjectKind::Column, "public/posts/Title"),
            (ObjectKind::View, "public/v"),
            (ObjectKind::Column, "public/v/a"),
            (ObjectKind::Enum, "public/mood"),
            (ObjectKind::Function, "app/f/integer"),
            (ObjectKind::Table, "app/f"),
        ]);
        let check = |from: &str, to: &str| {
            let name = NewName { from: from.split('.').map(str::to_owned).collect(), to: to.to_owned() };
            match renamings(&catalog, &[name]) {
                Ok(found) => format!("{}; {}", found[0].forth.sql, found[0].back.sql),
                Err(error) => error.to_string(),
            }
        };
        insta::assert_snapshot!(check("posts.Title", "headline"), @r#"ALTER TABLE public.posts RENAME COLUMN "Title" TO headline; ALTER TABLE public.posts RENAME COLUMN headline TO "Title""#);
        insta::assert_snapshot!(check("v.a", "b"), @r"ALTER VIEW public.v RENAME COLUMN a TO b; ALTER VIEW public.v RENAME COLUMN b TO a");
        insta::assert_snapshot!(check("public.posts", "order"), @r#"ALTER TABLE public.posts RENAME TO "order"; ALTER TABLE public."order" RENAME TO posts"#);
        insta::assert_snapshot!(check("mood.good", "it's fine"), @r"ALTER TYPE public.mood RENAME VALUE 'good' TO 'it''s fine'; ALTER TYPE public.mood RENAME VALUE 'it''s fine' TO 'good'");
        insta::assert_snapshot!(check("app.f", "g"), @r"`app.f` is the name of more than one object: function app.f(integer), table app.f");
        insta::assert_snapshot!(check("nothing", "g"), @r"there is nothing called `nothing` to be renamed");
    }
}
