//! Where the history stands, and who reads it too.

use palisade_migrator::{ApplyCause, Mirror, load};

use crate::fixture::{Fixture, Stopped, file, history_table, pair};

#[tokio::test]
async fn its_tables_may_have_any_names() {
    let names = [
        ("public", "migrations"),
        ("My \"History\"", "the; table's -- name"),
        ("$attempts", "$migrations"),
        ("$schema$migrations", "$attempts_schema"),
        ("set where", "select"),
        ("schéma 🐘", "tâble"),
        ("palisade", "attempts2"),
    ];
    for (schema, name) in names {
        let mut it = Fixture::new().await;
        it.tables = history_table(schema, name);
        let files = [
            file(1, "create table t (a int)"),
            file(2, "-- no-transaction\ncreate index concurrently i on t (a);\ninsert into t values (1);"),
            pair(3, "insert into t values (3)", "delete from t where a = 3"),
        ];
        it.migrate(&files).await.unwrap_or_else(|error| panic!("{schema}.{name}: {error}"));
        assert_eq!(it.versions().await, ["1", "2", "3"], "{schema}.{name}");
        assert_eq!(it.migrate(&files).await.unwrap().done.len(), 0);
        it.revert(&files[2..]).await.unwrap();
        assert_eq!(it.versions().await, ["1", "2"]);
        it.repair(&files, 3, palisade_migrator::Repair::Accept).await.unwrap();
        it.repair(&files, 2, palisade_migrator::Repair::Forget).await.unwrap();
        assert_eq!(it.versions().await, ["1", "3"]);
        let in_public =
            "select count(*) from pg_class where relname = 'attempts' and relnamespace = 'public'::regnamespace";
        assert_eq!(it.query(in_public).await, ["0"], "the Data API serves `public`");
    }
}

/// The table as Supabase makes it now, and as it was at first.
const MIRRORS: [(&str, Mirror, &str); 2] = [
    (
        "create schema supabase_migrations; create table supabase_migrations.schema_migrations \
         (version text primary key, statements text[], name text)",
        Mirror::VersionsAndNames,
        "select version || ' ' || name from supabase_migrations.schema_migrations order by version",
    ),
    (
        "create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text primary key)",
        Mirror::Versions,
        "select version || ' x_y' from supabase_migrations.schema_migrations order by version",
    ),
];

#[tokio::test]
async fn supabases_own_history_is_kept_too() {
    for (create, mirror, read) in MIRRORS {
        let mut it = Fixture::new().await;
        it.query(create).await;
        // What the Supabase CLI applied before stays.
        it.query("insert into supabase_migrations.schema_migrations (version) values ('0')").await;
        let mut files =
            vec![pair(1, "create table t (a int)", "drop table t"), file(2, "-- no-transaction\nvacuum t;")];
        for it in &mut files {
            it.description = "x y".to_owned();
        }
        let history = load(it.session().await.connection(), &it.tables).await.unwrap();
        assert_eq!(history.mirror, mirror, "known before our own tables are there");
        it.migrate(&files).await.unwrap();
        let read_ours = read.replace("order by", "where version <> '0' order by");
        assert_eq!(it.query(&read_ours).await, ["1 x_y", "2 x_y"]);
        // One that is there already, as after `supabase migration repair`, is no conflict.
        it.query("insert into supabase_migrations.schema_migrations (version) values ('3')").await;
        files.push(file(3, "select 1"));
        it.migrate(&files).await.unwrap();
        it.revert(&files[..1]).await.unwrap();
        let versions = "select version from supabase_migrations.schema_migrations order by version";
        assert_eq!(it.query(versions).await, ["0", "2", "3"]);
        // Nothing of a failed migration is in either.
        files[0] = file(1, "select 1");
        files.push(file(4, "select 1 / 0"));
        it.query("delete from palisade.migrations where version > 1").await;
        it.query("delete from supabase_migrations.schema_migrations").await;
        let error = it.migrate(&files[3..]).await.unwrap_err();
        assert!(matches!(error, Stopped::Apply(_)), "{error}");
        assert_eq!(it.query(versions).await, [""; 0]);
    }
}

