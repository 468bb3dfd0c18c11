//! What breaks half way leaves nothing under a backup's name.

use std::time::{Duration, Instant};

use palisade_backup::{CreateError, State, create};
use palisade_db::ConnectSettings;
use palisade_tests::{Fault, Proxy};

use crate::support::{Place, ask, ourselves, run};

/// Ours is the session that waits for a lock.
const WAITING: &str = "select coalesce((select pid::text from pg_stat_activity where datname = current_database()
    and application_name = 'palisade' and wait_event_type = 'Lock'), '')";

/// Begins a transaction that keeps a backup waiting.
async fn block(place: &Place) -> palisade_db::Connection {
    let mut other = place.connect().await;
    run(&mut other, "begin; lock table people in access exclusive mode").await;
    other
}

pub(crate) async fn wait_for_lock(place: &Place) -> String {
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
    assert!(matches!(error, CreateError::Archive(_)), "{error}");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test]
async fn the_server_ends_the_session() {
    let place = Place::new().await;
    let other = block(&place).await;
    let (result, ()) = tokio::join!(place.backup(), async {
        let pid = wait_for_lock(&place).await;
        ask(&mut place.connect().await, &format!("select pg_terminate_backend({pid})::text")).await;
    });
    let error = result.unwrap_err();
    assert!(matches!(error, CreateError::Database(_)), "{error}");
    assert_eq!(place.files(), Vec::<String>::new());
    drop(other);
}

/// What `pg_dump` has read is of one state all the same, what others read may not be.
#[tokio::test]
async fn the_session_that_holds_the_snapshot_is_ended() {
    let place = Place::new().await;
    let end = "psql -X -q -c \"select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() \
               and application_name = 'palisade'\" \"$(echo \"$*\" | sed 's/.*--dbname=//')\" >/dev/null";
    let script = format!(
        "PATH=\"$(dirname \"$0\"):$PATH\"\n\"$REAL\" \"$@\" || exit 1\ncase \"$*\" in *post-data*|*custom*) {end} ;; esac"
    );
    let embedded = place.with_program("pg_dump", &script).await;
    for engine in [palisade_backup::EngineChoice::Single, palisade_backup::EngineChoice::Parallel] {
        let options = palisade_backup::CreateOptions { embedded: embedded.clone(), engine, ..place.options() };
        let error = create(&options, |_| ()).await.unwrap_err();
        let lost =
            matches!(error, CreateError::SnapshotLost { .. } | CreateError::Rows { .. } | CreateError::Dump { .. });
        assert!(lost || matches!(error, CreateError::Database(_)), "{error}");
        assert_eq!(place.files(), Vec::<String>::new());
    }
}

/// No end of the connection, and no answer: what reads would wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_does_not_answer_any_more() {
    let place = Place::new().await;
    let proxy = Proxy::new(place.database.tcp_url()).await;
    proxy.when_sends("still here", Fault::BlackHole);
    let embedded = place.with_program("pg_dump", "exec sleep 600").await;
    let mut options = palisade_backup::CreateOptions { embedded, ..place.options() };
    options.connect.url = proxy.url().clone();
    let error = create(&options, |_| ()).await.unwrap_err();
    assert!(matches!(error, CreateError::Silent { .. }), "{error}");
    assert!(!proxy.disarm());
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test]
async fn a_warning_that_nobody_knows_is_no_success() {
    let place = Place::new().await;
    let script = "\"$REAL\" \"$@\"\necho 'pg_dump: warning: something is odd' >&2";
    let embedded = place.with_program("pg_dump", script).await;
    let error = create(&palisade_backup::CreateOptions { embedded, ..place.options() }, |_| ()).await.unwrap_err();
    assert!(matches!(&error, CreateError::Warned { warning, .. } if warning.contains("odd")), "{error}");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test]
