//! Each statement changes something that somebody who compares two databases wants to know.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, Compared, Difference, ObjectKind, difference};
use palisade_tests::query;
use serde_json::Value;

use super::schema::{build, everything, scratch};

/// What follows from the name of an object, its kind or its own parts, so that no statement changes it alone.
const FIXED: [(&str, &str); 8] = [
    ("column", "position"),
    ("publication-table", "table"),
    ("index", "table"),
    ("trigger", "inherited"),
    ("table", "kind"),
    ("view", "access_method"),
    ("view", "populated"),
    ("extension", "default_version"),
];

/// The fields of all definitions: kind and name.
fn fields(catalog: &Catalog) -> BTreeSet<(String, String)> {
    let definitions = catalog.objects.values().map(|it| serde_json::to_value(&it.definition).unwrap());
    let mut found = BTreeSet::new();
    for definition in definitions {
        let Value::Object(kinds) = definition else { continue };
        for (kind, fields) in kinds {
            for name in fields.as_object().unwrap().keys() {
                found.insert((kind.clone(), name.clone()));
            }
        }
    }
    found
}

/// The name of a kind's definition.
fn definition(catalog: &Catalog, difference: &Difference) -> String {
    match serde_json::to_value(&catalog.objects[difference.object()].definition).unwrap() {
        Value::Object(kinds) => kinds.keys().next().unwrap().clone(),
        other => other.as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn every_change_is_seen() {
    // The newest has all fields there are.
    let database = scratch(Some(18)).await.database(&[]).await.unwrap();
    let mut connection = build(&database, true).await;
    query(&mut connection, "create table history (id int4range, at daterange, constraint at_once primary key (id, at without overlaps), v int generated always as (1) virtual, n int constraint n_there not null no inherit)").await;
    query(&mut connection, "create foreign data wrapper other; create table refers (id int4range, at daterange); create domain named as int constraint is_there not null").await;
    // It belongs to the whole server, and stays there.
    query(&mut connection, "set allow_in_place_tablespaces = on").await;
    let _may_be_there = palisade_db::batch(&mut connection, "create tablespace palisade_tests location ''").await;
    let mut before = everything(&mut connection).await;
    let mut missing = fields(&before);
    // One change a line, since some take several statements.
    for sql in include_str!("changes.sql").lines() {
        query(&mut connection, sql).await;
        let after = everything(&mut connection).await;
        let differences = difference(&before, &after, Compared::ALL);
        assert_ne!(differences, [], "{sql}");
        for difference in &differences {
            if let Difference::Changed { changes, .. } = difference {
                let kind = definition(&after, difference);
                missing.retain(|field| field.0 != kind || changes.iter().all(|it| it.what != field.1));
            }
        }
        before = after;
    }
    missing.retain(|(kind, name)| !FIXED.contains(&(kind.as_str(), name.as_str())));
    assert_eq!(missing, BTreeSet::new(), "every field was changed by a statement");
    assert!(before.objects.keys().all(|it| it.kind != ObjectKind::Role), "roles were not asked for");
}
