//! What the guide's "Common errors" are answered with, each from a real server.

use std::time::Duration;

use palisade_db::{ConnectSettings, Connection, batch, connect};
use palisade_tests::{connection, database, query};

/// The help for the error that the last of `statements` brings; each runs by itself.
async fn help(connection: &mut Connection, statements: &[&str]) -> String {
    let (last, before) = statements.split_last().unwrap();
    for sql in before {
        query(connection, sql).await;
    }
    let error = batch(connection, last).await.unwrap_err().error;
    let sqlstate = error.sqlstate().unwrap();
    format!("{sqlstate}: {}", error.help().unwrap_or_default())
}

async fn help_in_new_database(statements: &[&str]) -> String {
    let database = database().await;
    help(&mut connection(&database).await, statements).await
}

#[tokio::test]
async fn permission_denied() {
    let help = help_in_new_database(&["create table t ()", "set role pg_read_all_settings", "select from t"]).await;
    insta::assert_snapshot!(help, @"42501: the role lacks a right: connect as the owner (on Supabase the role `postgres`), or grant it; `cargo xtask doctor` shows who you are");
}

#[tokio::test]
async fn violated_constraints() {
    let database = database().await;
    let mut connection = connection(&database).await;
    query(&mut connection, "create table accounts (id int primary key, email text, other int references accounts, age int not null check (age > 0))").await;
    query(&mut connection, "insert into accounts values (1, 'a', null, 1), (2, 'a', null, 1)").await;
    let mut said = Vec::new();
    for sql in [
        "insert into accounts values (1, 'b', null, 1)",
        "create unique index accounts_email_idx on accounts (email)",
        "insert into accounts values (3, 'b', 7, 1)",
        "insert into accounts values (3, 'b', null, null)",
        "alter table accounts alter email set not null, alter other set not null",
        "insert into accounts values (3, 'b', null, -1)",
    ] {
        said.push(help(&mut connection, &[sql]).await);
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    23505: two rows have the same value for `accounts_pkey` of `accounts`: remove or merge the duplicates first, in a migration before this one
    23505: two rows have the same value for `accounts_email_idx` of `accounts`: remove or merge the duplicates first, in a migration before this one
    23503: rows of `accounts` point at rows that are not there (`accounts_other_fkey`): correct them first
    23502: rows of `accounts` have no value there: fill it first, in a statement before this one
    23502: rows of `accounts` have no value there: fill it first, in a statement before this one
    23514: rows of `accounts` break `accounts_age_check`: correct them first
    "#);
}

#[tokio::test]
async fn objects_that_are_there_already() {
    let database = database().await;
    let mut connection = connection(&database).await;
    query(&mut connection, "create table t (a int); create policy own on t; create type e as enum (); create schema s")
        .await;
    let mut said = Vec::new();
    for sql in [
        "create policy own on t",
        "create table t ()",
        "create index t on t (a)",
        "create type e as enum ()",
        "create schema s",
        "alter table t add a int",
        "create role postgres",
    ] {
        said.push(help(&mut connection, &[sql]).await);
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    42710: put `drop policy if exists … on …;` before `create policy`: Postgres has no `create policy if not exists`
    42P07: something of this name is there already: was it made by hand? `cargo xtask db-status` shows what the history knows
    42P07: something of this name is there already: was it made by hand? `cargo xtask db-status` shows what the history knows
    42710: something of this name is there already: was it made by hand? `cargo xtask db-status` shows what the history knows
    42P06: something of this name is there already: was it made by hand? `cargo xtask db-status` shows what the history knows
    42701: something of this name is there already: was it made by hand? `cargo xtask db-status` shows what the history knows
    42710: something of this name is there already: was it made by hand? `cargo xtask db-status` shows what the history knows
    "#);
}

#[tokio::test]
async fn objects_that_are_missing() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let mut said = Vec::new();
    for sql in [
        "select from users",
        "select age from pg_class",
        "select f()",
        "drop role nobody_of_this_name",
        "select from s.t",
        "create table s.t ()",
        "selec 1",
        "create table t (a nothing)",
    ] {
        said.push(help(&mut connection, &[sql]).await);
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    42P01: check the spelling and the schema; does a migration before this one make it?
    42703: check the spelling and the schema; does a migration before this one make it?
    42883: check the spelling and the schema; does a migration before this one make it?
    42704: check the spelling and the schema; does a migration before this one make it?
    42P01: check the spelling and the schema; does a migration before this one make it?
    3F000: check the spelling and the schema; does a migration before this one make it?
    42601: the server cannot read the SQL at the marked place
    42704: check the spelling and the schema; does a migration before this one make it?
    "#);
}

#[tokio::test]
async fn somebody_else_holds_a_lock() {
    let database = database().await;
    let mut other = connection(&database).await;
    query(&mut other, "create table t ()").await;
    query(&mut other, "begin; lock table t").await;
    let settings =
        ConnectSettings { lock_timeout: Duration::from_millis(10), ..ConnectSettings::new(database.url().clone()) };
    let mut connection = connect(&settings).await.unwrap();
    let mut said = vec![help(&mut connection, &["alter table t add a int"]).await];
    said.push(help(&mut connection, &["select from t for update nowait"]).await);
    insta::assert_snapshot!(said.join("\n"), @r#"
    55P03: somebody else holds a lock on the object: try again when it is quiet, or raise `lock-timeout`
    55P03: somebody else holds a lock on the object: try again when it is quiet, or raise `lock-timeout`
    "#);
}

#[tokio::test]
async fn a_statement_takes_too_long() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let help = help(&mut connection, &["set statement_timeout = 1", "select pg_sleep(600)"]).await;
    insta::assert_snapshot!(help, @"57014: the statement was cancelled: raise `statement-timeout` if it needs longer");
}

#[tokio::test]
async fn two_transactions_stand_in_each_others_way() {
    let database = database().await;
    let (mut one, mut two) = (connection(&database).await, connection(&database).await);
    query(&mut one, "create table t (a int); insert into t values (1)").await;
    for it in [&mut one, &mut two] {
        query(it, "begin isolation level repeatable read; select 1 from t").await;
    }
    query(&mut one, "update t set a = 2").await;
    query(&mut one, "commit").await;
    insta::assert_snapshot!(help(&mut two, &["update t set a = 3"]).await, @"40001: two transactions stood in each other's way; nothing was changed, run the command again");
}

#[tokio::test]
async fn the_server_only_reads() {
    let help = help_in_new_database(&["set default_transaction_read_only = on", "create table t ()"]).await;
    insta::assert_snapshot!(help, @"25006: the server only reads: is this the address of a replica, or has the disk filled up and the provider switched it to read-only?");
}

#[tokio::test]
async fn this_cannot_run_in_a_transaction() {
    let help = help_in_new_database(&["begin", "vacuum"]).await;
    insta::assert_snapshot!(help, @"25001: this statement cannot run in a transaction: make `-- no-transaction` the first line of a migration of its own");
}

#[tokio::test]
async fn a_policy_reads_its_own_table() {
    let help = help_in_new_database(&[
        "create table t (a int); alter table t enable row level security; grant select on t to pg_read_all_settings; \
         create policy p on t using (exists (select from t))",
        "set role pg_read_all_settings",
        "select from t",
    ])
    .await;
    insta::assert_snapshot!(help, @"42P17: a policy reads its own table: move the question into a `security definer` function");
}

/// Conditions that no test can bring about on a shared server: the codes are the server's own, raised by hand.
#[tokio::test]
async fn the_machine_is_at_its_end() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let mut said = Vec::new();
    for code in ["53100", "53200", "53300", "40P01"] {
        let sql = format!("do $$ begin raise 'simulated' using errcode = '{code}'; end $$");
        said.push(help(&mut connection, &[&sql]).await);
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    53100: the server's disk is full: free or add space, nothing can be written before
    53200: the server has no memory left; try again when it is less busy
    53300: all connections of the server are taken: close idle clients, or wait and try again
    40P01: two transactions stood in each other's way; nothing was changed, run the command again
    "#);
}

#[tokio::test]
async fn the_session_is_ended() {
    let database = database().await;
    let (mut connection, mut other) = (connection(&database).await, connection(&database).await);
    let pid = connection.facts().backend_pid;
    query(&mut other, &format!("select pg_terminate_backend({pid}, 60000)")).await;
    let error = batch(&mut connection, "select 1").await.unwrap_err().error;
    assert!(error.ends_connection(), "{error}");
    insta::assert_snapshot!(error.help().unwrap(), @"check the network and run the same command again: it finds out what was done");
}
