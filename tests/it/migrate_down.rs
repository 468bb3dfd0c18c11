//! `db-migrate --down`: the latest migration goes, by its own way down.

use palisade_tests::{CommandProject, supabase_database};

#[tokio::test]
async fn the_latest_migration_is_taken_back_and_can_be_applied_again() {
    let database = supabase_database().await;
    let project = CommandProject::new().database("DATABASE_URL", &database);
    project.write("migrations/1_first.sql", "create table first ();");
    project.write("migrations/2_second.up.sql", "create table second ();");
    project.write("migrations/2_second.down.sql", "drop table second;");
    project.expect(0, &["db-migrate"]);
    let down = project.expect(0, &["db-migrate", "--down"]);
    assert!(down.stdout.starts_with("Took back 1 migration"), "{}", down.stdout);
    let down = project.expect(1, &["db-migrate", "--down"]);
    assert!(down.stderr.contains("`migrations/1_first.sql` has no way down"), "{}", down.stderr);
    let up = project.expect(0, &["db-migrate"]);
    assert!(up.stdout.starts_with("Applied 1 migration"), "{}", up.stdout);
    let refused = project.variable("PROD_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    refused.expect(4, &["db-migrate", "--down", "--env", "prod"]);
}
