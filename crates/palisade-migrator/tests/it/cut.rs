//! The connection breaks at every single message.

use palisade_migrator::Migration;
use palisade_tests::{Fault, Moment};

use crate::fixture::{Fixture, file, pair};

/// Both sorts of files, with every sort of unit, each of which shows if it is done twice.
fn files() -> Vec<Migration> {
    let units = "-- no-transaction
        set search_path = s;
        create table c (x int);
        insert into c values (1);
        create index concurrently c_x_idx on c (x);
        begin isolation level serializable; insert into c values (2); insert into c values (3); commit;
        drop index concurrently s.c_x_idx;
        create index concurrently c_x_idx2 on c (x);
        reindex table concurrently c;
        vacuum c;
    ";
    vec![
        file(1, "create schema s; create table s.a (x int); insert into s.a values (1)"),
        file(2, "insert into s.a values (2)"),
        file(3, units),
        file(4, "insert into s.a values (4)"),
        file(5, "-- no-transaction\ninsert into s.a values (5);"),
    ]
}

async fn check(it: &Fixture, cut: &str) {
    let sql = "select string_agg(version::text, ' ' order by version) from palisade.migrations
        union all select string_agg(x::text, ' ' order by x) from s.a
        union all select string_agg(x::text, ' ' order by x) from s.c
        union all select string_agg(relname || ' ' || indisvalid, ' ')
                    from pg_index join pg_class c on c.oid = indexrelid where relnamespace = 's'::regnamespace
        union all select string_agg(version::text, ' ' order by version) from palisade.attempts where state = 'done'
        union all select string_agg(version::text, ' ' order by version) from palisade.attempts where state = 'running'";
    assert_eq!(it.query(sql).await, ["1 2 3 4 5", "1 2 4 5", "1 2 3", "c_x_idx2 true", "1 2 3 4 5", ""], "{cut}");
}

/// Runs until all is applied. A few runs are enough, whatever happens once.
async fn finish(it: &mut Fixture, files: &[Migration], cut: &str) -> usize {
    for run in 1..=3 {
        match it.migrate(files).await {
            Ok(_) => return run,
            Err(stopped) => it.said.push(format!("stopped: {stopped}")),
        }
    }
    panic!("{cut}: {:#?}", it.said);
}

/// Lets `fault` happen at each moment in turn, until a run is over before it.
async fn everywhere(moment: impl Fn(usize) -> Moment, fault: Fault, stride: usize) -> usize {
    let scratch = palisade_tests::scratch().await;
    let mut number = 1;
    loop {
        let cut = format!("{fault:?} at {:?}", moment(number));
        let (mut it, proxy) = Fixture::behind_proxy_of(scratch.database(&[]).await.unwrap()).await;
        proxy.arm(moment(number), fault);
        finish(&mut it, &files(), &cut).await;
        let over = proxy.disarm();
        check(&it, &cut).await;
        if over {
            return number;
        }
        number += stride;
    }
}

#[tokio::test]
async fn before_each_question() {
    let questions = everywhere(Moment::Question, Fault::CutBefore, 1).await;
    assert!(questions > 40, "{questions}");
}

#[tokio::test]
async fn behind_each_question() {
    everywhere(Moment::Question, Fault::CutBehind, 1).await;
}

#[tokio::test]
async fn instead_of_each_answer() {
    everywhere(Moment::Question, Fault::LoseAnswer, 1).await;
}

/// Each answer is several messages, one for each statement.
#[tokio::test]
async fn within_the_answers() {
    everywhere(Moment::Message, Fault::CutBefore, 7).await;
}

/// A message arrives in part.
#[tokio::test]
async fn within_messages() {
    everywhere(Moment::Byte, Fault::CutWithin, 997).await;
}

/// The same on the way back.
#[tokio::test]
async fn on_the_way_back() {
    let down = "-- no-transaction\ninsert into t values (1);\ndrop index concurrently t_x_idx;\nreindex table concurrently t;\n";
    let migration =
        pair(1, "create table t (x int); create index t_x_idx on t (x); create index t_y_idx on t (x)", down);
    let files = [migration, file(2, "select 1")];
    let scratch = palisade_tests::scratch().await;
    for fault in [Fault::CutBefore, Fault::LoseAnswer] {
        for number in 1.. {
            let (mut it, proxy) = Fixture::behind_proxy_of(scratch.database(&[]).await.unwrap()).await;
            it.direct().migrate(&files).await.unwrap();
            proxy.arm(Moment::Question(number), fault);
            for run in 0.. {
                match it.revert(&files[..1]).await {
                    Ok(_) => break,
                    Err(stopped) => assert!(run < 3, "{fault:?} {number}: {stopped} {:#?}", it.said),
                }
            }
            assert_eq!(it.versions().await, ["2"]);
            assert_eq!(it.query("select x from t").await, ["1"], "{fault:?} {number}");
            let indexes = "select relname || ' ' || indisvalid from pg_index join pg_class c on c.oid = indexrelid \
                           where indrelid = 't'::regclass";
            assert_eq!(it.query(indexes).await, ["t_y_idx true"]);
            if proxy.disarm() {
                break;
            }
        }
    }
}
