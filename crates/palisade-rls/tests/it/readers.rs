//! Nobody sees a table without its policies while they are dropped and created.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::support::{Database, ask, run};

const TABLES: usize = 20;

fn file(table: usize, round: usize) -> (String, String) {
    // Each round is different, so that each one has something to do.
    let sql = format!(
        "alter table t{table} enable row level security;
         drop policy if exists p on t{table};
         create policy p on t{table} for select to authenticated using (mine and {round} >= 0);"
    );
    (format!("rls/t{table}.sql"), sql)
}

async fn apply(database: &Database, round: usize) -> usize {
    let files: Vec<_> = (0..TABLES).map(|table| file(table, round)).collect();
    let files: Vec<_> = files.iter().map(|(path, sql)| (path.as_str(), sql.as_str())).collect();
    database.apply(&files).await.unwrap().changes.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_their_rows_and_no_others_at_every_moment() {
    let mut tables = String::new();
    for table in 0..TABLES {
        let _ = writeln!(
            tables,
            "create table t{table} (mine boolean); insert into t{table} values (true), (false);
             grant select on t{table} to authenticated;"
        );
    }
    let database = Database::new(&tables).await;
    apply(&database, 0).await;

    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut readers = Vec::new();
    for table in 0..TABLES {
        let (stop, reads) = (Arc::clone(&stop), Arc::clone(&reads));
        let mut connection = database.connect().await;
        run(&mut connection, "set lock_timeout = 0; set role authenticated").await;
        readers.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let seen = ask(&mut connection, &format!("select string_agg(mine::text, ',') from t{table}")).await;
                assert_eq!(seen.unwrap(), "true");
                reads.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for round in 1..=8 {
        // Every round meets readers that are at work.
        let before = reads.load(Ordering::Relaxed);
        while reads.load(Ordering::Relaxed) < before + 20 && !readers.iter().any(tokio::task::JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        assert_eq!(apply(&database, round).await, TABLES);
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}
