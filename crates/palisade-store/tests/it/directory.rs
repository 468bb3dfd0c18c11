//! What only a directory can get wrong.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use palisade_store::{Location, S3Settings, Store, StoreError};
use tempfile::TempDir;

use crate::{child, key, keys, put, random, suite};

/// A store in a directory that is not there yet.
fn fresh() -> (TempDir, Utf8PathBuf, Store) {
    let directory = TempDir::new().unwrap();
    let path = Utf8PathBuf::from_path_buf(directory.path().join("deep/store")).unwrap();
    let store = open(&path);
    (directory, path, store)
}

pub(crate) fn open(path: &Utf8Path) -> Store {
    Store::open(&Location::Directory(path.to_owned()), &S3Settings::default(), |_| None).unwrap()
}

/// Every file below, as paths.
fn files(path: &Utf8Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in path.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(entry.path()));
        } else if entry.file_name() != ".gitignore" {
            found.push(entry.path().to_string());
        }
    }
    found
}

macro_rules! suite {
    ($($case:ident),*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let (_directory, path, store) = fresh();
            suite::$case(&store).await;
            store.sweep(Duration::ZERO).await.unwrap();
            assert!(!path.exists() || files(&path).iter().all(|it| !it.contains('~')));
        })*
    };
}

suite!(round_trips, small_objects, nothing_is_replaced, one_of_many_wins, lists, lists_many, unfinished_is_invisible);

#[tokio::test]
async fn nobody_else_may_look() {
    let (_directory, path, store) = fresh();
    put(&store, "a/b", &random(10), 10).await.unwrap();
    let mode = |it: &Utf8Path| fs::metadata(it).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path.join("a")), 0o700);
    assert_eq!(mode(&path.join("a/b")), 0o600);
}

#[tokio::test]
async fn running_writers_are_not_swept() {
    let (_directory, path, store) = fresh();
    let mut writer = store.writer(&key("a/b")).await.unwrap();
    writer.write(random(3 << 20)).await.unwrap();
    // What a writer of another process left, which is gone.
    fs::create_dir_all(path.join("dead")).unwrap();
    fs::write(path.join("dead/object~0123456789abcdef"), "half").unwrap();
    let swept = open(&path).sweep(Duration::ZERO).await.unwrap();
    let names: Vec<&str> = swept.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, [path.join("dead/object~0123456789abcdef").as_str()]);
    assert!(!path.join("dead").exists());
    assert_eq!(writer.finish().await.unwrap(), 3 << 20);
    assert_eq!(keys(&store).await, ["a/b"]);
}

/// Folders that are empty for a moment go away under those who are about to use them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeping_disturbs_nobody() {
    let (_directory, path, store) = fresh();
    let sweeper = tokio::spawn(async move {
        loop {
            open(&path).sweep(Duration::ZERO).await.unwrap();
        }
    });
    for round in 0..300 {
        let name = key(&format!("x/{}/y", round % 3));
        store.create(&name, Bytes::from_static(b"12")).await.unwrap();
        store.delete(&[name]).await.unwrap();
    }
    sweeper.abort();
}

#[tokio::test]
async fn symlinks_lead_nowhere() {
    let (directory, path, store) = fresh();
    store.create(&key("a"), Bytes::from_static(b"12")).await.unwrap();
    let outside = Utf8Path::from_path(directory.path()).unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "s").unwrap();
    symlink(&outside, path.join("out")).unwrap();
    symlink(outside.join("secret"), path.join("file")).unwrap();
    for name in ["out/secret", "file"] {
        assert!(matches!(store.read(&key(name)).await, Err(StoreError::NotFound { .. })), "{name}");
        assert_eq!(store.head(&key(name)).await.unwrap(), None);
    }
    assert!(store.create(&key("out/new"), Bytes::new()).await.is_err());
    assert!(matches!(store.create(&key("file"), Bytes::new()).await, Err(StoreError::Exists { .. })));
    assert_eq!(keys(&store).await, ["a"]);
    assert_eq!(store.directories(None).await.unwrap(), Vec::<String>::new());
    store.delete(&[key("out/secret"), key("file")]).await.unwrap();
    store.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(files(&outside), [outside.join("secret").as_str()]);
}

