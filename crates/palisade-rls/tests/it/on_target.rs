//! Read on the target itself, files declare what they declare on a throwaway database, and nobody notices.

mod cases;

use std::fmt::Write as _;

use camino::Utf8Path;
use palisade_catalog::ObjectKind;
use palisade_plan::{Declared, Side};
use palisade_rls::{DeclareError, Orphans, PolicyScript, declare_on_target, plan, read_access};

use crate::support::{Database, ask, run, run_directory, script};
use cases::CASES;

async fn on_target(database: &Database, files: &[(&str, &str)]) -> Result<Declared, DeclareError> {
    declare_on_target(&mut database.connect().await, &script(files)).await
}

/// The same as on a throwaway database, before the files count and once they do.
async fn same(database: &Database, files: &[(&str, &str)], case: &str) {
    let mut expected = database.declare(files).await.unwrap_or_else(|error| panic!("{case}: {error}"));
    for time in ["before", "after"] {
        let found = on_target(database, files).await.unwrap_or_else(|error| panic!("{case}, {time}: {error}"));
        assert_eq!(found.decided, expected.decided, "{case}, {time}");
        for (key, object) in &expected.catalog.objects {
            assert_eq!(found.catalog.get(key), Some(object), "{case}, {time}: {key}");
        }
        assert_eq!(found, expected, "{case}, {time}");
        database.apply(files).await.unwrap_or_else(|error| panic!("{case}: {error}"));
        // A schema that is there is not one that the files make.
        expected.decided.retain(|it| it.object.kind != ObjectKind::Schema || it.side != Side::Definition);
        let seen = read_access(&mut database.connect().await).await.unwrap();
        let left = plan(&seen.catalog, &found, Orphans::Keep).unwrap().statements;
        assert_eq!(left, [""; 0], "{case}, {time}");
    }
}

#[tokio::test]
async fn every_case_declares_the_same() {
    for (case, tables, sql) in CASES {
        let database = Database::new(tables).await;
        same(&database, &[("rls/a.sql", sql), ("rls/b.sql", "")], case).await;
    }
}

#[tokio::test]
async fn the_example_declares_the_same() {
    let database = Database::new("").await;
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for connection in [&mut database.connect().await, &mut database.connect_to_twin().await] {
        run_directory(connection, &root.join("migrations")).await;
    }
    let read = PolicyScript::read(&root.join("rls")).unwrap();
    let files: Vec<_> = read.files().iter().map(|it| (it.path.as_str(), it.sql.as_str())).collect();
    same(&database, &files, "example").await;
}

