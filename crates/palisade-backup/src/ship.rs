//! A part on its way into the store: read, looked at, sealed and uploaded at the same time, and never more of it in memory than a few
//! pieces.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use palisade_archive::{ArchiveError, RowDigest};
use palisade_store::{Key, Store, StoreError};
use tokio::sync::mpsc;

use crate::contents::ArchiveContents;
use crate::seal::{Sealed, Sealing};

/// Pieces that wait for whoever is behind.
const WAITING: usize = 4;

/// What is read of a part.
#[derive(Debug)]
pub(crate) enum Plain {
    /// Some of it.
    Piece(Bytes),
    /// That was all. A channel that ends without it is a source that failed.
    End,
}

/// What looks at bytes as they pass.
#[derive(Debug)]
pub(crate) enum Look {
    /// Nobody.
    Away,
    /// Counts rows of COPY.
    Rows(Box<RowDigest>),
    /// Reads an archive of `pg_dump`.
    Archive(Box<ArchiveContents>),
}

impl Look {
    pub(crate) fn at(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        match self {
            Self::Away => Ok(()),
            Self::Rows(digest) => {
                digest.update(bytes);
                Ok(())
            }
            Self::Archive(contents) => contents.feed(bytes),
        }
    }
}

/// Why a part did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShipError {
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be compressed or encrypted.
    #[error("a part could not be compressed or encrypted")]
    Seal(#[from] io::Error),
    /// It is not what `pg_dump` writes.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Whoever reads it gave up.
    #[error("the source of a part ended before its end")]
    Cut,
}

/// A part that was begun.
pub(crate) struct Shipment {
    /// Takes what is read.
    pub(crate) pieces: mpsc::Sender<Plain>,
    /// Ends when everything is in the store.
    pub(crate) arrival: tokio::task::JoinHandle<Result<(Sealed, Look), ShipError>>,
}

/// Begins to put what will be sent into the store. It is under way until nobody sends any more, also if nobody waits for it.
pub(crate) fn ship(store: &Store, key: Key, sealing: &Sealing, look: Look, under_way: UnderWay) -> Shipment {
    let (pieces, source) = mpsc::channel(WAITING);
    let (store, sealing) = (store.clone(), sealing.clone());
    let arrival = tokio::spawn(async move {
        let arrived = arrive(store, key, sealing, source, look).await;
        drop(under_way);
        arrived
    });
    Shipment { pieces, arrival }
}

/// Held by every shipment, and by whoever may begin another one.
#[derive(Debug, Clone)]
pub(crate) struct UnderWay {
    _held: mpsc::Sender<Infallible>,
}

/// Waits for the end of all shipments.
#[derive(Debug)]
pub(crate) struct Harbour {
    ships: mpsc::Receiver<Infallible>,
}

impl Harbour {
    pub(crate) fn new() -> (Self, UnderWay) {
        let (held, ships) = mpsc::channel(1);
        (Self { ships }, UnderWay { _held: held })
    }

    /// Returns when nothing is under way: what is in the store then is all there will be.
    pub(crate) async fn quiet(mut self) {
        while self.ships.recv().await.is_some() {}
    }
}

async fn arrive(
    store: Store,
    key: Key,
    sealing: Sealing,
    source: mpsc::Receiver<Plain>,
    look: Look,
) -> Result<(Sealed, Look), ShipError> {
    let mut writer = store.writer(&key).await?;
    let (outlet, mut sealed_pieces) = mpsc::channel::<Bytes>(WAITING);
    // Compressing, encrypting and hashing take a processor for themselves.
    let sealing = tokio::task::spawn_blocking(move || seal(&sealing, source, &outlet, look));
    while let Some(piece) = sealed_pieces.recv().await {
        if let Err(error) = writer.write(piece).await {
            let _ = writer.abort().await;
            return Err(error.into());
        }
    }
    let sealed = sealing.await.unwrap_or_else(|error| Err(ShipError::Seal(io::Error::other(error))));
    match sealed {
        Ok((sealed, look)) => {
            writer.finish().await?;
            Ok((sealed, look))
        }
        Err(error) => {
            let _ = writer.abort().await;
            Err(error)
        }
    }
}

fn seal(
    sealing: &Sealing,
    mut source: mpsc::Receiver<Plain>,
    outlet: &mpsc::Sender<Bytes>,
    mut look: Look,
) -> Result<(Sealed, Look), ShipError> {
    let hand_on = |piece| outlet.blocking_send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe));
    let mut sealer = sealing.begin(hand_on)?;
    loop {
        match source.blocking_recv() {
            Some(Plain::Piece(bytes)) => {
                look.at(&bytes)?;
                sealer.write(&bytes)?;
            }
            Some(Plain::End) => return Ok((sealer.finish()?, look)),
            None => return Err(ShipError::Cut),
        }
    }
}
