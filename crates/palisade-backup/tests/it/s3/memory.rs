//! A slow bucket does not make what waits for it pile up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::memory::{MOST, most};
use crate::s3::killed::command;
use crate::s3::{ENGINES, much};
use crate::server::{Fault, Rule, Server};
use crate::support::run;

/// What repeats so late does so too late for zstd: about ten parts of an upload for each of the two tables.
const MORE: &str = "create table public.more (like public.much including storage);
    insert into public.more select much.* from generate_series(1, 7), public.much;
    create table public.most as table public.more;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_that_wait_for_the_bucket_are_few() {
    let (place, server) = (much().await, Arc::new(Server::start().await));
    run(&mut place.connect().await, MORE).await;
    let gate = Arc::new(Semaphore::new(0));
    let holding =
        |gate: &Arc<Semaphore>| Rule { words: &["partNumber="], times: 1000, fault: Fault::Hold(gate.clone()) };
    server.fail(holding(&gate));
    let state = Arc::clone(&server);
    let opening = tokio::spawn(async move {
        // Once no more come, as many are let in as wait.
        let (mut before, mut since) = (0, Instant::now());
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let waiting = state.uploading();
            if waiting != before {
                (before, since) = (waiting, Instant::now());
            } else if since.elapsed() > Duration::from_millis(1500) {
                gate.add_permits(waiting);
            }
        }
    });
    for (_, engine) in ENGINES {
        let most = most(command(&place, &server, engine).spawn().unwrap()).await;
        assert!((1..MOST).contains(&most), "{engine}: {most} KiB");
    }
    assert!(server.count(&["PUT", "partNumber="]) > 20);
    opening.abort();
}
