//! However large a database is, little of it is in memory at once.

use std::fs;
use std::process::Child;
use std::time::Duration;

use palisade_backup::{Level, verify};

use crate::support::{Place, open, ourselves, run};

/// About 300 MB for whoever reads it, and little on the server's disk.
const LARGE: &str = "
    create table large as select it, repeat(md5(it::text), 90) as t from generate_series(1, 100000) it;
    create table small as select it from generate_series(1, 1000) it;";

/// In KiB.
pub(crate) const MOST: u64 = 100 * 1024;

/// The most memory that a process has had so far, in KiB; `None` when it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Waits for the end of a process, which has to be a good one, and says how much memory it had, in KiB.
pub(crate) async fn most(mut child: Child) -> u64 {
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = peak(child.id()).map_or(most, |it| most.max(it));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    most
}

#[tokio::test]
async fn stays_below_a_third_of_the_rows() {
    let place = Place::new().await;
    run(&mut place.connect().await, LARGE).await;
    for engine in ["single", "parallel"] {
        let most = most(ourselves("exec \"$@\"", &place, engine)).await;
        assert!((1..MOST).contains(&most), "{engine}: {most} KiB");
    }
    let (mut engines, store) = (Vec::new(), open(place.store()));
    for entry in place.entries().await {
        let manifest = entry.manifest().unwrap();
        assert!(manifest.tables.iter().any(|it| it.name == "large" && it.rows == 100_000 && it.bytes > 280_000_000));
        assert!(verify(&store, manifest, None, &Level::Sums, |_| ()).await.unwrap().problems.is_empty());
        engines.push(manifest.engine.as_str());
    }
    assert_eq!(engines, ["parallel", "single"]);
}
