//! `db-generate`: from what the schema should be to a migration that is proven.

use palisade_tests::{CommandProject, Ended, supabase_database};

const SCHEMA: &str = "
create table public.notes (id bigint generated always as identity primary key, author uuid references auth.users, text text);
create view public.texts with (security_invoker) as select text from public.notes;
";

/// A project whose migrations make [`SCHEMA`].
fn project() -> CommandProject {
    let project = CommandProject::new();
    project.write("migrations/1_notes.sql", SCHEMA);
    project.write("schema/notes.sql", SCHEMA);
    project
}

/// The migrations, by name without the time.
fn migrations(project: &CommandProject) -> Vec<(String, String)> {
    let entries = project.root().join("migrations").read_dir_utf8().unwrap();
    let mut files: Vec<_> =
        entries.map(|it| it.unwrap().into_path()).filter(|it| it.extension() == Some("sql")).collect();
    files.sort();
    let text = |path: &camino::Utf8PathBuf| std::fs::read_to_string(path).unwrap();
    files.iter().map(|it| (it.file_name().unwrap().split_once('_').unwrap().1.to_owned(), text(it))).collect()
}

fn json(ended: &Ended) -> serde_json::Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn the_example_is_what_its_migrations_make() {
    let project = CommandProject::example();
    let ended = project.expect(0, &["db-generate", "--check"]);
    assert_eq!(ended.stdout, "The migrations make what `dir:schema` says: nothing to do\n");
}

#[tokio::test]
async fn what_is_missing_becomes_a_migration_that_can_be_pushed() {
    let database = supabase_database().await;
    let project = project().database("DATABASE_URL", &database);
    project.write("schema/tags.sql", "create table public.tags (note bigint not null references public.notes, tag text not null);\ncreate index on public.tags (note);");
    let check = project.expect(3, &["db-generate", "--check"]);
    assert!(check.stdout.starts_with("A migration is missing: +1 table, +1 index\n"), "{}", check.stdout);
    assert_eq!(migrations(&project).len(), 1);

    let made = project.expect(0, &["db-generate", "Add tags", "--output", "json"]);
    let made = json(&made);
    assert_eq!(made["data"]["summary"], "+1 table, +1 index");
    assert_eq!(made["data"]["proof"]["tables"], made["data"]["proof"]["with_rows"]);
    let (name, text) = migrations(&project).pop().unwrap();
    assert_eq!(name, "add_tags.sql");
    assert!(text.starts_with("-- +1 table, +1 index\n\n"), "{text}");

    project.expect(0, &["db-generate", "--check"]);
    project.expect(0, &["db-generate", "again"]);
    assert_eq!(migrations(&project).len(), 2);
    project.expect(0, &["db-migrate"]);
    project.expect(0, &["db-status", "--exit-code"]);
    project.expect(0, &["db-diff", "--from", "env:dev", "--to", "schema", "--schema", "public", "--exit-code"]);
}

#[test]
fn data_is_lost_only_by_name() {
    let project = project();
    project.write(
        "schema/notes.sql",
        &SCHEMA.replace(", text text)", ", body text)").replace("select text", "select body as text"),
    );
    let refused = project.expect(4, &["db-generate", "rename", "--output", "json"]);
    assert_eq!(json(&refused)["error"]["code"], "data-loss");
    assert_eq!(json(&refused)["error"]["data"]["objects"], serde_json::json!(["public.notes.text"]));
    assert_eq!(migrations(&project).len(), 1);
    project.expect(2, &["db-generate", "rename", "--allow-data-loss", "public.notes"]);
    let made = project.expect(0, &["db-generate", "rename", "--allow-data-loss", "public.notes.text"]);
    assert!(made.stdout.contains("-1 column (data loss)"), "{}", made.stdout);
    project.expect(0, &["db-generate", "--check"]);
}