async fn row_security_keeps_nothing_back_in_silence() {
    let place = Place::new().await;
    let mut connection = place.connect().await;
    let role = ask(&mut connection, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    run(&mut connection, &format!("create role {role} login password 'p'; grant pg_read_all_data to {role}")).await;
    let mut options = place.options();
    options.connect.url = place.database.tcp_url().clone();
    options.connect.url.user = role.clone();
    options.connect.url.password = Some("p".into());
    let error = create(&options, |_| ()).await.unwrap_err();
    assert!(
        matches!(&error, CreateError::Filtered { tables, .. } if tables.iter().any(|it| it.contains("people"))),
        "{error}"
    );
    run(&mut connection, &format!("revoke pg_read_all_data from {role}")).await;
    let error = create(&options, |_| ()).await.unwrap_err();
    assert!(matches!(error, CreateError::Unreadable { .. }), "{error}");
    run(&mut connection, &format!("drop role {role}")).await;
    assert_eq!(place.files(), Vec::<String>::new());
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
        _pid = wait_for_lock(&place) => {}
    }
    assert_eq!(place.files(), Vec::<String>::new());
}

/// Killed at many moments: what is there afterwards is a backup, or none.
#[tokio::test]
async fn we_are_killed() {
    let place = Place::new().await;
    run(
        &mut place.connect().await,
        "create table much as select it, repeat(md5(it::text), 9) as t from generate_series(1, 60000) it",
    )
    .await;
    // Over as long as a whole run takes here and now: one that was done before it was killed shows that it takes less.
    let mut whole = Duration::MAX;
    let (mut complete, mut unfinished) = (0, 0);
    for step in 0..52 {
        let began = Instant::now();
        // The larger part of one that reads with several connections is spent behind the first file.
        let mut child = ourselves("exec \"$@\"", &place, if step % 2 == 0 { "parallel" } else { "single" });
        if step > 1 {
            tokio::time::sleep(whole * (step - 2) / 48).await;
            let _ = child.kill();
        }
        if child.wait().unwrap().success() {
            whole = whole.min(began.elapsed());
        }
        for entry in place.entries().await {
            match &entry.state {
                State::Complete(manifest) => {
                    let level = palisade_backup::Level::Contents;
                    let store = crate::support::open(place.store());
                    let verdict = palisade_backup::verify(&store, manifest, None, &level, |_| ()).await.unwrap();
                    assert_eq!(verdict.problems, Vec::<String>::new());
                    complete += 1;
                }
                State::Unfinished => unfinished += 1,
                State::Damaged { .. } | State::Foreign { .. } => panic!("{:?}", entry.state),
            }
            palisade_backup::delete(&crate::support::open(place.store()), &entry.name).await.unwrap();
        }
    }
    assert!(unfinished > 0, "{complete} were complete: nobody was killed in the middle");
}

#[tokio::test]
async fn the_disk_is_full() {
    let place = Place::new().await;
    for engine in ["single", "parallel"] {
        // A limit of 16 blocks on the size of files, as an error and not as a signal.
        let child = ourselves("trap '' XFSZ; ulimit -f 16; exec \"$@\"", &place, engine);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("room"), "{engine}: {said}");
        assert_eq!(place.files(), Vec::<String>::new(), "{engine}");
    }
}

#[tokio::test]
async fn the_store_cannot_be_written() {
    let place = Place::new().await;
    place.directory.write("backups", "a file");
    let error = place.backup().await.unwrap_err();
    assert!(matches!(error, CreateError::Store(_)), "{error}");
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_refused() {
    let place = Place::new().await;
    let pooler = palisade_tests::PgBouncer::start(place.database.tcp_url(), "transaction", "").await;
    let mut options = place.options();
    options.connect.url = pooler.url().clone();
    let error = create(&options, |_| ()).await.unwrap_err();
    assert!(matches!(error, CreateError::Pooler) && error.help().contains("direct-url"), "{error}");
    assert_eq!(place.files(), Vec::<String>::new());
}
