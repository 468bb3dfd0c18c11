//! What breaks half way leaves nothing under a backup's name.

use std::process::{Child, Stdio};
use std::time::Duration;

use palisade_backup::{CreateError, State, create};
use palisade_db::ConnectSettings;

use crate::support::{Place, ask, is_abandoned, run};

/// Ours is the session of `pg_dump` that waits for a lock.
const WAITING: &str = "select coalesce((select pid::text from pg_stat_activity where datname = current_database()
    and application_name = 'palisade backup' and wait_event_type = 'Lock'), '')";

/// Begins a transaction that keeps `pg_dump` waiting.
async fn block(place: &Place) -> palisade_db::Connection {
    let mut other = place.connect().await;
    run(&mut other, "begin; lock table people in access exclusive mode").await;
    other
}

async fn wait_for_pg_dump(place: &Place) -> String {
    let mut watcher = place.connect().await;
    loop {
        let pid = ask(&mut watcher, WAITING).await;
        if !pid.is_empty() {
            return pid;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn pg_dump_is_killed_in_the_middle() {
    let place = Place::new().await;
    let embedded = place.with_program("pg_dump", "\"$REAL\" \"$@\" | head -c 20000\nkill -9 $$").await;
    let mut seen = 0;
    let options = palisade_backup::CreateOptions { embedded, ..place.options() };
    let error = create(&options, |it| seen = it.bytes).await.unwrap_err();
    assert!(matches!(&error, CreateError::Dump { status, .. } if status.contains('9')), "{error}");
    assert_eq!(seen, 20_000, "it was in the middle");
    assert_eq!(place.files(), Vec::<String>::new());
    place.backup().await.unwrap();
}

#[tokio::test]
async fn pg_dump_claims_success_for_half_a_table_of_contents() {
    let place = Place::new().await;
    let embedded = place.with_program("pg_dump", "\"$REAL\" \"$@\" 2>/dev/null | head -c 300").await;
    let options = palisade_backup::CreateOptions { embedded, ..place.options() };
    let error = create(&options, |_| ()).await.unwrap_err();
    assert!(matches!(error, CreateError::Unreadable { .. }), "{error}");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test]
async fn the_server_ends_the_session() {
    let place = Place::new().await;
    let other = block(&place).await;
    let (result, ()) = tokio::join!(place.backup(), async {
        let pid = wait_for_pg_dump(&place).await;
        ask(&mut place.connect().await, &format!("select pg_terminate_backend({pid})::text")).await;
    });
    let error = result.unwrap_err();
    assert!(matches!(error, CreateError::Dump { .. }), "{error}");
    assert!(error.help().contains("try again"), "{error}\n{}", error.help());
    assert_eq!(place.files(), Vec::<String>::new());
    drop(other);
}

#[tokio::test]
async fn a_locked_table_is_named() {
    let place = Place::new().await;
    let _other = block(&place).await;
    let mut options = place.options();
    options.connect = ConnectSettings { lock_timeout: Duration::from_millis(50), ..options.connect };
    let error = create(&options, |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("people") && error.help().contains("lock"), "{error}\n{}", error.help());
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test]
async fn the_backup_is_abandoned_by_its_caller() {
    let place = Place::new().await;
    let _other = block(&place).await;
    tokio::select! {
        result = place.backup() => panic!("{result:?}"),
        _pid = wait_for_pg_dump(&place) => {}
    }
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test]
async fn we_are_killed_and_the_next_backup_removes_what_we_left() {
    let place = Place::new().await;
    let mut other = block(&place).await;
    let mut child = ourselves(&place, "exec \"$@\"");
    wait_for_pg_dump(&place).await;
    let running = place.entries();
    assert_eq!(running.iter().map(|it| &it.state).collect::<Vec<_>>(), [&State::Running]);
    child.kill().unwrap();
    child.wait().unwrap();

    let [left] = &place.entries()[..] else { panic!("{:?}", place.files()) };
    assert!(is_abandoned(left), "{left:?}");
    assert_eq!(place.files(), [format!("{}.partial", left.name.dump_file())]);
    run(&mut other, "commit").await;
    let manifest = place.backup().await.unwrap();
    assert_eq!(place.files(), [manifest.name.dump_file(), manifest.name.manifest_file()]);
}

#[tokio::test]
async fn the_disk_is_full() {
    let place = Place::new().await;
    // A limit of 16 blocks on the size of files, as an error and not as a signal.
    let child = ourselves(&place, "trap '' XFSZ; ulimit -f 16; exec \"$@\"");
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("writing") && said.contains("free some space"), "{said}");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test]
async fn the_store_cannot_be_written() {
    let place = Place::new().await;
    place.directory.write("backups", "a file");
    let error = place.backup().await.unwrap_err();
    assert!(matches!(error, CreateError::Store(_)), "{error}");
}

/// The example program, started through a shell script.
#[allow(clippy::disallowed_methods, reason = "a test of what happens to the whole process")]
fn ourselves(place: &Place, script: &str) -> Child {
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().unwrap().with_file_name("examples").join("backup");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, "sh"]).arg(example).arg(place.store()).arg(place.database.url().to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}
