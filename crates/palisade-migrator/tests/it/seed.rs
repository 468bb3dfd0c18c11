//! Sample rows.

use palisade_migrator::{MigrationFile, SeedError, read_seeds, seed};
use palisade_plan::Target;
use palisade_tests::Directory;

use crate::fixture::Fixture;

async fn load(it: &Fixture, files: &[(&str, &str)]) -> Result<u64, SeedError> {
    let mut session = it.session().await;
    let identity = session.connection().facts().identity.clone();
    let target = Target { environment: "dev".to_owned(), protected: false, identity, protected_by: Vec::new() }
        .unprotected("seeding")
        .unwrap();
    let file = |(file, sql): &(&str, &str)| MigrationFile { file: (*file).to_owned(), sql: (*sql).to_owned() };
    let files: Vec<MigrationFile> = files.iter().map(file).collect();
    seed(&mut session, &target, &files).await
}

#[tokio::test]
async fn rows_are_counted_and_a_second_time_none_are_written() {
    let it = Fixture::new().await;
    it.query("create table t (a int primary key)").await;
    let files = [
        ("seeds/1.sql", "insert into t values (1), (2) on conflict do nothing; -- two"),
        (
            "seeds/2.sql",
            "set search_path = pg_catalog; insert into public.t select 3 where not exists (select from public.t where a = 3)",
        ),
        ("seeds/3.sql", "update t set a = 4 where a = 3 and false; select a from t"),
    ];
    assert_eq!(load(&it, &files).await.unwrap(), 3);
    assert_eq!(load(&it, &files).await.unwrap(), 0);
    assert_eq!(load(&it, &[]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_file_that_fails_leaves_nothing_and_those_before_it_stay() {
    let it = Fixture::new().await;
    it.query("create table t (a int primary key)").await;
    let files = [
        ("seeds/1.sql", "insert into t values (1)"),
        ("seeds/2.sql", "-- ä\ninsert into t values (2);\ninsert into t values (1);\n"),
        ("seeds/3.sql", "insert into t values (3)"),
    ];
    let error = load(&it, &files).await.unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"
    duplicate key value violates unique constraint "t_pkey" (SQLSTATE 23505)
     --> seeds/2.sql:3:1
    3 | insert into t values (1);
      | ^
    detail: Key (a)=(1) already exists.
    `seeds/2.sql` was rolled back
    "#);
    assert!(error.help().unwrap().contains("same value"));
    assert_eq!(it.query("select a from t").await, ["1"]);
}

#[tokio::test]
async fn nothing_is_loaded_if_a_file_cannot_be_run() {
    let it = Fixture::new().await;
    it.query("create table t (a int)").await;
    let files = [("seeds/1.sql", "insert into t values (1)"), ("seeds/2.sql", "insert into t values (2);\ncommit;\n")];
    let error = load(&it, &files).await.unwrap_err();
    assert!(matches!(error, SeedError::Check(_)), "{error:?}");
    assert_eq!(it.query("select a from t").await, [""; 0]);
}

#[test]
fn files_are_read_in_order_of_name() {
    let directory = Directory::new();
    assert_eq!(read_seeds(directory.path(), &directory.path().join("seeds")).unwrap(), []);
    for name in ["20_b.sql", "10_a.sql", "readme.md"] {
        directory.write(format!("seeds/{name}"), "select 1");
    }
    let files = read_seeds(directory.path(), &directory.path().join("seeds")).unwrap();
    let names: Vec<&str> = files.iter().map(|it| it.file.as_str()).collect();
    assert_eq!(names, ["seeds/10_a.sql", "seeds/20_b.sql"]);
    directory.write("seeds/30_c.sql", [0xff, 0xfe]);
    assert!(read_seeds(directory.path(), &directory.path().join("seeds")).is_err(), "no text is no SQL");
}
