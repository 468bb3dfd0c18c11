//! A part on its way into the store: read, looked at, sealed and uploaded at the same time, and never more of it in memory than a few
//! pieces.
//!
//! What a program writes comes through a channel, and is sealed in a thread of its own ([`ship`]). A thread that reads rows seals them
//! itself ([`Packer`]).

mod harbour;
mod packer;
mod stow;

use std::io;

use bytes::Bytes;
use palisade_archive::{ArchiveError, RowDigest};
use palisade_store::{Key, Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub(crate) use harbour::{Harbour, UnderWay};
pub(crate) use packer::Packer;

use crate::contents::ArchiveContents;
use crate::seal::{Sealed, Sealing};
use stow::Stow;

/// Pieces that wait for whoever is behind.
const WAITING: usize = 4;

/// What goes through a channel of a part, before and behind its sealing.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Some of it.
    Bytes(Bytes),
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
    pub(crate) pieces: mpsc::Sender<Piece>,
    /// What becomes of it.
    pub(crate) arrival: Arrival,
}

/// A part on its way.
pub(crate) struct Arrival(JoinHandle<Result<(Sealed, Look), ShipError>>);

impl Arrival {
    /// Waits until everything is in the store, or is not.
    pub(crate) async fn wait(self) -> Result<(Sealed, Look), ShipError> {
        self.0.await.unwrap_or_else(|error| Err(ShipError::Seal(io::Error::other(error))))
    }
}

/// Begins to put what will be sent into the store. It is under way until nobody sends any more, also if nobody waits for it.
pub(crate) fn ship(store: &Store, key: Key, sealing: &Sealing, look: Look, under_way: UnderWay) -> Shipment {
    let (pieces, source) = mpsc::channel(WAITING);
    let stow = Stow::begin(store, key, &Handle::current(), under_way);
    let (sealing, outlet) = (sealing.clone(), stow.outlet().clone());
    let arrival = tokio::spawn(async move {
        // Compressing, encrypting and hashing take a processor for themselves.
        let sealing = tokio::task::spawn_blocking(move || seal(&sealing, source, &outlet, look));
        let sealed = sealing.await.unwrap_or_else(|error| Err(ShipError::Seal(io::Error::other(error))));
        stow.end(sealed).await
    });
    Shipment { pieces, arrival: Arrival(arrival) }
}

/// Begins a part that this thread seals itself; `runtime` puts it into the store.
pub(crate) fn pack(
    store: &Store,
    key: Key,
    sealing: &Sealing,
    look: Look,
    runtime: &Handle,
    under_way: UnderWay,
) -> Result<Packer, ShipError> {
    Packer::begin(sealing, look, Stow::begin(store, key, runtime, under_way))
}

fn seal(
    sealing: &Sealing,
    mut source: mpsc::Receiver<Piece>,
    outlet: &mpsc::Sender<Piece>,
    mut look: Look,
) -> Result<(Sealed, Look), ShipError> {
    let hand_on =
        |piece| outlet.blocking_send(Piece::Bytes(piece)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe));
    let mut sealer = sealing.begin(hand_on)?;
    loop {
        match source.blocking_recv() {
            Some(Piece::Bytes(bytes)) => {
                look.at(&bytes)?;
                sealer.write(&bytes)?;
            }
            Some(Piece::End) => return Ok((sealer.finish()?, look)),
            None => return Err(ShipError::Cut),
        }
    }
}
