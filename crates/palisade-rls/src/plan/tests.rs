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
    assert_eq!(statements(&[flags(true)], &wanted, Orphans::Keep), ["ALTER TABLE public.t DISABLE ROW LEVEL SECURITY"]);
}
