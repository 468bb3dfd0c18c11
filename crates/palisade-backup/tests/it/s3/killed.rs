//! The whole process is killed while it uploads.

use std::process::Command;
use std::time::{Duration, Instant};

use palisade_backup::{Entry, State, delete, list};
use palisade_store::Store;
use palisade_tests::until;

use crate::s3::{ENGINES, much, problems};
use crate::server::{BUCKET, KEY, SECRET, Server};
use crate::support::{Place, example};

/// For each engine.
const MOMENTS: u32 = 25;

pub(super) fn command(place: &Place, server: &Server, engine: &str) -> Command {
    let mut command = example("exec \"$@\"");
    command.args([&format!("s3://{BUCKET}/some/prefix"), &place.database.url().to_string(), engine]);
    command.env("AWS_ENDPOINT_URL", &server.address).env("AWS_ALLOW_HTTP", "true");
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_complete_is_right() {
    let (place, server) = (much().await, Server::start().await);
    let store = server.store();
    let (mut unfinished, mut uploads) = (0, 0);
    for (_, engine) in ENGINES {
        let started = Instant::now();
        let mut whole = tokio::process::Command::from(command(&place, &server, engine));
        let output = whole.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let whole = started.elapsed();
        let entries = list(&store).await.unwrap();
        assert!(entries.len() == 1 && entries[0].manifest().is_some(), "{entries:?}");
        delete(&store, &entries[0].name).await.unwrap();
        for moment in 0..MOMENTS {
            let mut child = command(&place, &server, engine).spawn().unwrap();
            // The last ones come when it has nearly ended.
            tokio::time::sleep(whole * moment / MOMENTS + Duration::from_millis(10)).await;
            let _ = child.kill();
            child.wait().unwrap();
            uploads += server.layer.uploads.lock().unwrap().len();
            // The server may still be busy with what it had received by then.
            until("the server is at rest", async || server.uploading() == 0).await;
            until("nothing is left", async || {
                for entry in list(&store).await.unwrap() {
                    unfinished += usize::from(!is_right(&store, &entry).await);
                    delete(&store, &entry.name).await.unwrap();
                }
                store.sweep(Duration::ZERO).await.unwrap();
                let uploads = server.layer.uploads.lock().unwrap().len() + server.parts();
                uploads == 0 && store.list(None).await.unwrap().is_empty()
            })
            .await;
        }
    }
    assert!(uploads > 0, "nobody was killed while he uploaded parts; {unfinished} had written some");
}

/// Whether it is a backup, which then has to be a good one, or none.
async fn is_right(store: &Store, entry: &Entry) -> bool {
    match &entry.state {
        State::Complete(manifest) => {
            assert_eq!(problems(store, manifest, None).await, Vec::<String>::new(), "{}", entry.name);
            true
        }
        State::Unfinished => false,
        State::Damaged { .. } | State::Foreign { .. } => panic!("{}: {:?}", entry.name, entry.state),
    }
}
