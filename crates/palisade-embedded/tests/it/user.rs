//! Running as an ordinary user.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;

use camino::Utf8PathBuf;
use palisade_config::Variables;
use palisade_embedded::{Account, EmbeddedSettings, Scratch, dev, stop_scratch};
use palisade_tests::Directory;

use crate::process;
use crate::project::ask_at;

const TEST: &str = "user::an_ordinary_user_needs_nobody";

/// If root runs the tests, the test runs once more as the user who runs servers for root.
#[tokio::test]
async fn an_ordinary_user_needs_nobody() {
    if let Some(directory) = process::role() {
        assert!(!Account::for_servers(None).unwrap().switch);
        return whole_life(directory.into()).await;
    }
    let directory = Directory::new();
    let account = Account::for_servers(None).unwrap();
    if !account.switch {
        return whole_life(directory.path().to_owned()).await;
    }
    // The build directory may be closed to that user.
    let binary = directory.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let home = directory.path().join("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(account.uid), Some(account.gid)).unwrap();
    let output = process::same_test(&binary, TEST, home.as_str())
        .uid(account.uid)
        .gid(account.gid)
        .env("HOME", &home)
        .current_dir(&home)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn whole_life(root: Utf8PathBuf) {
    let settings = EmbeddedSettings::new(&root, &Variables::process());
    let settings = EmbeddedSettings { cache_dir: root.join("cache"), ..settings };
    let url = dev::start(&settings).await.unwrap().url;
    assert_eq!(ask_at(&url, "select 1").await, "1");
    let database = Scratch::open(&settings).await.unwrap().database(&[]).await.unwrap();
    assert_eq!(ask_at(database.url(), "select 1").await, "1");
    assert!(dev::stop(&settings).await.unwrap());
    assert_eq!(stop_scratch(&settings).await.unwrap(), 1);
}
