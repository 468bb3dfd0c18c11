//! Where a commit has to stand between two statements.

use palisade_catalog::Catalog;
use palisade_db::{batch, introspect};
use palisade_diff::{Options, Transaction, diff};

async fn catalog(sql: &str) -> Catalog {
    let database = palisade_tests::database().await;
    let mut connection = database.connect().await.unwrap();
    batch(&mut connection, sql).await.unwrap();
    introspect::everything(&mut connection).await.unwrap()
}

/// Postgres refuses a new value of an enum in the transaction that made it.
#[tokio::test]
async fn new_values_of_an_enum_are_used_behind_a_commit() {
    let old = "create type mood as enum ('a'); create table t (m mood, constraint c check (m <> 'a'))";
    let new = "create type mood as enum ('a', 'b'); create table t (m mood, constraint c check (m <> 'b')); \
               create table u (m mood default 'b'); create table v (a int)";
    let script = diff(&catalog(old).await, &catalog(new).await, &Options::ALL).unwrap();
    let behind_commit = |sql: &str| {
        let statement = script.statements.iter().find(|it| it.sql.starts_with(sql));
        statement.unwrap_or_else(|| panic!("no `{sql}` in\n{script}")).transaction == Transaction::Fresh
    };
    assert!(behind_commit("ALTER TABLE public.t ADD CONSTRAINT c"));
    assert!(behind_commit("CREATE TABLE public.u"));
    assert!(!behind_commit("CREATE TABLE public.v"));
    assert!(!behind_commit("ALTER TYPE public.mood ADD VALUE"));
}
