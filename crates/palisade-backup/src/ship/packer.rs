//! A part that whoever reads it seals itself.

use std::io;
use std::sync::mpsc::{Receiver, channel};

use bytes::Bytes;

use super::stow::Stow;
use super::{Look, Piece, ShipError};
use crate::seal::{Sealed, Sealer, Sealing};

/// What is sealed at once.
const SLICE: usize = 512 << 10;

type HandOn = Box<dyn FnMut(Bytes) -> io::Result<()> + Send>;

/// A part on its way into the store, sealed in the thread that reads it. Dropped before [`finish`](Self::finish), nothing of it stays.
///
/// Only for threads of their own: sealing a piece takes a millisecond, in which a shared one would do nothing else.
pub(crate) struct Packer {
    look: Look,
    sealer: Sealer<HandOn>,
    /// What the sealer has handed on.
    sealed: Receiver<Bytes>,
    stow: Stow,
}

impl Packer {
    pub(super) fn begin(sealing: &Sealing, look: Look, stow: Stow) -> Result<Self, ShipError> {
        let (hand_on, sealed) = channel();
        let hand_on: HandOn = Box::new(move |it| hand_on.send(it).map_err(io::Error::other));
        Ok(Self { look, sealer: sealing.begin(hand_on)?, sealed, stow })
    }

    /// Looks at a piece, seals it and hands it on. Waits while the store is behind.
    ///
    /// An error is often said by [`finish`](Self::finish) only, and better.
    pub(crate) async fn put(&mut self, bytes: &[u8]) -> Result<(), ShipError> {
        // Of a large piece, no more is sealed than the store takes.
        for bytes in bytes.chunks(SLICE) {
            self.look.at(bytes)?;
            self.sealer.write(bytes)?;
            hand_on(&self.sealed, &self.stow).await?;
        }
        Ok(())
    }

    /// Waits until all of it is in the store. `read` is how reading it went: after an error, nothing of it stays.
    pub(crate) async fn finish(self, read: Result<(), ShipError>) -> Result<(Sealed, Look), ShipError> {
        let Self { look, sealer, sealed, stow } = self;
        let all = match read {
            Ok(()) => match sealer.finish() {
                Ok(it) => hand_on(&sealed, &stow).await.map(|()| (it, look)),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        stow.end(all).await
    }
}

async fn hand_on(sealed: &Receiver<Bytes>, stow: &Stow) -> Result<(), ShipError> {
    while let Ok(piece) = sealed.try_recv() {
        stow.outlet().send(Piece::Bytes(piece)).await.map_err(|_| ShipError::Cut)?;
    }
    Ok(())
}