#[tokio::test]
async fn files_of_others_are_left_alone() {
    let (_directory, path, store) = fresh();
    store.create(&key("a"), Bytes::from_static(b"12")).await.unwrap();
    for name in ["with space", ".hidden", "ümlaut", "lost+found"] {
        fs::write(path.join(name), "x").unwrap();
    }
    assert_eq!(keys(&store).await, ["a"]);
    store.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(files(&path).len(), 5);
}

#[tokio::test]
async fn an_object_that_was_cut_is_an_error() {
    let (_directory, path, store) = fresh();
    put(&store, "a", &random(5 << 20), 1 << 20).await.unwrap();
    let mut reader = store.read(&key("a")).await.unwrap();
    reader.next().await.unwrap().unwrap();
    fs::OpenOptions::new().write(true).open(path.join("a")).unwrap().set_len(3 << 20).unwrap();
    let error = loop {
        match reader.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Incomplete { expected: 5_242_880, got: 3_145_728, .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let (_directory, path, store) = fresh();
    store.create(&key("a"), Bytes::new()).await.unwrap();
    let error = store.create(&key("a/b"), Bytes::new()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Io { path: at, .. } if *at == path.join("a")), "{error:?}");
    let error = open(&path.join("a")).create(&key("b"), Bytes::new()).await.unwrap_err();
    assert!(error.to_string().contains(path.join("a").as_str()), "{error}");
}

/// A child writes until it is killed in the middle of it.
#[tokio::test]
async fn a_killed_writer_leaves_nothing_visible() {
    let (_directory, path, store) = fresh();
    let mut child = child::start(&path, child::FOREVER);
    let is_writing = || path.exists() && files(&path).iter().any(|it| fs::metadata(it).unwrap().len() > 3 << 20);
    while !is_writing() {
        assert!(child.try_wait().unwrap().is_none(), "the child is gone before it was killed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), []);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(keys(&store).await, Vec::<String>::new());
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap().len(), 1);
    assert_eq!(files(&path), Vec::<String>::new());
}

/// A limit of the process is met as a full disk is: a write comes back with an error in the middle of an object.
#[tokio::test]
async fn no_room_is_an_error_that_leaves_nothing() {
    let (_directory, path, store) = fresh();
    let output = child::start(&path, child::LIMITED).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("full: no room is left for `"), "{said}");
    assert_eq!(keys(&store).await, Vec::<String>::new());
    assert_eq!(files(&path), Vec::<String>::new());
}

/// Whoever does not wait for a piece gets it the next time; what is skipped is never taken for the end.
#[tokio::test]
async fn calls_that_are_not_waited_for_lose_nothing() {
    let (_directory, _path, store) = fresh();
    let bytes = random(8 << 20);
    let mut writer = store.writer(&key("a")).await.unwrap();
    for at in (0..bytes.len()).step_by(1 << 20) {
        let write = writer.write(bytes.slice(at..at + (1 << 20)));
        // Looked at once, and dropped: the bytes are taken, the wait for the disk is not.
        let _ = futures_util::FutureExt::now_or_never(write);
    }
    assert_eq!(writer.finish().await.unwrap(), 8 << 20);
    let mut reader = store.read(&key("a")).await.unwrap();
    let mut read = Vec::new();
    loop {
        match futures_util::FutureExt::now_or_never(reader.next()).transpose().unwrap() {
            Some(Some(piece)) => read.extend_from_slice(&piece),
            Some(None) => break,
            None => tokio::task::yield_now().await,
        }
    }
    assert!(read == bytes);
}
