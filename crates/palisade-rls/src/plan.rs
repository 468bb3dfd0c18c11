//! From what is to what is declared: the statements, and what they change. Pure.
//!
//! What is declared is put in place of its counterpart in the catalog of the target; the statements that lead from the one catalog
//! to the other are those of `palisade-diff`.

mod graft;
mod rename;

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use palisade_diff::{DiffError, Options, Statement, diff};
use palisade_plan::Declared;

use crate::change::{Change, changes};
use graft::graft;

/// What becomes of policies that are on the tables of the files and in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Orphans {
    /// They are told of.
    Keep,
    /// They are dropped.
    Drop,
}

/// What there is to do, and what comes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessPlan {
    /// The statements, in order, without semicolons.
    pub statements: Vec<String>,
    /// What is different afterwards.
    pub changes: Vec<Change>,
    /// Policies on tables of the files that none of them creates, and that stay.
    pub orphans: Vec<ObjectKey>,
    /// The tables whose policies or flags change, in the order in which they are locked: they are changed under a lock that
    /// nobody can read beside.
    pub tables: Vec<(String, String)>,
    /// The tables that somebody may see otherwise afterwards: those, and those whose rights or whose policies' functions change.
    pub touched: Vec<(String, String)>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum AccessPlanError {
    /// The files grant or revoke something on what the target lacks.
    #[error("the files say who may use {object}, and there is none here")]
    Missing {
        /// The object.
        object: ObjectKey,
    },
    /// No order of statements leads there.
    #[error("{0}")]
    Diff(#[from] DiffError),
}

impl AccessPlanError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Missing { .. } => "apply the migrations first: `cargo xtask db-push` does both".to_owned(),
            Self::Diff(_) => "this is a defect of Palisade, please report it".to_owned(),
        }
    }
}

/// What there is to do to make `declared` true where `actual` is. Nothing that is not declared is touched.
///
/// # Errors
///
/// [`AccessPlanError`].
pub fn plan(actual: &Catalog, declared: &Declared, orphans: Orphans) -> Result<AccessPlan, AccessPlanError> {
    let (wanted, left) = graft(actual, declared, orphans)?;
    let changes = changes(actual, &wanted);
    let (mut from, mut statements) = rename::renamed(actual, &wanted);
    taken_along(&mut from, &wanted);
    statements.extend(diff(&from, &wanted, &Options::ALL)?.statements);
    // Settings of the session are those of whoever runs the statements.
    statements.retain(|it| it.object.kind != ObjectKind::Unmodelled);
    let touched = touched(&statements, &wanted);
    let locked = |it: &Statement| matches!(it.object.kind, ObjectKind::Policy | ObjectKind::RowSecurity);
    let relations = statements.iter().filter(|it| locked(it)).map(|it| it.object.relation());
    let tables: BTreeSet<(String, String)> =
        relations.map(|(schema, name)| (schema.to_owned(), name.to_owned())).collect();
    Ok(AccessPlan {
        statements: statements.into_iter().map(|it| it.sql.trim_end().to_owned()).collect(),
        changes,
        orphans: left,
        tables: tables.into_iter().collect(),
        touched: touched.into_iter().collect(),
    })
}

/// The tables of policies, flags and rights that change, and those with a policy that calls a function that does.
fn touched(statements: &[Statement], wanted: &Catalog) -> BTreeSet<(String, String)> {
    let changed: BTreeSet<&ObjectKey> = statements.iter().map(|it| &it.object).collect();
    let parts = [ObjectKind::Policy, ObjectKind::RowSecurity, ObjectKind::Table, ObjectKind::Column];
    let of_statements = changed.iter().filter(|it| parts.contains(&it.kind)).map(|it| it.relation());
    let policies = wanted.objects.iter().filter(|(key, _)| key.kind == ObjectKind::Policy);
    let calling =
        policies.filter(|(_, policy)| policy.needs.keys().any(|it| it.kind.is_routine() && changed.contains(it)));
    let relations = of_statements.chain(calling.map(|(key, _)| key.relation()));
    let tables =
        relations.filter(|(schema, name)| wanted.get(&ObjectKey::new(ObjectKind::Table, [schema, name])).is_some());
    tables.map(|(schema, name)| (schema.to_owned(), name.to_owned())).collect()
}

