//! The catalog of the target, with what is declared in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use palisade_catalog::{Catalog, Definition, Granted, Object, ObjectKey, ObjectKind, Privileges};
use palisade_plan::{Decided, Declared, Side};

use super::{AccessPlanError, Orphans};

/// What the target shall be, and the policies on it that nobody declares.
pub(super) fn graft(
    actual: &Catalog,
    declared: &Declared,
    orphans: Orphans,
) -> Result<(Catalog, Vec<ObjectKey>), AccessPlanError> {
    let mut wanted = actual.clone();
    let both = Both { declared, letters: letters(declared, actual) };
    for Decided { object: key, side } in &declared.decided {
        let object = declared.catalog.get(key);
        match side {
            Side::Definition => both.define(&mut wanted, key, object),
            Side::Privileges => both.grant(&mut wanted, key, object)?,
            Side::Comment => {
                if let Some(found) = wanted.objects.get_mut(key) {
                    found.comment = object.and_then(|it| it.comment.clone());
                }
            }
        }
    }
    let tables = declared.tables();
    let is_declared = |key: &ObjectKey| declared.decided.iter().any(|it| it.object == *key);
    let is_orphan =
        |key: &&ObjectKey| key.kind == ObjectKind::Policy && tables.contains(&key.relation()) && !is_declared(key);
    let mut left: Vec<ObjectKey> = wanted.objects.keys().filter(is_orphan).cloned().collect();
    let mut new: Vec<&ObjectKey> = declared.catalog.objects.keys().filter(|it| is_new_policy(it, actual)).collect();
    left.retain(|old| {
        let says = |catalog: &Catalog, key: &ObjectKey| catalog.get(key).map(|it| it.definition.clone());
        let same =
            |it: &&ObjectKey| it.relation() == old.relation() && says(&declared.catalog, it) == says(actual, old);
        // It is there under its old name, and gets the new one.
        let Some(at) = new.iter().position(same) else { return true };
        new.remove(at);
        wanted.objects.remove(old);
        false
    });
    if orphans == Orphans::Drop {
        for key in left.drain(..) {
            wanted.objects.remove(&key);
        }
    }
    Ok((wanted, left))
}

fn is_new_policy(key: &ObjectKey, actual: &Catalog) -> bool {
    key.kind == ObjectKind::Policy && actual.get(key).is_none()
}

/// The privileges that both servers know: later versions have more.
fn letters(declared: &Declared, actual: &Catalog) -> BTreeSet<char> {
    let of = |it: &Catalog| it.server.owner_privileges.values().flat_map(|it| it.chars()).collect::<BTreeSet<_>>();
    of(&declared.catalog).intersection(&of(actual)).copied().collect()
}

struct Both<'a> {
    declared: &'a Declared,
    letters: BTreeSet<char>,
}

impl Both<'_> {
    /// Puts an object in place, or takes it away. Its privileges stay as they are.
    fn define(&self, wanted: &mut Catalog, key: &ObjectKey, object: Option<&Object>) {
        let Some(object) = object else {
            wanted.objects.remove(key);
            return;
        };
        let Some(found) = wanted.objects.get_mut(key) else {
            let owner = object.owner.clone().map(|it| self.here(it, wanted));
            let object = Object { owner, privileges: None, ..object.clone() };
            wanted.objects.insert(key.clone(), object);
            return;
        };
        match (&mut found.definition, &object.definition) {
            // Its query belongs to the migrations.
            (Definition::View(found), Definition::View(declared)) => {
                found.options.clone_from(&declared.options);
                return;
            }
            (found, declared) => found.clone_from(declared),
        }
        found.comment.clone_from(&object.comment);
        found.needs.clone_from(&object.needs);
        if object.owner.as_ref() != Some(&self.declared.catalog.server.user) {
            found.owner.clone_from(&object.owner);
        }
    }

    /// Whoever made it there makes it here.
    fn here(&self, role: String, wanted: &Catalog) -> String {
        if role == self.declared.catalog.server.user { wanted.server.user.clone() } else { role }
    }

    fn grant(&self, wanted: &mut Catalog, key: &ObjectKey, object: Option<&Object>) -> Result<(), AccessPlanError> {
        if key.kind == ObjectKind::DefaultPrivileges {
            self.grant_by_default(wanted, key, object);
            return Ok(());
        }
        let privileges = object.and_then(|it| it.privileges.as_ref());
        let Some(found) = wanted.objects.get_mut(key) else {
            return Err(AccessPlanError::Missing { object: key.clone() });
        };
        let nothing = Privileges::default();
        if found.privileges.is_none() && key.kind != ObjectKind::Column {
            // It is new: nobody here has rights that could stay.
            let mut declared = privileges.cloned().unwrap_or_default();
            let all = std::iter::once(&mut declared.owner).chain(declared.others.values_mut());
            all.for_each(|it| it.retain(|it, _| self.letters.contains(&it.0)));
            found.privileges = Some(declared);
            return Ok(());
        }
        let merged = self.merged(
            found.privileges.as_ref().unwrap_or(&nothing),
            privileges.unwrap_or(&nothing),
            found.owner.as_deref(),
        );
        if found.privileges.is_some() || merged != nothing {
            found.privileges = Some(merged);
        }
        Ok(())
    }

    /// What new objects of a role get. They are those of whoever makes things here.
    fn grant_by_default(&self, wanted: &mut Catalog, key: &ObjectKey, object: Option<&Object>) {
        let mut key = key.clone();
        if let Some(role) = Arc::make_mut(&mut key.path).first_mut() {
            *role = self.here(role.clone(), wanted);
        }
        let Some(object) = object else {
            let found = wanted.objects.get_mut(&key).filter(|_| !key.part(1).is_empty());
            let merged = found.as_ref().and_then(|it| it.privileges.as_ref());
            let merged = merged.map(|it| self.merged(it, &Privileges::default(), Some(key.part(0))));
            match (found, merged.filter(|it| !it.others.is_empty())) {
                // In a schema, nothing is what nobody has granted there.
                (Some(found), Some(merged)) => found.privileges = Some(merged),
                _ => drop(wanted.objects.remove(&key)),
            }
            return;
        };
        let mut object = object.clone();
        object.owner = Some(key.part(0).to_owned());
        if let (Some(found), Some(declared)) =
            (wanted.get(&key).and_then(|it| it.privileges.as_ref()), &object.privileges)
        {
            object.privileges = Some(self.merged(found, declared, Some(key.part(0))));
        }
        wanted.objects.insert(key, object);
    }

    /// The declared rights of the roles that the files can know, and those that others have here.
    fn merged(&self, found: &Privileges, declared: &Privileges, owner: Option<&str>) -> Privileges {
        let mut merged = found.clone();
        let is_known = |role: &str| Some(role) != owner && self.declared.roles.contains(role);
        let known = |granted: &Granted| -> Granted {
            granted.iter().filter(|(it, _)| self.letters.contains(&it.0)).map(|(it, option)| (*it, *option)).collect()
        };
        for (role, granted) in &mut merged.others {
            if is_known(role) {
                granted.retain(|it, _| !self.letters.contains(&it.0));
            }
        }
        for (role, granted) in declared.others.iter().filter(|(role, _)| is_known(role)) {
            merged.others.entry(role.clone()).or_default().extend(known(granted));
        }
        merged.others.retain(|_, granted| !granted.is_empty());
        merged
    }
}
