//! Row security needs no session: alone it goes through a pooler in transaction mode, where migrations are refused.

use palisade_config::ExposeSecret as _;
use palisade_tests::{CommandProject, PgBouncer, supabase_database};

#[tokio::test]
async fn row_security_alone_goes_through_a_pooler_in_transaction_mode() {
    let database = supabase_database().await;
    let pooler = PgBouncer::start(database.tcp_url(), "transaction", "").await;
    let project = CommandProject::new().database("DATABASE_URL", &database);
    project.write("migrations/1_items.sql", "create table items (id int);");
    project.write(
        "rls/items.sql",
        "alter table items enable row level security; drop policy if exists p on items; create policy p on items to anon;",
    );
    project.expect(0, &["db-migrate"]);
    let url = pooler.url().expose();
    let project = project.variable("DATABASE_URL", url.expose_secret()).variable("DIRECT_URL", url.expose_secret());
    let refused = project.expect(4, &["db-migrate"]);
    assert!(refused.stderr.contains("a pooler in transaction mode"), "{}", refused.stderr);
    let done = project.expect(0, &["db-rls"]);
    assert!(done.stdout.starts_with("Row security: 2 changes\n"), "{}", done.stdout);
    let plan = project.expect(0, &["db-rls", "--plan"]);
    assert_eq!(plan.stdout, "nothing\n");
}
