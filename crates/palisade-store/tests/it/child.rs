//! Writers in processes of their own: this program, started again with the name of one test.

use std::process::{Child, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use palisade_store::StoreError;

use crate::{directory, key, random};

/// Writes without end.
pub(crate) const FOREVER: &str = "child::writes_forever";

/// Writes more than it may.
pub(crate) const LIMITED: &str = "child::writes_too_much";

const DIRECTORY: &str = "PALISADE_STORE_TEST_DIRECTORY";

/// Starts a test of this program that works in `directory`. No file that it writes can have more than 4 MiB (8192
/// times 512 bytes, or 8 MiB where the shell counts in KiB) if it is [`LIMITED`]: with the signal ignored, the write
/// comes back with an error.
#[expect(clippy::disallowed_methods, reason = "only a process of its own can be killed, and be given limits")]
pub(crate) fn start(directory: &Utf8Path, test: &str) -> Child {
    let limit = if test == LIMITED { "trap '' XFSZ; ulimit -f 8192; " } else { "" };
    std::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{limit}exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Where the child is to work. Nowhere, if this is no child.
#[expect(clippy::disallowed_methods, reason = "there is no configuration between a test and its child")]
fn directory() -> Option<Utf8PathBuf> {
    std::env::var(DIRECTORY).ok().map(Utf8PathBuf::from)
}

#[tokio::test]
async fn writes_forever() {
    let Some(directory) = directory() else { return };
    let mut writer = directory::open(&directory).writer(&key("x/forever")).await.unwrap();
    let piece = random(1 << 16);
    // Not quite: nobody may be left to kill it.
    for _ in 0..100_000 {
        writer.write(piece.clone()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn writes_too_much() {
    let Some(directory) = directory() else { return };
    let store = directory::open(&directory);
    match crate::put(&store, "x/large", &random(20 << 20), 1 << 20).await {
        Err(error @ StoreError::Full { .. }) => println!("full: {error}"),
        other => panic!("{other:?}"),
    }
}
