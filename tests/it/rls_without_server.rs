//! Without a throwaway server row security is read on the target itself, and says so.

use palisade_tests::{CommandProject, Directory, supabase_database};

const POLICY: &str = "alter table items enable row level security; drop policy if exists p on items;
    create policy p on items to anon using (public.items.id in (1, 2) and exists (select from others o where o.id = items.id));";

#[tokio::test]
async fn row_security_is_read_on_the_target_where_there_is_no_other_server() {
    let database = supabase_database().await;
    let project = CommandProject::new().database("DATABASE_URL", &database);
    project.write("migrations/1_items.sql", "create table items (id int); create table others (id int);");
    project.expect(0, &["db-migrate"]);
    project.write("rls/items.sql", POLICY);
    let usual = project.expect(0, &["db-rls", "--plan"]);
    let nothing = Directory::new();
    let without = |project: CommandProject| project.variable("PALISADE_PG_BIN", nothing.path().as_str());
    let project = without(project);
    let plan = project.expect(0, &["db-rls", "--plan"]);
    assert_eq!(plan.stdout, usual.stdout);
    assert!(plan.stderr.contains("read on the target itself"), "{}", plan.stderr);
    let dry = project.expect(0, &["db-push", "--dry-run"]);
    assert!(dry.stdout.contains("row security from 1 file, read on the target itself: 2 statements"), "{}", dry.stdout);
    let check = project.expect(3, &["db-rls", "--check"]);
    assert!(check.stderr.contains("has no `"), "{}", check.stderr);
    let done = project.expect(0, &["db-rls"]);
    assert!(done.stdout.starts_with("Row security: 2 changes\n"), "{}", done.stdout);
    assert_eq!(project.expect(0, &["db-rls", "--plan"]).stdout, "nothing\n");

    project.write(
        "rls/items.sql",
        "drop policy if exists p on items; create policy p on items using ((items::public.items).id = 1);",
    );
    let failed = project.expect(1, &["db-rls"]);
    assert!(failed.stderr.contains("because a column is taken out of it"), "{}", failed.stderr);
    assert!(failed.stderr.contains("PALISADE_PG_BIN"), "{}", failed.stderr);
    assert_eq!(failed.stderr.matches("write the columns").count(), 1, "{}", failed.stderr);

    project.write("migrations/2_more.sql", "create table more (id int);");
    project.write(
        "rls/items.sql",
        "alter table items enable row level security; alter table more enable row level security;",
    );
    let pending = project.expect(1, &["db-push", "--dry-run"]);
    assert!(pending.stderr.contains("before its migrations are applied"), "{}", pending.stderr);
    let pushed = project.expect(0, &["db-push"]);
    assert!(pushed.stdout.contains("Applied 1 migration\n"), "{}", pushed.stdout);
    assert!(pushed.stdout.contains("Row security: 1 change\n"), "{}", pushed.stdout);
}
