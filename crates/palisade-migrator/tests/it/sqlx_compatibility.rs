//! sqlx and Palisade see the same history.

use camino::Utf8Path;
use palisade_migrator::read_dir;
use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;

use crate::fixture::Fixture;

const FILES: [(&str, &str); 4] = [
    ("1_first_table.sql", "create table t (a int);\n"),
    ("2_pair.up.sql", "insert into t values (1); insert into t values (2);\n"),
    ("2_pair.down.sql", "delete from t;\n"),
    ("20260131235959_index.sql", "-- no-transaction\ncreate index concurrently i on t (a)\n"),
];

async fn with_files<F: AsyncFnOnce(&Utf8Path)>(files: &[(&str, &str)], test: F) {
    let directory = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(directory.path()).unwrap();
    for (name, sql) in files {
        std::fs::write(root.join(name), sql).unwrap();
    }
    test(root).await;
}

async fn sqlx_migrate(fixture: &Fixture, root: &Utf8Path) {
    use palisade_config::ExposeSecret as _;
    let url = fixture.database.tcp_url().expose();
    let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
    let mut migrator = Migrator::new(root.as_std_path()).await.unwrap();
    migrator.dangerous_set_table_name("palisade.migrations");
    migrator.create_schema("palisade");
    migrator.run_direct(None, &mut connection, false).await.unwrap();
}

#[tokio::test]
async fn sqlx_sees_ours_as_applied() {
    let mut it = Fixture::new().await;
    with_files(&FILES, async |root: &Utf8Path| {
        let files = read_dir(root, root).unwrap();
        assert_eq!(it.migrate(&files).await.unwrap().done.len(), 3);
        let before = it.query("select migrations::text from palisade.migrations order by version").await;
        sqlx_migrate(&it, root).await;
        assert_eq!(it.query("select migrations::text from palisade.migrations order by version").await, before);
        assert_eq!(it.query("select count(*)::text from t").await, ["2"]);
    })
    .await;
}

#[tokio::test]
async fn we_see_those_of_sqlx_as_applied() {
    let mut it = Fixture::new().await;
    with_files(&FILES, async |root: &Utf8Path| {
        sqlx_migrate(&it, root).await;
        let files = read_dir(root, root).unwrap();
        assert_eq!(it.migrate(&files).await.unwrap().done.len(), 0);
        assert_eq!(it.query("select count(*)::text from t").await, ["2"]);
    })
    .await;
}

#[tokio::test]
async fn a_history_of_sqlx_is_continued() {
    let mut it = Fixture::new().await;
    with_files(&FILES[..3], async |root: &Utf8Path| {
        sqlx_migrate(&it, root).await;
        std::fs::write(root.join(FILES[3].0), FILES[3].1).unwrap();
        let files = read_dir(root, root).unwrap();
        assert_eq!(it.migrate(&files).await.unwrap().done.len(), 1);
        sqlx_migrate(&it, root).await;
    })
    .await;
}
