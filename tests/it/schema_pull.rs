//! `db-pull`: files that make the same again. `db-status`: what somebody changed by hand.

use palisade_tests::{CommandProject, connection, database, query, supabase_database};

#[tokio::test]
async fn what_is_pulled_makes_the_same_again() {
    let there = database().await;
    let sql = "
        create schema app;
        create type app.mood as enum ('good', 'bad');
        create table app.\"Users\" (id serial primary key, mood app.mood default 'good', check (id > 0));
        create index on app.\"Users\" (mood);
        comment on column app.\"Users\".mood is 'how they are';
        create function app.f(a int) returns int language sql as 'select a';
        create function app.f(a text) returns int language sql as 'select 1';
        create view app.moods with (security_invoker) as select mood, app.f(id) from app.\"Users\";
        alter table app.\"Users\" enable row level security;
        create policy p on app.\"Users\" for select using (id = app.f(id));
        grant select on app.\"Users\" to palisade_pull_test;
        create publication news for table app.\"Users\";
        create table app.theirs ();
        alter table app.theirs owner to palisade_pull_test;";
    let mut connection = connection(&there).await;
    query(&mut connection, "do $$ begin create role palisade_pull_test; exception when others then null; end $$").await;
    query(&mut connection, sql).await;
    let project = CommandProject::new().database("THERE", &there);
    let pull = ["db-pull", "--from", "url:THERE", "--to", "pulled"];
    let ended = project.expect(0, &pull);
    for file in
        ["app/schema.sql", "app/tables/users.sql", "app/functions/f.sql", "app/types/mood.sql", "publications.sql"]
    {
        assert!(ended.stdout.contains(&format!("wrote pulled/{file}\n")), "{file}\n{}", ended.stdout);
    }
    project.expect(0, &["db-diff", "--from", "dir:pulled", "--to", "url:THERE", "--exit-code"]);
    let again = project.expect(0, &pull);
    assert!(again.stdout.ends_with("nothing was to be done\n"), "{}", again.stdout);

    project.write("pulled/app/types/mood.sql", "-- mine");
    let refused = project.expect(4, &pull);
    assert!(refused.stderr.contains("`app/types/mood.sql`"), "{}", refused.stderr);
    query(&mut connection, "drop function app.f(text); drop publication news").await;
    let forced = project.expect(0, &[&pull[..], &["--force"]].concat());
    assert!(forced.stdout.contains("removed pulled/publications.sql"), "{}", forced.stdout);
    project.expect(0, &["db-diff", "--from", "dir:pulled", "--to", "url:THERE", "--exit-code"]);
}

#[tokio::test]
async fn a_project_of_supabase_is_pulled_without_what_is_supabases() {
    let there = supabase_database().await;
    query(
        &mut connection(&there).await,
        "create table public.t (id uuid references auth.users); create policy p on storage.objects for select using (true);
         alter publication supabase_realtime add table public.t;",
    )
    .await;
    let project = CommandProject::new().database("DATABASE_URL", &there);
    let ended = project.expect(0, &["db-pull", "--to", "pulled"]);
    let mut files: Vec<&str> = ended.stdout.lines().filter_map(|it| it.strip_prefix("wrote pulled/")).collect();
    files.sort_unstable();
    assert_eq!(files, ["public/tables/t.sql", "publications.sql", "storage/tables/objects.sql"]);
    project.expect(0, &["db-diff", "--from", "dir:pulled", "--to", "env:dev", "--exit-code"]);
}

#[tokio::test]
async fn what_somebody_changed_by_hand_is_told_object_by_object() {
    let there = supabase_database().await;
    let project = CommandProject::new().database("DATABASE_URL", &there);
    project.write("migrations/1_t.sql", "create table t (id int primary key, name text not null);");
    project.expect(0, &["db-migrate"]);
    let ended = project.expect(0, &["db-status", "--exit-code"]);
    assert!(ended.stdout.ends_with("\nno drift: the database is what its migrations make\n"), "{}", ended.stdout);
    query(&mut connection(&there).await, "alter table t alter name drop not null; create table hack ()").await;
    let ended = project.expect(3, &["db-status", "--exit-code"]);
    assert!(
        ended.stdout.contains("  + table public.hack\n  ~ column public.t.name\n      not null: was true, is false\n"),
        "{}",
        ended.stdout
    );
    let ended = project.expect(3, &["db-status", "--exit-code", "--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["data"]["drift"]["objects"].as_array().unwrap().len(), 2);
    let ended = project.expect(0, &["db-status", "--exit-code", "--no-drift"]);
    assert!(!ended.stdout.contains("drift"), "{}", ended.stdout);
}
