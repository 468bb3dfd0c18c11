//! What a name on the command line means.

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};

use super::Renamed;

/// Why a name cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
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
}

impl RenameError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown { .. } => {
                "the old name stands on the left, as it is now: `--rename posts.title=headline`, `--rename posts=articles`"
            }
            Self::Ambiguous { .. } => "write the schema as well: `--rename public.posts.title=headline`",
        }
        .to_owned()
    }
}

/// Kinds that are parts of a relation and can be renamed.
const PARTS: [ObjectKind; 5] =
    [ObjectKind::Column, ObjectKind::Constraint, ObjectKind::Trigger, ObjectKind::Policy, ObjectKind::DomainConstraint];

/// The object with this name: `table`, `table.part`, `schema.table` or `schema.table.part`. Without schema it is in `public`.
pub(super) fn find(catalog: &Catalog, name: &[String]) -> Result<Renamed, RenameError> {
    let mut found = Vec::new();
    match name {
        [object] => whole(catalog, "public", object, &mut found),
        [first, second] => {
            part(catalog, "public", first, second, &mut found);
            whole(catalog, first, second, &mut found);
        }
        [schema, relation, name] => part(catalog, schema, relation, name, &mut found),
        _ => {}
    }
    let written = name.join(".");
    let shown = |it: &Renamed| match it {
        Renamed::Object(key) => key.to_string(),
        Renamed::Value(key, value) => format!("value `{value}` of {key}"),
    };
    match found.as_slice() {
        [] => Err(RenameError::Unknown { name: written }),
        [one] => Ok(one.clone()),
        many => Err(RenameError::Ambiguous { name: written, objects: many.iter().map(shown).collect() }),
    }
}

fn whole(catalog: &Catalog, schema: &str, name: &str, found: &mut Vec<Renamed>) {
    let fits = |it: &&ObjectKey| {
        let sorts = it.kind.is_relation() || it.kind.is_routine() || is_type(it.kind);
        sorts && it.part(0) == schema && it.part(1) == name
    };
    found.extend(catalog.objects.keys().filter(fits).cloned().map(Renamed::Object));
}

fn part(catalog: &Catalog, schema: &str, relation: &str, name: &str, found: &mut Vec<Renamed>) {
    for kind in PARTS {
        let key = ObjectKey::new(kind, [schema, relation, name]);
        if catalog.get(&key).is_some() {
            found.push(Renamed::Object(key));
        }
    }
    let key = ObjectKey::new(ObjectKind::Enum, [schema, relation]);
    if let Some(Definition::Enum(it)) = catalog.get(&key).map(|it| &it.definition)
        && it.labels.iter().any(|it| it == name)
    {
        found.push(Renamed::Value(key, name.to_owned()));
    }
}

fn is_type(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Range)
}
