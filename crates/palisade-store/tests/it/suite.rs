//! What every store does, whatever it is made of.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use palisade_store::{Store, StoreError};

use crate::{drain, hash, key, keys, put, random};

/// Objects of all sizes come back as they were written, in whatever pieces that was.
pub(crate) async fn round_trips(store: &Store) {
    let cases = [("empty", 0, 1), ("one", 1, 1), ("five", 5 << 20, 1 << 20), ("forty/odd.bin", 40 << 20, 777_777)];
    for (name, size, piece) in cases {
        let bytes = random(size);
        assert_eq!(put(store, name, &bytes, piece).await.unwrap(), size as u64);
        let meta = store.head(&key(name)).await.unwrap().unwrap();
        assert_eq!((meta.key.as_str(), meta.bytes), (name, size as u64));
        assert!(meta.modified.elapsed().unwrap_or_default() < Duration::from_mins(5));
        let reader = store.read(&key(name)).await.unwrap();
        assert_eq!(reader.size(), size as u64);
        assert_eq!(drain(reader).await.unwrap(), (size as u64, hash(&bytes)));
    }
    // In one piece that is larger than everything that is handed on at once.
    let bytes = random(20 << 20);
    put(store, "large-piece", &bytes, usize::MAX >> 1).await.unwrap();
    assert_eq!(store.read_all(&key("large-piece"), 20 << 20).await.unwrap(), bytes);
    assert_eq!(keys(store).await, ["empty", "five", "forty/odd.bin", "large-piece", "one"]);
}

pub(crate) async fn small_objects(store: &Store) {
    store.create(&key("a/b"), Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(store.read_all(&key("a/b"), 5).await.unwrap(), "hello");
    let error = store.read_all(&key("a/b"), 4).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { bytes: 5, limit: 4, .. }), "{error:?}");
    store.create(&key("none"), Bytes::new()).await.unwrap();
    assert_eq!(store.read_all(&key("none"), 0).await.unwrap(), "");
    for missing in ["a", "a/b/c", "b", "a/c"] {
        assert_eq!(store.head(&key(missing)).await.unwrap(), None, "{missing}");
        let error = store.read(&key(missing)).await.unwrap_err();
        assert!(matches!(&error, StoreError::NotFound { key, .. } if key == missing), "{error:?}");
    }
}

/// Neither way of writing replaces an object.
pub(crate) async fn nothing_is_replaced(store: &Store) {
    store.create(&key("taken"), Bytes::from_static(b"first")).await.unwrap();
    let error = store.create(&key("taken"), Bytes::from_static(b"second")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Exists { key, .. } if key == "taken"), "{error:?}");
    assert!(matches!(store.writer(&key("taken")).await, Err(StoreError::Exists { .. })));
    // Begun when the name was free, finished when it no longer was; once as a small object, once as a large one.
    for (name, size) in [("late", 10), ("late-large", 20 << 20)] {
        let mut writer = store.writer(&key(name)).await.unwrap();
        writer.write(random(size)).await.unwrap();
        store.create(&key(name), Bytes::from_static(b"first")).await.unwrap();
        let error = writer.finish().await.unwrap_err();
        assert!(matches!(error, StoreError::Exists { .. }), "{error:?}");
        assert_eq!(store.read_all(&key(name), 100).await.unwrap(), "first");
    }
    assert_eq!(keys(store).await, ["late", "late-large", "taken"]);
}

