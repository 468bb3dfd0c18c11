//! Both kinds of store do the same, and what only one of them can get wrong.

#![allow(clippy::unwrap_used, reason = "all of this is tests, helpers included")]

mod child;
mod directory;
mod names;
mod s3;
mod server;
mod suite;

use bytes::Bytes;
use palisade_store::{Key, ObjectReader, Store, StoreError};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// Bytes of which no two MiB are the same, so that none can take the place of another.
fn random(bytes: usize) -> Bytes {
    let mut block = vec![0; bytes.min(1 << 20)];
    rand::rng().fill_bytes(&mut block);
    let mut all = Vec::with_capacity(bytes);
    for number in 0_u64.. {
        if all.len() == bytes {
            break;
        }
        let begin = all.len();
        all.extend_from_slice(&block[..block.len().min(bytes - begin)]);
        let room = (bytes - begin).min(8);
        all[begin..begin + room].copy_from_slice(&number.to_le_bytes()[..room]);
    }
    all.into()
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Writes `bytes` in pieces of `piece` bytes.
async fn put(store: &Store, name: &str, bytes: &Bytes, piece: usize) -> Result<u64, StoreError> {
    let mut writer = store.writer(&key(name)).await?;
    for at in (0..bytes.len()).step_by(piece) {
        writer.write(bytes.slice(at..bytes.len().min(at + piece))).await?;
    }
    writer.finish().await
}

/// How many bytes came, and their hash.
async fn drain(mut reader: ObjectReader) -> Result<(u64, Vec<u8>), StoreError> {
    let (mut bytes, mut hash) = (0, Sha256::new());
    while let Some(piece) = reader.next().await? {
        assert!(!piece.is_empty());
        bytes += piece.len() as u64;
        hash.update(&piece);
    }
    Ok((bytes, hash.finalize().to_vec()))
}

async fn keys(store: &Store) -> Vec<String> {
    store.list(None).await.unwrap().iter().map(|it| it.key.to_string()).collect()
}
