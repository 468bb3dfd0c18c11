//! The development server after accidents.

use std::fs;
use std::net::TcpListener;

use palisade_db::batch;
use palisade_embedded::{EmbeddedError, ServerError, dev};
use palisade_tests::archive;

use crate::process;
use crate::project::{Project, ask, ask_at, open};

#[tokio::test]
async fn a_killed_server_recovers_at_the_next_start() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    ask_at(&url, "create table t (id int); insert into t values (7); select 1").await;
    process::kill(process::postmaster(&project.home().join("data")).unwrap());
    assert_eq!(dev::url(&project).await.unwrap(), None);

    let again = dev::start(&project).await.unwrap();
    assert!(!again.already_running);
    assert_eq!(again.url, url);
    assert_eq!(ask_at(&url, "select id from t").await, "7");
}

#[tokio::test]
async fn what_a_killed_server_leaves_running_is_ended() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    let mut busy = open(&url).await;
    let backend: u32 = ask(&mut busy, "select pg_backend_pid()").await.parse().unwrap();
    let query = tokio::spawn(async move {
        // Never looks whether its server lives: it does not wait for anything.
        batch(&mut busy, "do $$ begin loop end loop; end $$").await.map(drop)
    });
    while !ask_at(&url, "select count(*) from pg_stat_activity where query like 'do $$%'").await.eq("1") {}
    process::kill(process::postmaster(&project.home().join("data")).unwrap());
    assert!(process::is_alive(backend));

    dev::start(&project).await.unwrap();
    assert!(!process::is_alive(backend));
    query.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn a_pid_that_another_server_has_now_is_not_ours() {
    let (project, other) = (Project::new(), Project::new());
    let url = dev::start(&project).await.unwrap().url;
    dev::start(&other).await.unwrap();
    let file = project.home().join("data/postmaster.pid");
    let foreign = process::postmaster(&other.home().join("data")).unwrap();
    let content = fs::read_to_string(&file).unwrap();
    dev::stop(&project).await.unwrap();
    let (_, rest) = content.split_once('\n').unwrap();
    fs::write(&file, format!("{foreign}\n{rest}")).unwrap();

    assert_eq!(dev::url(&project).await.unwrap(), None);
    assert!(!dev::stop(&project).await.unwrap());
    assert_eq!(dev::start(&project).await.unwrap().url, url);
    assert!(process::is_alive(foreign));
}

#[tokio::test]
async fn an_empty_pid_file_is_no_server() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    dev::stop(&project).await.unwrap();
    fs::write(project.home().join("data/postmaster.pid"), "").unwrap();
    assert_eq!(dev::url(&project).await.unwrap(), None);
    assert_eq!(dev::start(&project).await.unwrap().url, url);
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew() {
    let project = Project::new();
    dev::start(&project).await.unwrap();
    dev::stop(&project).await.unwrap();
    // As `initdb`, killed after its first steps, leaves things; and as somebody does who copies half a directory.
    fs::rename(project.home().join("data"), project.home().join("unfinished-data")).unwrap();
    fs::create_dir(project.home().join("data")).unwrap();
    fs::write(project.home().join("data/precious"), "1").unwrap();
    fs::remove_file(project.home().join("password")).unwrap();
    let url = dev::start(&project).await.unwrap().url;
    assert_eq!(ask_at(&url, "select 1").await, "1");
    assert!(!project.home().join("unfinished-data").exists());
    let kept = project.home().read_dir_utf8().unwrap().flatten().any(|it| it.path().join("precious").exists());
    assert!(kept, "what may be somebody's is not deleted");
}

#[tokio::test]
async fn somebody_elses_port_is_left_to_him() {
    let project = Project::new();
    let old = dev::start(&project).await.unwrap().url;
    dev::stop(&project).await.unwrap();
    let thief = TcpListener::bind(("127.0.0.1", old.port)).unwrap();
    let moved = dev::start(&project).await.unwrap();
    assert_eq!(moved.moved_from, Some(old.port));
    assert_ne!(moved.url.port, old.port);
    assert_eq!(ask_at(&moved.url, "select 1").await, "1");

    // And it stays where it is now.
    drop(thief);
    dev::stop(&project).await.unwrap();
    let again = dev::start(&project).await.unwrap();
    assert_eq!((again.url, again.moved_from), (moved.url, None));
}

#[tokio::test]
async fn a_deleted_socket_directory_comes_back_with_the_next_start() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    let sockets = ask_at(&url, "show unix_socket_directories").await;
    fs::remove_dir_all(&sockets).unwrap();
    assert!(dev::start(&project).await.unwrap().already_running);
    assert_eq!(ask_at(&url, "select 1").await, "1");
    dev::stop(&project).await.unwrap();
    dev::start(&project).await.unwrap();
    assert!(fs::exists(format!("{sockets}/.s.PGSQL.{}", url.port)).unwrap());
}

#[tokio::test]
async fn what_the_server_says_when_it_does_not_start_is_shown() {
    let project = Project::new();
    dev::start(&project).await.unwrap();
    dev::stop(&project).await.unwrap();
    fs::write(project.home().join("data/postgresql.auto.conf"), "shared_buffers = 'no number'\n").unwrap();
    let error = dev::start(&project).await.unwrap_err();
    assert!(error.to_string().contains("invalid value for parameter \"shared_buffers\""), "{error}");
    assert!(error.help().contains("server.log"), "{}", error.help());
}

#[tokio::test]
async fn a_cluster_of_another_version_is_kept_and_explained() {
    let project = Project::new().with_archive(&archive(17));
    let url = dev::start(&project).await.unwrap().url;
    assert!(ask_at(&url, "show server_version").await.starts_with("17."));
    dev::stop(&project).await.unwrap();

    let project = project.with_archive(&archive(18));
    let error = dev::start(&project).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Server(ServerError::OtherMajor { found: 17, .. })), "{error:?}");
    assert!(error.help().contains("Postgres 17"), "{}", error.help());
    assert!(project.home().join("data/PG_VERSION").exists());
}
