//! The end of the way: sealed bytes go into the store.

use std::io;

use palisade_store::{Key, Store};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Piece, ShipError, UnderWay, WAITING};

/// A part whose sealed bytes are awaited.
pub(super) struct Stow {
    outlet: mpsc::Sender<Piece>,
    stowed: JoinHandle<Result<(), ShipError>>,
}

impl Stow {
    /// Begins to write `key`, on `runtime`, whoever's thread sends. Without [`Piece::End`] nothing of it stays.
    pub(super) fn begin(store: &Store, key: Key, runtime: &Handle, under_way: UnderWay) -> Self {
        let (outlet, pieces) = mpsc::channel(WAITING);
        let store = store.clone();
        let stowed = runtime.spawn(async move {
            let stowed = stow(&store, &key, pieces).await;
            drop(under_way);
            stowed
        });
        Self { outlet, stowed }
    }

    /// Hands on what is sealed, and waits while the store is behind.
    pub(super) fn outlet(&self) -> &mpsc::Sender<Piece> {
        &self.outlet
    }

    /// Waits until it is in the store, or is not. What sealed it says how that went: without a result, nothing more comes.
    pub(super) async fn end<T>(self, sealed: Result<T, ShipError>) -> Result<T, ShipError> {
        let Self { outlet, stowed } = self;
        if sealed.is_ok() {
            // Where nobody takes it any more, `stowed` says why.
            let _ = outlet.send(Piece::End).await;
        }
        drop(outlet);
        let stowed = stowed.await.unwrap_or_else(|error| Err(ShipError::Seal(io::Error::other(error))));
        match (sealed, stowed) {
            (Ok(it), Ok(())) => Ok(it),
            // A store that fails takes nothing more, and a source that fails sends nothing more: neither is the reason.
            (Err(error), Ok(()) | Err(ShipError::Cut)) | (_, Err(error)) => Err(error),
        }
    }
}

async fn stow(store: &Store, key: &Key, mut pieces: mpsc::Receiver<Piece>) -> Result<(), ShipError> {
    let mut writer = store.writer(key).await?;
    loop {
        let failed = match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => match writer.write(bytes).await {
                Ok(()) => continue,
                Err(error) => error.into(),
            },
            Some(Piece::End) => return Ok(writer.finish().await.map(drop)?),
            None => ShipError::Cut,
        };
        let _ = writer.abort().await;
        return Err(failed);
    }
}
