//! Catalogs of real databases.

mod changes;
mod lines;
mod roles;
mod schema;

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, Compared, ObjectKind, difference};
use palisade_db::introspect;
use palisade_tests::{connection, database, query};

use schema::{build, everything, scratch};

/// Kinds that are read only when somebody asks for them.
const ON_REQUEST: [ObjectKind; 2] = [ObjectKind::Role, ObjectKind::Membership];

fn schemas() -> Vec<String> {
    vec!["public".to_owned(), "My \"Schema\".x".to_owned()]
}

async fn check_version(major: Option<u32>) {
    let scratch = scratch(major).await;
    let (one, other) = (scratch.database(&[]).await.unwrap(), scratch.database(&[]).await.unwrap());
    let (mut one, mut other) = (build(&one, true).await, build(&other, false).await);
    if let Some(major) = major {
        assert_eq!(one.server_version().major(), major);
    }
    let (left, right) = (everything(&mut one).await, everything(&mut other).await);
    assert_eq!(difference(&left, &right, Compared::ALL), []);
    assert_eq!(left.fingerprint(), right.fingerprint());
    let mut kinds: BTreeSet<ObjectKind> = left.objects.keys().map(|it| it.kind).collect();
    kinds.extend(ON_REQUEST);
    assert_eq!(kinds, ObjectKind::ALL.into(), "every kind is in the schema");
    let copy = Catalog::from_snapshot(&left.to_snapshot().unwrap()).unwrap();
    assert!(copy == left, "a snapshot holds everything");
}

#[tokio::test]
async fn the_order_of_building_does_not_matter() {
    check_version(None).await;
}

#[tokio::test]
async fn the_order_of_building_does_not_matter_on_17() {
    check_version(Some(17)).await;
}

#[tokio::test]
async fn the_order_of_building_does_not_matter_on_18() {
    check_version(Some(18)).await;
}

#[tokio::test]
async fn what_is_not_ours_is_not_read() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let read = async |connection: &mut _| introspect::catalog(connection, &schemas()).await.unwrap();
    let before = read(&mut connection).await;
    query(&mut connection, "create schema auth; create table auth.users (id uuid); create function auth.uid() returns uuid language sql as $$ select null::uuid $$").await;
    query(&mut connection, "comment on table auth.users is 'not ours'; grant select on auth.users to pg_monitor").await;
    query(&mut connection, "create temporary table gone (id serial primary key)").await;
    assert_eq!(read(&mut connection).await, before);
    // Members of an extension come and go with it: it alone is an object.
    query(&mut connection, "create extension pg_trgm").await;
    let after = read(&mut connection).await;
    let added: Vec<String> = difference(&before, &after, Compared::ALL).iter().map(ToString::to_string).collect();
    assert_eq!(added, ["+ extension pg_trgm"]);
    assert!(introspect::catalog(&mut connection, &[]).await.unwrap().objects.is_empty());
}

#[tokio::test]
async fn inside_a_transaction_what_it_did_is_seen() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let before = introspect::catalog(&mut connection, &schemas()).await.unwrap();
    query(&mut connection, "begin; create table t ()").await;
    let within = introspect::catalog_within(&mut connection, &schemas()).await.unwrap();
    assert_eq!(difference(&before, &within, Compared::ALL).len(), 1);
    query(&mut connection, "rollback").await;
    assert_eq!(introspect::catalog(&mut connection, &schemas()).await.unwrap(), before);
}
