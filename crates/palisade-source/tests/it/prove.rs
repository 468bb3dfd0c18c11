//! Migrations on copies with rows.

use palisade_config::HistoryTable;
use palisade_diff::{Options, Script, diff};
use palisade_embedded::{GrantRegime, Layer};
use palisade_source::{Base, Blueprint, Declares, Managed, Proof, ProofError, Proven, migration_text, prove};

use crate::support::{files, workbench};

const BEFORE: &str = "
    create type public.size as enum ('s', 'm');
    create domain public.name as text check (value <> '');
    create table public.users (id uuid primary key default gen_random_uuid(), username text unique check (username ~ '^[a-z]{3,9}$'));
    create table public.orders (
      id bigint generated always as identity primary key,
      owner uuid not null references public.users,
      size public.size not null,
      price numeric(12, 2) not null check (price > 0),
      total numeric generated always as (price * 2) stored,
      label public.name,
      tags text[] not null
    );
    create function public.never() returns trigger language plpgsql as 'begin raise exception ''no''; end';
    create trigger never before insert on public.orders for each row execute function public.never();";

/// Tries `migration`, or the one that is generated, which is to make what `schema` says.
async fn check(schema: &str, migration: Option<&str>, declared: bool) -> Result<Proven, ProofError> {
    let workbench = workbench(Base::Supabase(GrantRegime::After));
    let before = [Layer::new("before.sql", BEFORE)];
    let blueprint = Blueprint::Files(files(&[("schema.sql", schema)]));
    let declares = Declares::of(&blueprint);
    let history = HistoryTable { schema: "palisade".to_owned(), name: "migrations".to_owned() };
    let schemas = ["public".to_owned()];
    let managed = Managed { schemas: &schemas, history: &history };
    let (from, wanted) = (workbench.migrated(&before).await.unwrap(), workbench.catalog(&blueprint).await.unwrap());
    let (from, wanted) = managed.of_both(from, wanted, declares);
    let script: Script = diff(&from, &wanted, &Options { compared: declares.compared(), ..Options::ALL }).unwrap();
    let text = migration.map_or_else(|| migration_text(&script, &[]), str::to_owned);
    let (layer, script) = (Layer::new("migrations/2_next.sql", text), declared.then_some(&script));
    prove(&Proof {
        workbench: &workbench,
        before: &before,
        migration: &layer,
        row_security: &[],
        back: None,
        script,
        wanted: &wanted,
        blueprint: Some(&blueprint),
        managed,
        declares,
    })
    .await
}

fn with(more: &str) -> String {
    format!("{BEFORE}\n{more}")
}

#[tokio::test]
async fn rows_are_found_for_tables_with_constraints() {
    let proven = check(&with("create table public.more (id int);"), None, true).await.unwrap();
    // The others are those of Supabase.
    assert!(proven.tables > 2 && proven.with_rows == proven.tables, "{proven:?}");
    assert_eq!(proven.notes, Vec::<String>::new());
}

#[tokio::test]
async fn what_leads_elsewhere_is_shown() {
    let schema = with("create table public.more (id text);");
    let error = check(&schema, Some("create table public.more (id int);"), false).await.unwrap_err();
    insta::assert_snapshot!(error, @r"
    after the migration the copy is not what the schema says:
    ~ column public.more.id
        data type: was integer, is text
    ");
    let error = check(&schema, Some("create table more (id text);\nalter table nowhere add a int;"), false).await;
    insta::assert_snapshot!(error.unwrap_err(), @r#"
    the migration fails on a copy of what those before it make: relation "nowhere" does not exist (SQLSTATE 42P01)
     --> migrations/2_next.sql:2:1
    2 | alter table nowhere add a int;
      | ^
    "#);
}

#[tokio::test]
async fn what_happens_to_rows_must_be_said() {
    let schema = BEFORE.replace("price numeric(12, 2)", "price numeric(12, 3)");
    let sql = "alter table public.orders drop column total;
               alter table public.orders alter column price type numeric(12, 3);
               alter table public.orders add column total numeric generated always as (price * 2) stored;";
    // By hand it is told.
    let proven = check(&schema, Some(sql), false).await.unwrap();
    assert_eq!(proven.notes, ["every row of `public.orders` is written anew"]);
    // A generated one has to say it itself.
    let quietly = check(&with(""), Some("delete from public.orders"), true).await.unwrap_err();
    assert_eq!(quietly.to_string(), "rows of `public.orders` are gone, and no statement of the migration says so");
    let quietly = check(&with(""), Some("update public.orders set price = 7"), true).await.unwrap_err();
    assert_eq!(
        quietly.to_string(),
        "what was in column `price` of `public.orders` is not there any more, and no statement of the migration says so"
    );
}

#[tokio::test]
async fn rows_that_were_made_up_are_no_obstacle_to_what_may_fail() {
    let schema = BEFORE.replace("label public.name", "label public.name check (length(label) > 40)");
    let proven = check(&schema, Some("alter table orders add check (length(label) > 40)"), false).await.unwrap();
    assert!(
        proven.notes[0].starts_with("with rows that were made up it fails, so it was tried without any"),
        "{proven:?}"
    );
}

#[tokio::test]
async fn policies_belong_elsewhere_unless_the_schema_speaks_of_them() {
    let policy = "create policy p on public.orders for select using (true);";
    check(&with(""), Some(&format!("alter table orders enable row level security; {policy}")), false).await.unwrap();
    let schema = with(&format!("alter table public.orders enable row level security; {policy}"));
    let error = check(&schema, Some("alter table orders enable row level security"), false).await.unwrap_err();
    assert!(error.to_string().ends_with("\n+ policy public.orders.p"), "{error}");
}
