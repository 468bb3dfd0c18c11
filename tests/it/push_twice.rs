//! Two pushes at once: one applies, the other waits and finds nothing to do.

use palisade_tests::{CommandProject, Ended, connection, supabase_database};

#[tokio::test]
async fn both_succeed_and_each_migration_runs_once() {
    for _ in 0..5 {
        let database = supabase_database().await;
        let project = CommandProject::new().database("DATABASE_URL", &database);
        project.write(
            "migrations/1_ran.sql",
            "create table ran (n int); insert into ran values (1); select pg_sleep(0.2);",
        );
        project.write(
            "migrations/2_index.sql",
            "-- no-transaction\ncreate index concurrently ran_n on ran (n);\ninsert into ran values (2);\n",
        );
        let runs = [0, 1, 2].map(|_| project.start(&["db-push"])).map(Ended::wait);
        for run in &runs {
            assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
        }
        let idle = runs.iter().filter(|it| it.stdout.contains("Nothing to do")).count();
        assert_eq!(idle, 2, "{runs:#?}");
        let mut connection = connection(&database).await;
        let done = palisade_db::batch(&mut connection, "select n from ran").await.unwrap();
        assert_eq!(done.rows.len(), 2);
    }
}