#[test]
fn what_was_renamed_keeps_its_rows() {
    let project = project();
    let old = "create table public.items (id serial primary key, name text not null check (name <> ''), kind text);
        create index on public.items (name);
        create view public.item_names with (security_invoker) as select name from public.items;";
    let new = "create table public.things (id serial primary key, label text not null check (label <> ''), kind text);
        create index on public.things (label);
        create view public.item_names with (security_invoker) as select label as name from public.things;";
    project.write("migrations/2_items.sql", old);
    project.write("schema/items.sql", new);
    let refused = project.expect(4, &["db-generate", "rename"]);
    assert!(refused.stderr.contains("if it was only renamed: `--rename"), "{}", refused.stderr);
    let renames = ["--rename", "items.name=label", "--rename", "items=things"];
    let made = project.expect(0, &[&["db-generate", "rename", "--reversible"], &renames[..]].concat());
    assert!(!made.stdout.contains("data loss"), "{}", made.stdout);
    let made = migrations(&project);
    let (_, up) = made.iter().find(|(name, _)| name == "rename.up.sql").unwrap();
    assert!(!up.contains("DROP TABLE") && !up.contains("CREATE INDEX") && !up.contains("DROP CONSTRAINT"), "{up}");
    assert!(up.contains("ALTER TABLE public.items RENAME TO things;"), "{up}");
    project.expect(0, &["db-generate", "--check"]);
    let wrong = project.expect(2, &["db-generate", "again", "--rename", "nothing=more"]);
    assert!(wrong.stderr.contains("there is nothing called `nothing` to be renamed"), "{}", wrong.stderr);
}

#[test]
fn a_column_that_was_renamed_is_offered() {
    let project = project();
    project.write(
        "schema/notes.sql",
        &SCHEMA.replace(", text text)", ", body text)").replace("select text", "select body as text"),
    );
    let refused = project.expect(4, &["db-generate", "rename", "--output", "json"]);
    assert_eq!(json(&refused)["error"]["data"]["renames"], serde_json::json!(["--rename public.notes.text=body"]));
    let made = project.expect(0, &["db-generate", "rename", "--rename", "public.notes.text=body"]);
    assert!(made.stdout.contains("\n~1 column\n"), "{}", made.stdout);
    let (_, text) = migrations(&project).pop().unwrap();
    assert!(text.ends_with("\nALTER TABLE public.notes RENAME COLUMN text TO body;\n"), "{text}");
}

#[test]
fn a_migration_can_be_made_with_a_way_back() {
    let project = project();
    project.write(
        "schema/more.sql",
        "create table public.more (id int); create view public.all_more as select * from public.more;",
    );
    project.expect(0, &["db-generate", "more", "--reversible"]);
    let made = migrations(&project);
    let names: Vec<&str> = made.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["notes.sql", "more.down.sql", "more.up.sql"]);
    assert!(
        made[1].1.contains("DROP VIEW public.all_more") && made[1].1.contains("DROP TABLE public.more"),
        "{}",
        made[1].1
    );
}

#[test]
fn what_needs_no_transaction_says_so() {
    let project = project();
    project.write("schema/index.sql", "create index notes_author_idx on public.notes (author);");
    project.expect(0, &["db-generate", "index", "--online"]);
    let (_, text) = migrations(&project).pop().unwrap();
    assert!(text.starts_with("-- no-transaction\n-- +1 index\n"), "{text}");
    assert!(text.contains("\nCREATE INDEX CONCURRENTLY notes_author_idx "), "{text}");
    project.expect(0, &["db-generate", "--check"]);
}

#[test]
fn policies_and_grants_belong_to_rls_unless_the_schema_declares_them() {
    let project = project();
    project.write("migrations/2_policy.sql", "alter table notes enable row level security; create policy p on notes using (true); grant select on notes to anon;");
    project.expect(0, &["db-generate", "--check"]);
    project.write(
        "schema/policies.sql",
        "alter table notes enable row level security; create policy q on notes for select using (true);",
    );
    let check = project.expect(3, &["db-generate", "--check", "--output", "json"]);
    assert_eq!(json(&check)["data"]["summary"], "+1 policy, -1 policy");
    project.write("schema/policies.sql", "grant select on notes to anon, authenticated;");
    let check = project.expect(3, &["db-generate", "--check", "--output", "json"]);
    assert_eq!(json(&check)["data"]["summary"], "~1 table");
}