#[tokio::test]
async fn reading_writes_nothing() {
    let it = Fixture::new().await;
    let mut session = it.session().await;
    let history = load(session.connection(), &it.tables).await.unwrap();
    assert!(!history.exists && history.applied.is_empty() && history.attempts.is_empty());
    assert_eq!(it.query("select 1 from pg_namespace where nspname = 'palisade'").await, [""; 0]);
}

#[tokio::test]
async fn a_role_that_may_not_create_schemas_migrates_with_tables_that_are_there() {
    let mut it = Fixture::new().await;
    it.migrate(&[file(1, "select 1")]).await.unwrap();
    let role = it.query("select current_database() || '_dev'").await.remove(0);
    it.query(&format!(
        "create role {role} login; grant usage on schema palisade to {role}; grant create on schema public to {role}; \
         grant all on all tables in schema palisade to {role}"
    ))
    .await;
    let mut limited = it.direct();
    limited.url.user.clone_from(&role);
    limited.migrate(&[file(1, "select 1"), file(2, "create table t ()")]).await.unwrap();
    assert_eq!(it.query("select tableowner from pg_tables where tablename = 't'").await, std::slice::from_ref(&role));
    assert_eq!(it.query("select database_user from palisade.attempts order by id").await, ["postgres", &role]);
    it.query(&format!("drop owned by {role}; drop role {role}")).await;
}

#[tokio::test]
async fn a_file_that_changes_the_history_is_undone() {
    for sql in [
        "truncate palisade.migrations",
        "delete from palisade.migrations",
        "update palisade.migrations set checksum = '\\x00'",
        "create table kept (); savepoint a; delete from palisade.migrations where version = 1; release a",
        "do $$ begin delete from palisade.migrations; exception when others then null; end $$; select 'x' as history_after",
        "insert into palisade.migrations (version, description, success, checksum, execution_time) values (9, '', true, '', 0)",
        "delete from palisade.attempts",
    ] {
        let mut it = Fixture::new().await;
        it.migrate(&[file(1, "create table t ()"), file(2, "select 1")]).await.unwrap();
        let before = "select string_agg(m::text, ',' order by version) from palisade.migrations m";
        let history = it.query(before).await;
        let next =
            [file(1, "create table t ()"), file(2, "select 1"), file(3, "select 3"), file(4, sql), file(5, "select 5")];
        let Err(Stopped::Apply(error)) = it.migrate(&next).await else { panic!("it must fail: {sql}") };
        let ApplyCause::HistoryTouched { file: name } = &error.cause else { panic!("{sql}: {error}") };
        assert_eq!((name.as_str(), error.done.len()), ("migrations/4_x.sql", 1), "{sql}");
        assert_eq!(it.versions().await, ["1", "2", "3"], "{sql}");
        assert!(it.query(before).await[0].starts_with(&history[0]), "{sql}");
        assert_eq!(it.attempts().await.last().unwrap(), "apply 4 failed");
        assert_eq!(it.query("select to_regclass('kept')").await, [""]);
    }
    let mut it = Fixture::new().await;
    let stepwise =
        [file(1, "select 1"), file(2, "-- no-transaction\ncreate table t ();\ntruncate palisade.migrations;\n")];
    let Err(Stopped::Apply(error)) = it.migrate(&stepwise).await else { panic!("it must fail") };
    assert!(matches!(error.cause, ApplyCause::HistoryTouched { .. }), "{error}");
    assert_eq!(it.versions().await, ["1"]);
    let mended = [stepwise[0].clone(), file(2, "-- no-transaction\ncreate table t ();\nselect 2;\n")];
    it.migrate(&mended).await.unwrap();
}
