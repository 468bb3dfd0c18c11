//! Statements outside transactions, interrupted.
//!
//! Each test kills a run at one point, so that the next one finds what is left: by dropping it while the proxy holds one
//! of its messages, or while the server waits for a lock.

use palisade_db::Connection;
use palisade_migrator::{ApplyCause, Migration, Repair};
use palisade_tests::{Fault, connection, query, until};

use crate::fixture::{Fixture, file};

/// A file without transaction: one unit before the statement, one behind it.
fn around(statement: &str) -> [Migration; 1] {
    [file(
        1,
        &format!(
            "-- no-transaction\ninsert into log values ('before');\n{statement};\ninsert into log values ('behind');\n"
        ),
    )]
}

/// What the journal writes when the second unit is done.
const SECOND_DONE: &str = "units_done = 2";

/// Starts a run and kills it, server process included, once `moment` has come.
async fn killed(it: &Fixture, files: &[Migration], moment: impl Future<Output = ()>) {
    let mut run = it.clone();
    tokio::select! {
        ended = Box::pin(run.migrate(files)) => panic!("it ended before it was killed: {ended:?}"),
        () = moment => {}
    }
    let mut killer = connection(&it.database).await;
    let ours = "select pg_terminate_backend(pid, 60000) from pg_locks where locktype = 'advisory' and granted \
                and database = (select oid from pg_database where datname = current_database())";
    query(&mut killer, ours).await;
}

/// Kills a run after `statement` was carried out and before that is noted.
async fn killed_behind(it: &Fixture, statement: &str) {
    let proxy = palisade_tests::Proxy::new(it.database.url()).await;
    let through = Fixture { url: proxy.url().clone(), ..it.clone() };
    proxy.when_sends(SECOND_DONE, Fault::Hold);
    killed(&through, &around(statement), proxy.held()).await;
}

/// Kills a run while the server waits in `statement` for the end of a transaction that has used table `t`.
async fn killed_within(it: &Fixture, statement: &str, blocker: &mut Connection) {
    let waits = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let waiting = until("the statement waits", async || !it.query(waits).await.is_empty());
    killed(it, &around(statement), waiting).await;
    query(blocker, "rollback").await;
}

async fn fixture(schema: &str) -> Fixture {
    let it = Fixture::new().await;
    it.query(&format!("create table log (line text); {schema}")).await;
    it
}

/// The next run, and that all is done once.
async fn finish(it: &mut Fixture, statement: &str) -> Vec<String> {
    it.said.clear();
    it.migrate(&around(statement)).await.unwrap_or_else(|error| panic!("{error} {:#?}", it.said));
    assert_eq!(it.query("select line from log").await, ["before", "behind"]);
    assert_eq!(it.versions().await, ["1"]);
    assert_eq!(it.migrate(&around(statement)).await.unwrap().done.len(), 0);
    it.said.iter().filter(|it| it.starts_with("clean up")).cloned().collect()
}

/// Name and state of each index of `t`.
async fn indexes(it: &Fixture) -> Vec<String> {
    let sql = "select relname || ' ' || indisvalid from pg_index join pg_class c on c.oid = indexrelid \
               where indrelid = 't'::regclass order by 1";
    it.query(sql).await
}

async fn blocker(it: &Fixture) -> Connection {
    let mut blocker = connection(&it.database).await;
    query(&mut blocker, "begin; lock table t in row exclusive mode").await;
    blocker
}

const CREATE: &str = "create unique index concurrently t_a_idx on t (a)";

#[tokio::test]
async fn an_index_that_was_half_built_is_rebuilt() {
    let mut it = fixture("create table t (a int)").await;
    let mut blocker = blocker(&it).await;
    killed_within(&it, CREATE, &mut blocker).await;
    assert_eq!(indexes(&it).await, ["t_a_idx false"]);
    assert_eq!(finish(&mut it, CREATE).await, ["clean up invalid index public.t_a_idx"]);
    assert_eq!(indexes(&it).await, ["t_a_idx true"]);
}

#[tokio::test]
async fn an_index_that_was_built_is_not_built_again() {
    let mut it = fixture("create table t (a int)").await;
    killed_behind(&it, CREATE).await;
    assert_eq!(indexes(&it).await, ["t_a_idx true"]);
    let oid = it.query("select 't_a_idx'::regclass::oid").await;
    assert_eq!(finish(&mut it, CREATE).await, [""; 0]);
    assert_eq!(it.query("select 't_a_idx'::regclass::oid").await, oid);
}

#[tokio::test]
async fn an_index_that_had_not_begun_is_built() {
    let mut it = fixture("create table t (a int)").await;
    let proxy = palisade_tests::Proxy::new(it.database.url()).await;
    let through = Fixture { url: proxy.url().clone(), ..it.clone() };
    // The message is the statement alone: what is noted before it is.
    proxy.when_sends("create unique index", Fault::Hold);
    killed(&through, &around(CREATE), proxy.held()).await;
    assert_eq!(it.query("select under_way from palisade.attempts").await, ["t"]);
    assert_eq!(indexes(&it).await, [""; 0]);
    assert_eq!(finish(&mut it, CREATE).await, [""; 0]);
    assert_eq!(indexes(&it).await, ["t_a_idx true"]);
}

