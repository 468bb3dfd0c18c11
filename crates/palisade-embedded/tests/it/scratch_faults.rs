//! Scratch databases after accidents.

use std::fs;

use palisade_embedded::{EmbeddedError, EmbeddedSettings, InstallationError, Layer, Scratch, ScratchDatabase};

use crate::process;
use crate::project::{Project, ask_at};

async fn database(settings: &EmbeddedSettings) -> ScratchDatabase {
    let layer = Layer::new("random", "create table t as select gen_random_uuid() as id");
    Scratch::open(settings).await.unwrap().database(&[layer]).await.unwrap()
}

async fn id(database: &ScratchDatabase) -> String {
    ask_at(database.url(), "select id from t").await
}

#[tokio::test]
async fn parallel_first_users_make_one_server() {
    let project = Project::with_cache().await;
    let databases = futures_util::future::join_all((0..4).map(|_| database(&project))).await;
    let mut directories = Vec::new();
    for database in &databases {
        directories.push(ask_at(database.url(), "show data_directory").await);
    }
    directories.dedup();
    assert_eq!(directories.len(), 1, "{directories:?}");
}

#[tokio::test]
async fn a_killed_server_is_started_again_with_its_templates() {
    let project = Project::with_cache().await;
    let before = id(&database(&project).await).await;
    process::kill(process::postmaster(&project.scratch_home().join("data")).unwrap());
    assert_eq!(id(&database(&project).await).await, before);
}

#[tokio::test]
async fn after_a_power_failure_nothing_is_trusted() {
    let project = Project::with_cache().await;
    let before = id(&database(&project).await).await;
    process::kill(process::postmaster(&project.scratch_home().join("data")).unwrap());
    let state = project.scratch_home().join("server.json");
    let content = fs::read_to_string(&state).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    fs::write(&state, content.replace(boot.trim(), "another run of this machine")).unwrap();
    assert_ne!(id(&database(&project).await).await, before);
}

#[tokio::test]
async fn a_broken_cluster_is_made_anew() {
    let project = Project::with_cache().await;
    let before = id(&database(&project).await).await;
    palisade_embedded::stop_scratch(&project).await.unwrap();
    fs::remove_file(project.scratch_home().join("data/global/pg_control")).unwrap();
    assert_ne!(id(&database(&project).await).await, before);
}

#[tokio::test]
async fn without_its_socket_it_is_reached_through_tcp() {
    let project = Project::with_cache().await;
    let first = database(&project).await;
    fs::remove_dir_all(ask_at(first.url(), "show unix_socket_directories").await).unwrap();
    let second = database(&project).await;
    assert_eq!(second.url(), second.tcp_url());
    assert_eq!(id(&second).await, ask_at(first.tcp_url(), "select id from t").await);
}

#[tokio::test]
async fn a_cache_that_cannot_be_used_is_named() {
    let project = Project::new();
    let file = project.directory().join("file");
    fs::write(&file, "").unwrap();
    let project = project.with(|it| EmbeddedSettings { cache_dir: file.join("cache"), ..it });
    let error = Scratch::open(&project).await.unwrap_err();
    assert!(error.to_string().contains(file.as_str()), "{error}");
    assert!(error.help().contains("PALISADE_CACHE_DIR"), "{}", error.help());
    assert!(matches!(
        error,
        EmbeddedError::Installation(InstallationError::Cache { .. } | InstallationError::CacheClosed { .. })
    ));
}

#[tokio::test]
async fn a_database_that_subscribes_to_something_is_dropped_all_the_same() {
    let project = Project::with_cache().await;
    let scratch = Scratch::open(&project).await.unwrap();
    let database = scratch.database(&[]).await.unwrap();
    let sql = "create subscription \"News\" connection 'host=nowhere' publication p with (connect = false)";
    palisade_db::batch(&mut database.connect().await.unwrap(), sql).await.unwrap();
    database.close().await.unwrap();
}
