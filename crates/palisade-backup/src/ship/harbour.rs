//! Knowing when nothing is on its way into the store any more.

use std::convert::Infallible;

use tokio::sync::mpsc;

/// Held by everything that is on its way into the store, and by whoever may begin another part.
#[derive(Debug, Clone)]
pub(crate) struct UnderWay {
    _held: mpsc::Sender<Infallible>,
}

/// Waits for the end of all that is under way.
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
