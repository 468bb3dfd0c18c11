//! `db-diff`: exactly the SQL on standard output, everything else beside it.

use palisade_embedded::ScratchDatabase;
use palisade_tests::{CommandProject, connection, database, query};
use serde_json::Value;

async fn holding(sql: &str) -> ScratchDatabase {
    let database = database().await;
    query(&mut connection(&database).await, sql).await;
    database
}

#[tokio::test]
async fn the_sql_leads_from_one_to_the_other() {
    let (old, new) = tokio::join!(
        holding("create table t (id int primary key, gone text);"),
        holding("create table t (id int primary key, added text); create index i on t (added);")
    );
    let project = CommandProject::new().database("OLD_URL", &old).database("NEW_URL", &new);
    let forwards = ["db-diff", "--from", "url:OLD_URL", "--to", "url:NEW_URL"];
    let found = project.expect(0, &forwards);
    assert_eq!(found.stderr, "");
    assert!(found.stdout.contains("-- loses data: "), "{}", found.stdout);
    project.expect(3, &[&forwards[..], &["--exit-code"]].concat());
    let json = project.expect(0, &[&forwards[..], &["--output", "json"]].concat());
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["data"]["sql"], found.stdout);
    assert_eq!(json["data"]["equal"], false);

    query(&mut connection(&old).await, &found.stdout).await;
    let nothing = project.expect(0, &[&forwards[..], &["--exit-code"]].concat());
    assert_eq!((nothing.stdout.as_str(), nothing.stderr.as_str()), ("", ""));
}

#[tokio::test]
async fn files_are_compared_with_a_database_as_if_they_had_been_loaded_there() {
    let there = holding("create table t (id int); create schema other; create table other.t ();").await;
    let project = CommandProject::new().database("THERE", &there);
    project.write("files/a.sql", "create view v with (security_invoker) as select * from t; create table t (id int);");
    let found = project.expect(0, &["db-diff", "--from", "url:THERE", "--to", "dir:files", "--schema", "public"]);
    assert!(found.stdout.starts_with("CREATE VIEW public.v "), "{}", found.stdout);
    assert_eq!(found.stdout.matches(";\n").count(), 1, "no owner, no grant, no stub of Supabase: {}", found.stdout);
    let found = project.expect(0, &["db-diff", "--from", "dir:files", "--to", "url:THERE"]);
    assert!(found.stdout.contains("CREATE TABLE other.t"), "{}", found.stdout);
}

#[tokio::test]
async fn what_was_renamed_is_not_dropped() {
    let (old, new) = tokio::join!(
        holding(
            "create schema app; create table app.t (id int primary key, a text check (a <> '')); create view app.v as select a from app.t;"
        ),
        holding(
            "create schema app; create table app.u (id int primary key, b text check (b <> '')); create view app.v as select b as a from app.u;"
        )
    );
    let project = CommandProject::new().database("OLD_URL", &old).database("NEW_URL", &new);
    let diff =
        ["db-diff", "--from", "url:OLD_URL", "--to", "url:NEW_URL", "--rename", "app.t=u", "--rename", "app.t.a=b"];
    let found = project.expect(0, &diff).stdout;
    assert!(!found.contains("DROP"), "{found}");
    query(&mut connection(&old).await, &found).await;
    project.expect(0, &["db-diff", "--from", "url:OLD_URL", "--to", "url:NEW_URL", "--exit-code"]);
}

#[tokio::test]
async fn a_snapshot_stands_for_the_database_that_it_was_taken_of() {
    let there = holding("create table t (id int);").await;
    let project = CommandProject::new().database("THERE", &there);
    project.expect(0, &["db-pull", "--from", "url:THERE", "--snapshot", "taken.json"]);
    let equal = ["db-diff", "--from", "snapshot:taken.json", "--to", "url:THERE", "--exit-code"];
    project.expect(0, &equal);
    query(&mut connection(&there).await, "alter table t add column more int").await;
    let found = project.expect(3, &equal);
    assert!(found.stdout.contains("ADD COLUMN more integer"), "{}", found.stdout);
    project.write("taken.json", "{}");
    let ended = project.expect(1, &equal);
    assert!(ended.stderr.contains("`snapshot:taken.json`: `taken.json` cannot be used"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_cannot_be_read_is_no_empty_schema() {
    let project = CommandProject::new().variable("NOWHERE", "postgres://nobody@127.0.0.1:1/none");
    let diff = |code, from: &str, to: &str| project.expect(code, &["db-diff", "--from", from, "--to", to]).stderr;
    assert!(diff(1, "url:NOWHERE", "empty").contains("error: `url:NOWHERE`: "));
    assert!(diff(1, "url:UNSET", "empty").contains("the variable `UNSET`, which `url:UNSET` names, is not set"));
    assert!(diff(1, "dir:nowhere", "empty").contains("cannot read `nowhere`"));
    assert!(diff(1, "schema", "empty").contains("`schema-source` in the configuration is `dir:schema`"));
    assert!(diff(2, "prod", "empty").contains("did you mean `env:prod`?"));
    assert!(diff(2, "env:prodd", "empty").contains("prodd"));
    let wrong = project.expect(2, &["db-diff", "--from", "empty", "--to", "empty", "--using", "a=b"]);
    assert!(wrong.stderr.contains("`--using a=b` is not of the form `table.column=EXPRESSION`"), "{}", wrong.stderr);
    project.write("bad/a.sql", "create table t (a nonsense);");
    let bad = diff(1, "dir:bad", "empty");
    assert!(bad.contains(" --> bad/a.sql:1:19\n") && bad.contains("type \"nonsense\" does not exist"), "{bad}");
    project.write("circle/a.sql", "create view a as select from b; create view b as select from a;");
    assert!(diff(1, "dir:circle", "empty").contains("these need each other, so that none can be made first"));
    project.write("extension/a.sql", "create extension no_such_thing;");
    assert!(diff(1, "dir:extension", "empty").contains("`--shadow env:NAME`"));
}

#[tokio::test]
async fn servers_of_different_versions_are_compared_only_on_demand() {
    let there = holding("create table t ();").await;
    let project = CommandProject::new().database("THERE", &there);
    project.expect(0, &["db-pull", "--from", "url:THERE", "--snapshot", "taken.json"]);
    let path = project.root().join("taken.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("\"version\":").unwrap();
    let number = rest.split_once(',').unwrap().1;
    std::fs::write(&path, format!("{before}\"version\":140001,{number}")).unwrap();
    let diff = ["db-diff", "--from", "snapshot:taken.json", "--to", "url:THERE"];
    let refused = project.expect(1, &diff);
    assert!(refused.stderr.contains("one side is Postgres 14, the other"), "{}", refused.stderr);
    project.expect(0, &[&diff[..], &["--across-versions"]].concat());
}
