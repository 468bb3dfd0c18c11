//! What holds whatever happens meanwhile.

use std::time::Duration;

use palisade_db::{ConnectSettings, connect};
use palisade_plan::Foreseen;
use palisade_rls::{ApplyError, ApplySettings, Orphans, apply, plan, read_access};
use palisade_tests::{Fault, PgBouncer, Proxy};

use crate::support::{Database, Failed, approve, ask, run, script};

const SCHEMA: &str = "
    create table public.t (id int, owner uuid); create table public.u (id int);
    grant select on t, u to authenticated;";
const FILE: (&str, &str) = (
    "rls/t.sql",
    "alter table t enable row level security; drop policy if exists p on t;
     create policy p on t to authenticated using (owner is null);",
);

#[tokio::test]
async fn where_nothing_differs_nobody_is_waited_for() {
    let database = Database::new(SCHEMA).await;
    database.apply(&[FILE]).await.unwrap();
    let approved = database.approved(&[FILE], Orphans::Keep).await.unwrap();
    let mut reader = database.connect().await;
    run(&mut reader, "begin; select * from t").await;
    let proxy = Proxy::new(database.tcp_url()).await;
    let mut connection = connect(&ConnectSettings::new(proxy.url().clone())).await.unwrap();
    let pid = connection.facts().backend_pid;
    let settings = ApplySettings { lock_timeout: Duration::from_millis(50), retry_for: Duration::ZERO };
    let before = proxy.passed().questions;
    let applied = apply(&mut connection, &approved, database.context(settings)).await.unwrap();
    assert_eq!((applied.changes.len(), applied.tries), (0, 0));
    assert!(proxy.passed().questions - before <= 3, "{:?}", proxy.passed());
    // Nor does anybody wait behind it.
    run(&mut reader, "commit; begin; lock table t in access exclusive mode nowait").await;
    let locks = format!("select count(*)::text from pg_locks where pid = {pid} and mode = 'AccessExclusiveLock'");
    assert_eq!(ask(&mut reader, &locks).await.unwrap(), "0");
}

#[tokio::test]
async fn what_changed_since_the_plan_is_found() {
    let database = Database::new(SCHEMA).await;
    let declared = database.declare(&[FILE]).await.unwrap();
    let mut connection = database.connect().await;
    let seen = read_access(&mut connection).await.unwrap();
    let statements = plan(&seen.catalog, &declared, Orphans::Keep).unwrap().statements;
    let foreseen = Foreseen { state: seen.state, statements };
    let step = script(&[FILE]).to_step(declared, Orphans::Keep, Some(foreseen));
    let approved = approve(&connection.facts().identity.clone(), step);
    database.run("create policy meanwhile on u using (true)").await;
    let error = apply(&mut connection, &approved, database.context(ApplySettings::default())).await.unwrap_err();
    assert!(matches!(error, ApplyError::AccessChanged), "{error:?}");
    database.run("drop policy meanwhile on u").await;
    let applied = apply(&mut connection, &approved, database.context(ApplySettings::default())).await.unwrap();
    assert_eq!(applied.changes.len(), 2);
}

#[tokio::test]
async fn a_policy_that_postgres_cannot_plan_is_not_committed() {
    let database = Database::new(SCHEMA).await;
    let recursive = "alter table t enable row level security; drop policy if exists p on t;
        create policy p on t for select to authenticated using (exists (select from t as other where other.id = t.id));";
    let error = database.apply(&[("rls/t.sql", recursive)]).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"
    with these policies the database cannot answer: as authenticated, select on "public"."t": infinite recursion detected in policy for relation "t" (SQLSTATE 42P17)
    help: nothing was changed; a policy reads, through others, the table that it is on: put that read into a `security definer` function
    "#);
    let found = "select count(*)::text from pg_policy where polrelid = 'public.t'::regclass";
    assert_eq!(ask(&mut database.connect().await, found).await.unwrap(), "0");
}

#[tokio::test]
async fn a_persona_that_cannot_be_put_on_is_named() {
    let database = Database::new(SCHEMA).await.with_personas("[ghost]\nrole = \"no_such_role\"\n");
    let error = database.apply(&[FILE]).await.unwrap_err();
    let Failed::Apply(ApplyError::Probe(_)) = &error else { panic!("{error:?}") };
    assert!(error.to_string().contains("no_such_role"), "{error}");
}

#[tokio::test]
async fn a_session_that_is_ended_leaves_all_or_nothing() {
    let database = Database::new(SCHEMA).await;
    let mut other = database.connect().await;
    run(&mut other, "begin; select * from u").await;
    let files = [FILE, ("rls/u.sql", "alter table u enable row level security")];
    let approved = database.approved(&files, Orphans::Keep).await.unwrap();
    let mut connection = database.connect().await;
    let pid = connection.facts().backend_pid;
    let applying = tokio::spawn(async move {
        let settings = ApplySettings { lock_timeout: Duration::from_secs(20), retry_for: Duration::from_secs(20) };
        let failed = apply(&mut connection, &approved, database.context(settings)).await.is_err();
        (database, failed)
    });
    // It has the lock on `t`, and waits for the one on `u`.
    let waits = format!("select count(*)::text from pg_locks where pid = {pid} and not granted");
    while ask(&mut other, &waits).await.unwrap() == "0" {
        tokio::task::yield_now().await;
    }
    run(&mut other, &format!("select pg_terminate_backend({pid})")).await;
    let (database, failed) = applying.await.unwrap();
    assert!(failed);
    run(&mut other, "commit").await;
    let found = "select count(*)::text from pg_class where relrowsecurity and relname in ('t', 'u')";
    assert_eq!(ask(&mut database.connect().await, found).await.unwrap(), "0");
    assert_eq!(database.apply(&files).await.unwrap().changes.len(), 3);
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_a_run_with_nothing_to_do() {
    let database = Database::new(SCHEMA).await;
    let approved = database.approved(&[FILE], Orphans::Keep).await.unwrap();
    let proxy = Proxy::new(database.tcp_url()).await;
    let mut connection = connect(&ConnectSettings::new(proxy.url().clone())).await.unwrap();
    proxy.when_sends("create policy", Fault::LoseAnswer);
    let context = database.context(ApplySettings::default());
    let ApplyError::Database(error) = apply(&mut connection, &approved, context).await.unwrap_err() else { panic!() };
    assert!(error.ends_connection(), "{error}");
    let again = apply(&mut database.connect().await, &approved, context).await.unwrap();
    assert_eq!((again.changes.len(), again.tries), (0, 0));
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_good_enough() {
    let database = Database::new(SCHEMA).await;
    let approved = database.approved(&[FILE], Orphans::Keep).await.unwrap();
    let pooler = PgBouncer::start(database.tcp_url(), "transaction", "").await;
    let mut connection = connect(&ConnectSettings::new(pooler.url().clone())).await.unwrap();
    let context = database.context(ApplySettings::default());
    assert_eq!(apply(&mut connection, &approved, context).await.unwrap().changes.len(), 2);
    assert_eq!(apply(&mut connection, &approved, context).await.unwrap().tries, 0);
    // Nothing of it is left on the server's side.
    let left = "select concat(current_setting('search_path') = '', ' ', current_setting('check_function_bodies'), ' ', count(*))
        from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";
    assert_eq!(ask(&mut connection, left).await.unwrap(), "f on 0");
}
