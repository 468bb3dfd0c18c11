//! Many migrations in one run.

use crate::fixture::{Fixture, file};

#[tokio::test]
async fn one_round_trip_for_each() {
    let count = 500;
    let files: Vec<_> = (1..=count).map(|it| file(it, &format!("create table t{it} (a int)"))).collect();
    let (mut it, proxy) = Fixture::behind_proxy().await;
    let applied = it.migrate(&files).await.unwrap();
    assert_eq!(applied.done.len(), 500);
    let first = proxy.passed();
    assert_eq!(first.connections, 1);
    assert!(first.answers <= 500 + 15, "{first:?}");
    it.migrate(&files).await.unwrap();
    let second = proxy.passed();
    assert!(second.answers - first.answers <= 6, "a run that finds nothing to do: {second:?}");
    assert_eq!(it.query("select count(*) from palisade.migrations").await, ["500"]);
    assert_eq!(it.query("select count(*) from pg_class where relname ~ '^t[0-9]+$'").await, ["500"]);
}
