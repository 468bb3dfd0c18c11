//! Where the history stands, and who reads it too.

use palisade_migrator::{Mirror, load};

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
