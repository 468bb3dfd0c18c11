//! Nobody sees a table without its policies while they are dropped and created, and nobody waits for long.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use palisade_rls::{Applied, ApplySettings, Orphans};
use tokio::task::JoinHandle;

use crate::support::{Database, ask, rolled_back, run};

fn file(table: usize, round: usize) -> (String, String) {
    // Each round is different, so that each one has something to do.
    let sql = format!(
        "alter table t{table} enable row level security;
         drop policy if exists p on t{table};
         create policy p on t{table} for select to authenticated using (mine and {round} >= 0);"
    );
    (format!("rls/t{table}.sql"), sql)
}

async fn database(tables: usize) -> Database {
    let mut sql = String::new();
    for table in 0..tables {
        let _ = writeln!(
            sql,
            "create table t{table} (mine boolean); insert into t{table} values (true), (false);
             grant select on t{table} to authenticated;"
        );
    }
    let database = Database::new(&sql).await;
    apply(&database, tables, 0, ApplySettings::default()).await;
    database
}

async fn apply(database: &Database, tables: usize, round: usize, settings: ApplySettings) -> Applied {
    let files: Vec<_> = (0..tables).map(|table| file(table, round)).collect();
    let files: Vec<_> = files.iter().map(|(path, sql)| (path.as_str(), sql.as_str())).collect();
    database.apply_with(&files, Orphans::Keep, settings).await.unwrap()
}

/// One for each table. Each fails if it ever sees other rows than its own one, or waits longer than the server lets it.
struct Readers {
    stop: Arc<AtomicBool>,
    reads: Vec<Arc<AtomicU64>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Readers {
    async fn start(database: &Database, tables: usize) -> Self {
        let (stop, mut reads, mut tasks) = (Arc::new(AtomicBool::new(false)), Vec::new(), Vec::new());
        for table in 0..tables {
            let (stop, count) = (Arc::clone(&stop), Arc::new(AtomicU64::new(0)));
            reads.push(Arc::clone(&count));
            let mut connection = database.connect().await;
            run(&mut connection, "set lock_timeout = '15s'; set statement_timeout = '30s'; set role authenticated")
                .await;
            tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let seen = ask(&mut connection, &format!("select string_agg(mine::text, ',') from t{table}")).await;
                    assert_eq!(seen.unwrap(), "true");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        Self { stop, reads, tasks }
    }

    /// Until each one has read so often again, or one has failed.
    async fn go_on(&self, reads: u64) {
        let count = |it: &Arc<AtomicU64>| it.load(Ordering::Relaxed);
        let before: Vec<u64> = self.reads.iter().map(count).collect();
        let are_behind = || self.reads.iter().zip(&before).any(|(now, before)| count(now) < before + reads);
        while are_behind() && !self.tasks.iter().any(JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_their_rows_and_no_others_at_every_moment() {
    let database = database(20).await;
    let readers = Readers::start(&database, 20).await;
    for round in 1..=8 {
        // Every round meets readers that are at work.
        readers.go_on(1).await;
        assert_eq!(apply(&database, 20, round, ApplySettings::default()).await.changes.len(), 20);
    }
    readers.stop().await;
}

/// Somebody holds the table in the middle for longer than any reader may wait. So readers stand still for as long as a try waits for its
/// lock, and not for as long as that one does: of the tables before it too, which a try has locked by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_stand_still_no_longer_than_a_try_waits_for_its_lock() {
    let database = database(5).await;
    let readers = Readers::start(&database, 5).await;
    let mut other = database.connect().await;
    run(&mut other, "begin; select from t2").await;
    let mut watcher = database.connect().await;
    let before = rolled_back(&mut watcher).await;
    let applying = async {
        let settings = ApplySettings { lock_timeout: Duration::from_millis(50), retry_for: Duration::from_mins(10) };
        apply(&database, 5, 1, settings).await
    };
    let watching = async {
        // Tries fail one after the other, and between any two everybody reads. A try without an end would not fail before a reader does.
        for tries in 1..=5 {
            while rolled_back(&mut watcher).await < before + tries && !readers.tasks.iter().any(JoinHandle::is_finished)
            {
                tokio::task::yield_now().await;
            }
            readers.go_on(2).await;
        }
        run(&mut other, "commit").await;
    };
    let (applied, ()) = tokio::join!(applying, watching);
    assert!(applied.tries > 5, "{applied:?}");
    assert_eq!(applied.changes.len(), 5);
    readers.go_on(1).await;
    readers.stop().await;
}