#[test]
fn policies_in_the_way_of_a_migration_are_found_before_the_push() {
    let project = project();
    project.write(
        "rls/public/notes.sql",
        "alter table public.notes enable row level security; drop policy if exists own on public.notes;
         create policy own on public.notes for select using (author = auth.uid());",
    );
    project.write("schema/notes.sql", &SCHEMA.replace("author uuid references auth.users", "author text"));
    let using = ["db-generate", "author", "--using", "notes.author=author::text"];
    let ended = project.expect(1, &using);
    assert!(ended.stderr.contains("where the policies of `rls/` are in place the migration fails"), "{}", ended.stderr);
    assert_eq!(migrations(&project).len(), 1);
    let sql = project.expect(0, &["db-diff", "--from", "migrations", "--to", "schema", "--schema", "public"]).stdout;
    project.write("migrations/2_author.sql", &format!("drop policy if exists own on public.notes;\n{sql}"));
    project.expect(0, &["db-generate", "--verify", "migrations/2_author.sql"]);
}

#[test]
fn triggers_on_tables_of_supabase_are_seen() {
    let project = project();
    let trigger = "create function public.joined() returns trigger language plpgsql as 'begin return new; end';
        create trigger joined after insert on auth.users for each row execute function public.joined();";
    project.write("schema/joined.sql", trigger);
    project.expect(0, &["db-generate", "joined"]);
    let (_, text) = migrations(&project).pop().unwrap();
    assert!(text.contains("CREATE TRIGGER joined AFTER INSERT ON auth.users"), "{text}");
    project.expect(0, &["db-generate", "--check"]);
}

#[test]
fn a_hand_written_migration_is_proven() {
    let project = project();
    project.write("schema/notes.sql", &SCHEMA.replace("text text)", "text text not null default '')"));
    let file = "migrations/2_fill.sql";
    project.write(file, "update notes set text = '' where text is null; alter table notes alter text set not null;");
    let ended = project.expect(1, &["db-generate", "--verify", file]);
    assert!(ended.stderr.contains("after the migration the copy is not what the schema says"), "{}", ended.stderr);
    assert!(ended.stderr.contains("default of public.notes.text"), "{}", ended.stderr);
    project.write(file, "update notes set text = '' where text is null; alter table notes alter text set not null, alter text set default '';");
    let ended = project.expect(0, &["db-generate", "--verify", file]);
    assert!(
        ended.stdout.starts_with("`migrations/2_fill.sql` makes of the migrations before it what"),
        "{}",
        ended.stdout
    );
    let ended = project.expect(2, &["db-generate", "--verify", "migrations/1_notes.sql"]);
    assert!(ended.stderr.contains("is not the last migration"), "{}", ended.stderr);
    project.expect(1, &["db-generate", "--verify", "migrations/9_nowhere.sql"]);
}

#[test]
fn what_is_wrong_with_the_schema_is_told() {
    let project = project();
    project.write("schema/more.sql", "create schema billing; create table billing.t ();");
    let ended = project.expect(1, &["db-generate", "--check"]);
    assert!(ended.stderr.contains("makes a schema that is not managed: `billing`"), "{}", ended.stderr);
    assert!(ended.stderr.contains("`schemas = [\"public\", \"billing\"]`"), "{}", ended.stderr);
    project.write("schema/more.sql", "create table t (a int);\nselect broken;");
    let ended = project.expect(1, &["db-generate", "--check"]);
    assert!(ended.stderr.contains(" --> schema/more.sql:2:8\n"), "{}", ended.stderr);
    std::fs::remove_dir_all(project.root().join("schema")).unwrap();
    let ended = project.expect(1, &["db-generate", "--check"]);
    assert!(ended.stderr.contains("`cargo xtask db-pull --from migrations`"), "{}", ended.stderr);
    project.expect(2, &["db-generate"]);
    project.expect(0, &["db-pull", "--from", "migrations"]);
    project.expect(0, &["db-generate", "--check"]);
}