/// Notes the strongest lock that a session which changes anything has on tables of users. What sequences count is not rolled back.
const WITNESS: &str = "
create sequence strongest; create sequence commands;
create function witness() returns event_trigger language plpgsql as $$
begin
  perform nextval('public.commands');
  perform setval('public.strongest', greatest((select last_value from public.strongest), (
    select coalesce(max(array_position(array['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock',
      'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], l.mode)), 1)
    from pg_locks l
    where l.locktype in ('relation', 'tuple') and l.pid = pg_backend_pid() and l.relation in (
      select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname !~ '^(pg_|palisade_)' and n.nspname <> 'information_schema' and c.relkind <> 'S'
    )
  )));
end $$;
create event trigger witness on ddl_command_end execute function witness();";

#[tokio::test]
async fn nobody_who_reads_or_writes_is_in_the_way_or_finds_anybody_there() {
    for (case, tables, sql) in CASES {
        let database = Database::new(tables).await;
        database.run(WITNESS).await;
        let mut other = database.connect().await;
        let lock = "begin; do $$ declare it text; begin for it in select c.oid::regclass from pg_class c
            join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v') and n.nspname !~ '^pg_'
            and n.nspname not in ('information_schema', 'auth') loop
            execute 'lock table only ' || it || ' in access share mode';
            execute 'lock table only ' || it || ' in row exclusive mode'; end loop; end $$";
        run(&mut other, lock).await;
        let found = on_target(&database, &[("rls/a.sql", sql)]).await;
        found.unwrap_or_else(|error| panic!("{case}: {error}"));
        let counted = ask(&mut other, "select last_value::text from commands").await.unwrap();
        assert!(counted.parse::<u32>().unwrap() > 1, "{case}");
        let strongest = ask(&mut other, "select last_value::text from strongest").await.unwrap();
        assert_eq!(strongest, "1", "{case}: stronger than ACCESS SHARE");
        // The witness would have seen it.
        run(&mut other, "rollback; begin; create table control (); rollback").await;
        assert_eq!(ask(&mut other, "select last_value::text from strongest").await.unwrap(), "8", "{case}");
        // Nothing of it stays.
        let left = "select count(*)::text from pg_namespace where nspname like 'palisade_%'";
        assert_eq!(ask(&mut other, left).await.unwrap(), "0", "{case}");
        let left = "select count(*)::text from pg_roles where rolname like 'palisade_marker%'";
        assert_eq!(ask(&mut other, left).await.unwrap(), "0", "{case}");
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_an_error() {
    let tables = "
        create table t (a int); create view v as select 1 as a;
        create function needed() returns boolean language sql as 'select true';
        create policy by_hand on t using (needed());
        create table o (a int); create function same(o, o) returns boolean language sql as 'select true';
        create operator === (leftarg = o, rightarg = o, function = same);";
    let database = Database::new(tables).await;
    let mut text = String::new();
    for sql in [
        "alter table t enable row level security;\nalter table v enable row level security",
        "drop policy if exists p on nowhere;\ndrop policy if exists p on t;\ncreate policy p on t using (public.other.a = 1)",
        "drop function if exists needed(), f(int)",
        "drop policy if exists p on o;\ncreate policy p on o using (exists (select from o x where x === o))",
        "drop policy if exists p on t;\ncreate policy p on t using ((t::public.t).a = 1)",
        "drop policy if exists p on U&\"t\"",
        "alter table missing enable row level security",
    ] {
        let error = on_target(&database, &[("rls/a.sql", sql)]).await.unwrap_err();
        let _ = writeln!(text, "{error}\nhelp: {}", error.help());
    }
    insta::assert_snapshot!(text, @r#"
    v is not a table (SQLSTATE 42809)
     --> rls/a.sql:2:1
    2 | alter table v enable row level security
      | ^
    context: PL/pgSQL function inline_code_block line 1 at RAISE
    help: nothing was changed; correct the file and run it again
    missing FROM-clause entry for table "other" (SQLSTATE 42P01)
     --> rls/a.sql:3:1
    3 | create policy p on t using (public.other.a = 1)
      | ^
    help: check the spelling and the schema; does a migration before this one make it?
    cannot drop function needed() because other objects depend on it (SQLSTATE 2BP01)
     --> rls/a.sql:1:1
    1 | drop function if exists needed(), f(int)
      | ^
    detail: policy by_hand on table t depends on it
    context: PL/pgSQL function inline_code_block line 15 at RAISE
    help: nothing was changed; correct the file and run it again
    what policy `p` on `public.o` says of a whole row of that table cannot be read on the target itself, because there is the operator public.===(public.o,public.o)
    help: write the columns that the policy needs instead of the whole row, or have the files read on a throwaway server
    what policy `p` on `public.t` says of a whole row of that table cannot be read on the target itself, because a column is taken out of it
    help: write the columns that the policy needs instead of the whole row, or have the files read on a throwaway server
    the name of the table cannot be told from the statement (SQLSTATE 42602)
     --> rls/a.sql:1:1
    1 | drop policy if exists p on U&"t"
      | ^
    context: PL/pgSQL function inline_code_block line 1 at RAISE
    help: nothing was changed; correct the file and run it again
    there is no missing (SQLSTATE 42P01)
     --> rls/a.sql:1:1
    1 | alter table missing enable row level security
      | ^
    context: PL/pgSQL function inline_code_block line 1 at RAISE
    help: check the spelling and the schema; does a migration before this one make it?
    "#);
    let flags = "select count(*)::text from pg_class where relname in ('t', 'v') and relrowsecurity";
    assert_eq!(ask(&mut database.connect().await, flags).await.unwrap(), "0");
}

#[tokio::test]
async fn whoever_owns_the_tables_needs_no_more_rights() {
    let tables = "create table t (a int); create function whole(t) returns boolean language sql as 'select true';
        create function gone() returns int language sql as 'select 1';
        do $$ begin execute format('grant create on database %I to service_role', current_database()); end $$;
        grant usage, create on schema public to service_role; alter table t owner to service_role;
        alter function gone() owner to service_role;";
    let sql = "alter table t enable row level security; drop policy if exists p on t;
        create policy p on t to anon using (public.t.a = 1 and whole(t)); revoke all on t from anon; grant select (a) on t to anon;
        drop function if exists gone();
        create or replace function helper() returns boolean language sql begin atomic; select exists (select from public.t); end;";
    let database = Database::new(tables).await;
    let mut connection = database.connect().await;
    run(&mut connection, "set role service_role").await;
    let found = declare_on_target(&mut connection, &script(&[("rls/a.sql", sql)])).await.unwrap();
    let expected = database.declare(&[("rls/a.sql", sql)]).await.unwrap();
    assert_eq!(found.decided, expected.decided);
    for (key, object) in expected.catalog.objects {
        assert_eq!(found.catalog.get(&key).map(|it| &it.definition), Some(&object.definition), "{key}");
    }
}
