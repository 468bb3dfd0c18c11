//! `kill -9` at any moment of a push: the database and its history agree, and the next run finishes.

use std::time::{Duration, Instant};

use palisade_db::{PgRow, Row, batch};
use palisade_embedded::ScratchDatabase;
use palisade_tests::{CommandProject, Ended, connection, supabase_database};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How often a push is killed.
const MOMENTS: usize = 50;

/// Each writes down that it ran; a second time would be seen.
const MIGRATIONS: [(&str, &str); 6] = [
    ("1_log", "create table ran (migration int, part text); insert into ran values (1, 'a');"),
    (
        "2_items",
        "create table items (id int); insert into items select generate_series(1, 2000); insert into ran values (2, 'a'); select pg_sleep(0.02);",
    ),
    (
        "3_index",
        "-- no-transaction\ninsert into ran values (3, 'a');\ncreate index concurrently items_id on items (id);\ninsert into ran values (3, 'b');\ncreate unique index concurrently if not exists items_unique on items (id);\nbegin; insert into ran values (3, 'c'); insert into ran values (3, 'd'); commit;\n",
    ),
    ("4_more", "alter table items add note text; insert into ran values (4, 'a'); select pg_sleep(0.02);"),
    (
        "5_swap",
        "-- no-transaction\ndrop index concurrently items_id;\ninsert into ran values (5, 'a');\nvacuum items;\nreindex index concurrently items_unique;\n",
    ),
    ("6_last", "create table last (id int); insert into ran values (6, 'a');"),
];
const PARTS: &str = "1a 2a 3a 3b 3c 3d 4a 5a 6a";

fn project(database: &ScratchDatabase) -> CommandProject {
    let it = CommandProject::new().database("DATABASE_URL", database);
    for (name, sql) in MIGRATIONS {
        it.write(&format!("migrations/{name}.sql"), &format!("{sql}\n"));
    }
    it.write(
        "rls/public/items.sql",
        "alter table items enable row level security;\ndrop policy if exists everybody on items;\n\
         create policy everybody on items for select to authenticated using (true);\n",
    );
    it
}

async fn query(database: &ScratchDatabase, sql: &str) -> Vec<String> {
    let mut connection = connection(database).await;
    let done = batch(&mut connection, sql).await.unwrap();
    let text = |row: &PgRow| row.try_get_unchecked::<Option<String>, _>(0).unwrap().unwrap_or_default();
    done.rows.iter().map(text).collect()
}

/// What must be true at every moment: a migration is in the history if and only if all of it was done.
async fn check_agreement(database: &ScratchDatabase, moment: &str) {
    // Whoever was killed may still be dying on the server; his lock tells.
    let dying = "select count(*)::text from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'palisade'";
    while query(database, dying).await != ["0"] {
        tokio::task::yield_now().await;
    }
    let exists = "select (to_regclass('public.ran') is not null)::text || (to_regclass('palisade.migrations') is not null)::text";
    let parts = match query(database, exists).await[0].as_str() {
        "truetrue" => query(database, "select string_agg(migration || part, ' ' order by migration, part) from ran")
            .await
            .remove(0),
        other => {
            assert!(!other.starts_with("true"), "{moment}: objects without history");
            String::new()
        }
    };
    let doubled = parts.split(' ').collect::<std::collections::BTreeSet<_>>().len() != parts.split(' ').count();
    assert!(!doubled, "{moment}: something ran twice: {parts}");
    if parts.is_empty() {
        return;
    }
    let history = query(database, "select version::text from palisade.migrations order by version").await;
    for version in 1..=6 {
        let wanted: Vec<&str> = PARTS.split(' ').filter(|it| it.starts_with(&version.to_string())).collect();
        let found: Vec<&str> = parts.split(' ').filter(|it| it.starts_with(&version.to_string())).collect();
        let recorded = history.contains(&version.to_string());
        assert!(!recorded || found == wanted, "{moment}: {version} is in the history, done are {found:?}");
        let whole = matches!(version, 3 | 5);
        assert!(whole || recorded || found.is_empty(), "{moment}: {version} is not in the history, done are {found:?}");
    }
}

#[tokio::test]
async fn kill_at_random_moments() {
    let seed = palisade_config::Variables::process().get("PALISADE_TEST_SEED").and_then(|it| it.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| rand::rng().random());
    println!("PALISADE_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);

    let database = supabase_database().await;
    let measured = project(&database);
    // The first command may have to be built.
    measured.expect(0, &["env", "list"]);
    let began = Instant::now();
    measured.expect(0, &["db-push"]);
    let mut whole = began.elapsed();

    let (mut interrupted, mut unapplied) = (0, 0);
    for number in 0..MOMENTS {
        let database = supabase_database().await;
        let project = project(&database);
        let after = Duration::from_secs_f64(random.random_range(0.0..whole.as_secs_f64() * 1.1));
        let moment = format!("seed {seed}, moment {number}, killed after {after:?}");
        let mut child = project.start(&["db-push"]);
        // The one place where time itself is the subject.
        tokio::time::sleep(after).await;
        child.kill().unwrap();
        if Ended::wait(child).code.is_none() {
            interrupted += 1;
        } else {
            // Other tests have slowed the measured one down.
            whole = whole.min(after);
        }
        check_agreement(&database, &moment).await;

        let again = project.run(&["db-push"]);
        assert_eq!(again.code, Some(0), "{moment}\n{}\n{}", again.stdout, again.stderr);
        unapplied += usize::from(!again.stdout.contains("Nothing to do"));
        check_agreement(&database, &moment).await;
        let parts =
            query(&database, "select string_agg(migration || part, ' ' order by migration, part) from ran").await;
        assert_eq!(parts, [PARTS], "{moment}");
        let indexes = "select string_agg(indexrelid::regclass || ' ' || indisvalid, ',' order by 1) from pg_index where indrelid = 'items'::regclass";
        assert_eq!(query(&database, indexes).await, ["items_unique true"], "{moment}");
        assert_eq!(query(&database, "select polname::text from pg_policy").await, ["everybody"], "{moment}");
        project.expect(0, &["db-status", "--exit-code"]);
    }
    println!(
        "a whole push took {whole:?}; {interrupted} of {MOMENTS} were interrupted, {unapplied} left something to do"
    );
    assert!(interrupted > MOMENTS / 2, "most moments lie inside the push");
}