#[tokio::test]
async fn hostile_names_are_found_again() {
    let mut it = fixture(r#"create schema "$table"; create table "$table"."t$index; --" ("a""b" int)"#).await;
    let create = r#"create index concurrently "it's $table" on "$table"."t$index; --" ("a""b")"#;
    it.query(r#"alter table "$table"."t$index; --" set schema public; alter table "t$index; --" rename to t"#).await;
    let mut blocker = blocker(&it).await;
    let create_t = create.replace(r#""$table"."t$index; --""#, "t");
    killed_within(&it, &create_t, &mut blocker).await;
    it.query(r#"alter table t rename to "t$index; --"; alter table "t$index; --" set schema "$table""#).await;
    // The file may only be edited where it is not done yet, which is so from the interrupted statement on.
    assert_eq!(finish(&mut it, create).await, [r#"clean up invalid index "$table"."it's $table""#]);
}

#[tokio::test]
async fn an_index_that_was_half_dropped_is_dropped() {
    let drop = "drop index concurrently public.t_a_idx";
    let mut it = fixture("create table t (a int); create index t_a_idx on t (a)").await;
    let mut blocker = blocker(&it).await;
    killed_within(&it, drop, &mut blocker).await;
    assert_eq!(indexes(&it).await, ["t_a_idx false"]);
    finish(&mut it, drop).await;
    assert_eq!(indexes(&it).await, [""; 0]);
}

#[tokio::test]
async fn an_index_that_was_dropped_is_not_missed() {
    let drop = "drop index concurrently public.t_a_idx";
    let mut it = fixture("create table t (a int); create index t_a_idx on t (a)").await;
    killed_behind(&it, drop).await;
    assert_eq!(indexes(&it).await, [""; 0]);
    finish(&mut it, drop).await;
}

const PARTITIONS: &str = "create table p (a int) partition by list (a); create table t partition of p for values in (1); \
                          insert into p values (1)";
const DETACH: &str = "alter table p detach partition t concurrently";

async fn partitions(it: &Fixture) -> Vec<String> {
    it.query("select inhrelid::regclass || ' ' || inhdetachpending from pg_inherits where inhparent = 'p'::regclass")
        .await
}

#[tokio::test]
async fn a_partition_that_was_half_detached_is_detached() {
    let mut it = fixture(PARTITIONS).await;
    let mut blocker = connection(&it.database).await;
    query(&mut blocker, "begin; select 1 from p").await;
    killed_within(&it, DETACH, &mut blocker).await;
    assert_eq!(partitions(&it).await, ["t true"]);
    assert_eq!(finish(&mut it, DETACH).await, ["clean up half-detached partition"]);
    assert_eq!(partitions(&it).await, [""; 0]);
    assert_eq!(it.query("select a from t").await, ["1"]);
}

#[tokio::test]
async fn a_partition_that_was_detached_is_not_missed() {
    let mut it = fixture(PARTITIONS).await;
    killed_behind(&it, DETACH).await;
    assert_eq!(partitions(&it).await, [""; 0]);
    assert_eq!(finish(&mut it, DETACH).await, [""; 0]);
}

#[tokio::test]
async fn what_a_reindex_left_over_is_removed_and_nothing_else() {
    let reindex = "reindex table concurrently t";
    let mut it = fixture("create table t (a int); create index t_a_idx on t (a)").await;
    // Somebody else has had an accident too. That is not ours to clean up.
    it.query("create table other (a int); insert into other values (1), (1)").await;
    let mut other = connection(&it.database).await;
    palisade_db::batch(&mut other, "create unique index concurrently other_ccnew on other (a)").await.unwrap_err();
    let mut blocker = blocker(&it).await;
    killed_within(&it, reindex, &mut blocker).await;
    assert_eq!(indexes(&it).await, ["t_a_idx true", "t_a_idx_ccnew false"]);
    assert_eq!(finish(&mut it, reindex).await, ["clean up invalid index public.t_a_idx_ccnew"]);
    assert_eq!(indexes(&it).await, ["t_a_idx true"]);
    assert_eq!(it.query("select 'other_ccnew'::regclass::text").await, ["other_ccnew"]);
}

#[tokio::test]
async fn a_reindex_of_one_index_or_of_all_partitions_finds_its_own() {
    for (statement, schema) in [
        ("reindex (verbose) index concurrently t_a_idx", "create table t (a int); create index t_a_idx on t (a)"),
        (
            "reindex table concurrently p",
            "create table p (a int) partition by list (a); create table t partition of p for values in (1); create index on p (a)",
        ),
        (
            "reindex schema concurrently s",
            "create schema s; create table s.t (a int); create index t_a_idx on s.t (a); set search_path = s",
        ),
    ] {
        let mut it = fixture(schema).await;
        // A snapshot is enough: the new index is not used before nobody has an older one.
        let mut blocker = connection(&it.database).await;
        query(&mut blocker, "begin isolation level repeatable read; select 1 from log").await;
        killed_within(&it, statement, &mut blocker).await;
        let left = "select relname from pg_class where relname ~ 'ccnew'";
        assert_eq!(it.query(left).await, ["t_a_idx_ccnew"], "{statement}");
        assert_eq!(finish(&mut it, statement).await.len(), 1, "{statement}");
        assert_eq!(it.query(left).await, [""; 0], "{statement}");
    }
}

/// A statement that nothing in the database tells of: the procedure commits by itself.
const UNKNOWN: &str =
    "do $$ begin insert into log values ('unknown'); commit; delete from log where line = 'unknown'; commit; end $$";

/// As [`killed_behind`]. It is tried in a transaction first, with the same note at the end of that.
async fn killed_behind_unknown(it: &Fixture) {
    let proxy = palisade_tests::Proxy::new(it.database.url()).await;
    let through = Fixture { url: proxy.url().clone(), ..it.clone() };
    proxy.when_sends(SECOND_DONE, Fault::Hold);
    let moment = async {
        proxy.held().await;
        proxy.when_sends(SECOND_DONE, Fault::Hold);
        proxy.release();
        proxy.held().await;
    };
    killed(&through, &around(UNKNOWN), moment).await;
    assert_eq!(it.query("select under_way from palisade.attempts").await, ["t"]);
}

#[tokio::test]
async fn what_cannot_be_known_is_asked() {
    for (action, runs) in [(Repair::StatementDone, false), (Repair::StatementAgain, true)] {
        let mut it = fixture("create table t (a int)").await;
        killed_behind_unknown(&it).await;
        for _ in 0..2 {
            // It stays undecided however often somebody tries.
            let error = it.migrate(&around(UNKNOWN)).await.unwrap_err().cause();
            let ApplyCause::Undecided { version, statement, .. } = &error else { panic!("{error:?}") };
            assert_eq!((version.0, statement.as_str()), (1, UNKNOWN));
            assert!(error.help().unwrap().contains("db-repair 1 --statement-done"), "{error}");
        }
        it.repair(&around(UNKNOWN), 1, action).await.unwrap();
        it.said.clear();
        finish(&mut it, UNKNOWN).await;
        assert_eq!(it.said.contains(&format!("run {UNKNOWN}")), runs, "{:?}", it.said);
    }
}

#[tokio::test]
async fn a_database_that_was_created_or_not() {
    let mut it = fixture("").await;
    let name = format!("{}_created", it.query("select current_database()").await[0]);
    let create = format!("create database {name}");
    killed_behind(&it, &create).await;
    let error = it.migrate(&around(&create)).await.unwrap_err().cause();
    assert!(matches!(error, ApplyCause::Undecided { .. }), "{error:?}");
    assert_eq!(it.query(&format!("select 1 from pg_database where datname = '{name}'")).await.len(), 1);
    it.repair(&around(&create), 1, Repair::StatementDone).await.unwrap();
    finish(&mut it, &create).await;
    it.query(&format!("drop database {name}")).await;
}

#[tokio::test]
async fn an_edited_file_is_not_taken_up() {
    let mut it = fixture("create table t (a int)").await;
    killed_behind(&it, CREATE).await;
    let mut edited = around(CREATE);
    edited[0].up.sql = edited[0].up.sql.replace("'before'", "'ahead'");
    let error = it.migrate(&edited).await.unwrap_err().cause();
    assert!(matches!(error, ApplyCause::EditedHalfway { done: 1, .. }), "{error:?}");
    // What is not done may change: the statement that was under way is looked at anew.
    let other = "create index concurrently t_a_idx2 on t (a)";
    finish(&mut it, other).await;
    assert_eq!(indexes(&it).await, ["t_a_idx true", "t_a_idx2 true"]);
}

#[tokio::test]
async fn a_waiting_statement_gives_up_and_is_tried_again() {
    let mut it = fixture("create table t (a int)").await;
    let mut blocker = blocker(&it).await;
    let file = around(&format!("set lock_timeout = '10ms';\n{CREATE}"));
    let stopped = it.migrate(&file).await.unwrap_err().cause();
    assert!(matches!(&stopped, ApplyCause::StoppedHalfway { done: 2, all: 4, .. }), "{stopped:?}");
    assert!(stopped.help().unwrap().contains("lock-timeout"), "{stopped}");
    query(&mut blocker, "rollback").await;
    it.migrate(&file).await.unwrap();
    assert_eq!(indexes(&it).await, ["t_a_idx true"]);
}
