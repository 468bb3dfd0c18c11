//! Ctrl-C leaves nothing behind.

use std::process::Child;
use std::time::Duration;

use palisade_db::{ConnectSettings, batch, connect};
use palisade_tests::{CommandProject, Ended, connection, database, query, until};
use rustix::process::{Pid, Signal, kill_process};

/// Rows that take a while to be read, and more to be loaded.
const MUCH: &str = "create table much (id int primary key, noise text);
    insert into much select it, (select string_agg(md5((it * 200 + part)::text), '') from generate_series(1, 128) part)
      from generate_series(1, 10000) it";

#[track_caller]
pub(crate) fn interrupt(child: Child) -> String {
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ended = Ended::wait(child);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.ends_with("error: interrupted\n"), "{}", ended.stderr);
    ended.stderr
}

/// What lies in the store, directories too, but for the list of what git ignores.
fn stored(project: &CommandProject) -> Vec<String> {
    let (mut files, mut directories) = (Vec::new(), vec![project.root().join("store")]);
    while let Some(directory) = directories.pop() {
        // One may go while it is looked at.
        for entry in directory.read_dir_utf8().into_iter().flatten().flatten() {
            let path = entry.into_path();
            if path.is_dir() {
                directories.push(path.clone());
            }
            files.push(path.into_string());
        }
    }
    files.retain(|it| !it.ends_with(".gitignore"));
    files
}

#[tokio::test]
async fn of_a_backup() {
    let database = database().await;
    batch(&mut connection(&database).await, MUCH).await.unwrap();
    let project = CommandProject::new().database("DATABASE_URL", &database);
    for engine in ["single", "parallel"] {
        let child = project.start(&["backup", "--store", "store", "--engine", engine]);
        until("something is written", async || stored(&project).len() > 1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        interrupt(child);
        assert_eq!(stored(&project), Vec::<String>::new(), "{engine}");
    }
    project.expect(0, &["backup", "--store", "store"]);
}

#[tokio::test]
async fn of_a_restore_that_replaces_a_database() {
    let server = database().await;
    let mut admin = connection(&server).await;
    let name = query(&mut admin, "select 'swapped_' || replace(gen_random_uuid()::text, '-', '')").await.remove(0);
    batch(&mut admin, &format!("create database {name} template template0")).await.unwrap();
    let url = server.tcp_url().with_database(&name);
    let mut own = connect(&ConnectSettings::new(url.clone())).await.unwrap();
    batch(&mut own, MUCH).await.unwrap();
    own.close().await;
    let project = CommandProject::new().variable("DATABASE_URL", &crate::protection::text(&url));
    project.expect(0, &["backup"]);
    let new = format!("select datname from pg_database where starts_with(datname, '{name}_')");
    let child = project.start(&["backup", "restore", "latest", "--to", "dev", "--swap"]);
    until("the new database is there", async || query(&mut admin, &new).await.len() == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    interrupt(child);
    assert_eq!(query(&mut admin, &new).await, [""; 0]);
    let count = query(&mut connect(&ConnectSettings::new(url)).await.unwrap(), "select count(*)::text from much").await;
    assert_eq!(count, ["10000"]);
    batch(&mut admin, &format!("drop database {name} with (force)")).await.unwrap();
}