/// [`REVOKE`](https://www.postgresql.org/docs/current/sql-revoke.html) of a right on a table takes the same right on its columns
/// along: those that shall stay are granted again.
fn taken_along(from: &mut Catalog, wanted: &Catalog) {
    let mut taken = Vec::new();
    for (key, before) in from.objects.iter().filter(|(key, _)| key.kind.is_relation()) {
        let Some((before, after)) =
            before.privileges.as_ref().zip(wanted.get(key).and_then(|it| it.privileges.as_ref()))
        else {
            continue;
        };
        for (role, granted) in &before.others {
            let kept = after.others.get(role);
            let lost = granted.keys().filter(|it| kept.is_none_or(|kept| !kept.contains_key(*it)));
            taken.extend(lost.map(|it| (key.clone(), role.clone(), *it)));
        }
    }
    for (relation, role, privilege) in taken {
        let columns = from.objects.iter_mut().filter(|(key, _)| key.kind == ObjectKind::Column);
        for (_, column) in columns.filter(|(key, _)| key.relation() == relation.relation()) {
            if let Some(granted) = column.privileges.as_mut().and_then(|it| it.others.get_mut(&role)) {
                granted.remove(&privilege);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Orphans, plan};
    use palisade_catalog::definition::{Policy, RowSecurity};
    use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Server};
    use palisade_plan::{Decided, Declared, Side};
    use std::collections::{BTreeMap, BTreeSet};

    fn object(definition: Definition) -> Object {
        let (labels, needs) = (BTreeMap::new(), BTreeMap::new());
        Object { definition, owner: None, privileges: None, comment: None, labels, needs }
    }

    fn policy(name: &str, using: &str) -> (ObjectKey, Object) {
        let definition = Definition::Policy(Policy {
            command: "SELECT".to_owned(),
            permissive: true,
            roles: vec!["anon".to_owned()],
            using: Some(using.to_owned()),
            check: None,
        });
        (ObjectKey::new(ObjectKind::Policy, ["public", "t", name]), object(definition))
    }

    fn flags(enabled: bool) -> (ObjectKey, Object) {
        let definition = Definition::RowSecurity(RowSecurity { enabled, forced: false });
        (ObjectKey::new(ObjectKind::RowSecurity, ["public", "t", "row security"]), object(definition))
    }

    fn catalog(objects: &[(ObjectKey, Object)]) -> Catalog {
        let server = Server { version: 150_001, user: "me".to_owned(), ..Server::default() };
        Catalog { server, objects: objects.iter().cloned().collect() }
    }

    fn declared(objects: &[(ObjectKey, Object)], gone: &[ObjectKey]) -> Declared {
        let keys = objects.iter().map(|(key, _)| key).chain(gone);
        let decided = keys.map(|it| Decided { object: it.clone(), side: Side::Definition }).collect();
        Declared { catalog: catalog(objects), decided, roles: BTreeSet::new() }
    }

    fn statements(actual: &[(ObjectKey, Object)], declared: &Declared, orphans: Orphans) -> Vec<String> {
        plan(&catalog(actual), declared, orphans).unwrap().statements
    }

    #[test]
    fn what_is_as_declared_needs_nothing() {
        let both = [policy("p", "true"), flags(true)];
        let planned = plan(&catalog(&both), &declared(&both, &[]), Orphans::Drop).unwrap();
        assert_eq!(planned, super::AccessPlan::default());
    }

    #[test]
    fn a_policy_is_changed_in_place_and_one_of_another_name_is_renamed() {
        let actual = [policy("old", "a"), policy("p", "true")];
        let wanted = declared(&[policy("new", "a"), policy("p", "false")], &[policy("old", "").0]);
        insta::assert_snapshot!(statements(&actual, &wanted, Orphans::Keep).join("\n"), @r#"
        ALTER POLICY old ON public.t RENAME TO new
        ALTER POLICY p ON public.t USING (false)
        "#);
    }

    #[test]
    fn what_nobody_declares_goes_only_when_that_is_asked_for() {
        let actual = [policy("mine", "true"), policy("other", "a")];
        let wanted = declared(&[policy("mine", "true")], &[]);
        let kept = plan(&catalog(&actual), &wanted, Orphans::Keep).unwrap();
        assert_eq!(kept.statements, [""; 0]);
        assert_eq!(kept.orphans, [policy("other", "").0]);
        let dropped = plan(&catalog(&actual), &wanted, Orphans::Drop).unwrap();
        assert_eq!(dropped.statements, ["DROP POLICY other ON public.t"]);
        assert_eq!(dropped.tables, [("public".to_owned(), "t".to_owned())]);
        assert!(dropped.orphans.is_empty());
    }

    #[test]
    fn flags_that_are_declared_off_are_switched_off() {
        let wanted = declared(&[], &[flags(false).0]);
        assert_eq!(
            statements(&[flags(true)], &wanted, Orphans::Keep),
            ["ALTER TABLE public.t DISABLE ROW LEVEL SECURITY"]
        );
    }
}