/// Of eight tasks that create the same object at the same time, one succeeds, and its bytes are the ones that stay.
pub(crate) async fn one_of_many_wins(store: &Store) {
    for round in 0..8 {
        let name = format!("race/{round}");
        let start = Arc::new(tokio::sync::Barrier::new(8));
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let (store, name, start) = (store.clone(), name.clone(), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    (racer, store.create(&key(&name), format!("racer {racer}").into()).await)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for racer in racers {
            match racer.await.unwrap() {
                (racer, Ok(())) => winners.push(racer),
                (_, Err(StoreError::Exists { .. })) => {}
                (_, Err(error)) => panic!("{error:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let stays = store.read_all(&key(&name), 100).await.unwrap();
        assert_eq!(stays, format!("racer {}", winners[0]));
    }
}

pub(crate) async fn lists(store: &Store) {
    assert_eq!(store.list(None).await.unwrap(), []);
    assert_eq!(store.list(Some(&key("x"))).await.unwrap(), []);
    assert_eq!(store.directories(None).await.unwrap(), Vec::<String>::new());
    for name in ["a", "b.c", "b/1", "b/2/x", "b/3/y/z", "bb/1", "c/x"] {
        store.create(&key(name), Bytes::from_static(b"12")).await.unwrap();
    }
    let below = async |it: Option<&str>| -> Vec<String> {
        let below = it.map(key);
        store.list(below.as_ref()).await.unwrap().iter().map(|it| it.key.to_string()).collect()
    };
    assert_eq!(below(None).await, ["a", "b.c", "b/1", "b/2/x", "b/3/y/z", "bb/1", "c/x"]);
    assert_eq!(below(Some("b")).await, ["b/1", "b/2/x", "b/3/y/z"]);
    assert_eq!(below(Some("b/3")).await, ["b/3/y/z"]);
    assert_eq!(below(Some("a")).await, Vec::<String>::new());
    assert!(store.list(None).await.unwrap().iter().all(|it| it.bytes == 2));
    assert_eq!(store.directories(None).await.unwrap(), ["b", "bb", "c"]);
    assert_eq!(store.directories(Some(&key("b"))).await.unwrap(), ["2", "3"]);
    assert_eq!(store.directories(Some(&key("b/2"))).await.unwrap(), Vec::<String>::new());
    // What is not there is removed already, and what has nothing in it is no directory.
    store.delete(&[key("c/x"), key("no/such"), key("b/2"), key("b/3/y/z")]).await.unwrap();
    store.delete(&[]).await.unwrap();
    assert_eq!(below(None).await, ["a", "b.c", "b/1", "b/2/x", "bb/1"]);
    assert_eq!(store.directories(None).await.unwrap(), ["b", "bb"]);
    assert_eq!(store.directories(Some(&key("b"))).await.unwrap(), ["2"]);
}

/// More than a server lists at once.
pub(crate) async fn lists_many(store: &Store) {
    let mut names: Vec<String> = (0..2_300).map(|it| format!("many/{}/{it:05}", it % 7)).collect();
    names.sort_unstable();
    for chunk in names.chunks(32) {
        let create = |name: &String| {
            let (store, name) = (store.clone(), name.clone());
            tokio::spawn(async move { store.create(&key(&name), Bytes::from_static(b"x")).await })
        };
        for created in chunk.iter().map(create).collect::<Vec<_>>() {
            created.await.unwrap().unwrap();
        }
    }
    assert_eq!(keys(store).await, names);
    assert_eq!(store.directories(Some(&key("many"))).await.unwrap(), ["0", "1", "2", "3", "4", "5", "6"]);
    let all: Vec<_> = names.iter().map(|it| key(it)).collect();
    store.delete(&all).await.unwrap();
    assert_eq!(keys(store).await, Vec::<String>::new());
}

/// What is not finished is not seen, neither while it is written nor when its writer is gone.
pub(crate) async fn unfinished_is_invisible(store: &Store) {
    for size in [100, 20 << 20] {
        let mut writer = store.writer(&key("x/y")).await.unwrap();
        writer.write(random(size)).await.unwrap();
        assert_eq!(keys(store).await, Vec::<String>::new());
        assert_eq!(store.head(&key("x/y")).await.unwrap(), None);
        drop(writer);
        assert_eq!(keys(store).await, Vec::<String>::new());
        let mut writer = store.writer(&key("x/y")).await.unwrap();
        writer.write(random(size)).await.unwrap();
        writer.abort().await.unwrap();
        assert_eq!(keys(store).await, Vec::<String>::new());
        assert_eq!(store.directories(None).await.unwrap(), Vec::<String>::new());
    }
}
