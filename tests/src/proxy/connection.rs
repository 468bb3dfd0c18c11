//! One connection through the proxy.

use super::wire::{End, Message};
use super::{Fault, Held, Shared};

/// Who sent a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Client,
    Server,
}

/// What becomes of the server's messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    Forwarded,
    /// Thrown away; once the server is ready for the next message, the connection is cut.
    LostUntilReady,
    /// Thrown away for ever.
    Swallowed,
}

/// Whether the connection goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Down,
}

pub(super) struct Connection<'a> {
    pub(super) client: End,
    pub(super) server: End,
    pub(super) shared: &'a Shared,
}

impl Connection<'_> {
    /// Carries messages both ways until an end closes or a fault cuts it. One task for both directions: what one end did
    /// is carried over before the other end's closing is seen.
    pub(super) async fn run(mut self) {
        let mut answers = Answers::Forwarded;
        loop {
            while let Some(message) = self.client.next() {
                if self.client_sent(message, &mut answers).await == Goes::Down {
                    return;
                }
            }
            while let Some(message) = self.server.next() {
                if self.server_sent(message, answers).await == Goes::Down {
                    return;
                }
            }
            let more = tokio::select! {
                biased;
                more = self.server.fill() => more || answers == Answers::Swallowed && self.client.fill().await,
                more = self.client.fill() => more,
            };
            if !more {
                return;
            }
        }
    }

    async fn client_sent(&mut self, message: Message, answers: &mut Answers) -> Goes {
        if message.asks_for_encryption() {
            self.client.send(b"N").await;
            return Goes::On;
        }
        match self.shared.passes(&message, From::Client) {
            None => {}
            Some((Fault::CutBefore, _)) => return Goes::Down,
            Some((Fault::CutWithin, part)) => {
                self.server.send(&message.bytes[..part]).await;
                return Goes::Down;
            }
            Some((Fault::CutBehind, _)) => {
                self.server.send(&message.bytes).await;
                return Goes::Down;
            }
            Some((Fault::LoseAnswer, _)) => *answers = Answers::LostUntilReady,
            Some((Fault::BlackHole, _)) => *answers = Answers::Swallowed,
            Some((Fault::Hold, _)) => match self.shared.hold().await {
                Held::Released => {}
                Held::Cut => return Goes::Down,
            },
        }
        self.server.send(&message.bytes).await;
        Goes::On
    }

    async fn server_sent(&mut self, message: Message, answers: Answers) -> Goes {
        if answers != Answers::Forwarded {
            let complete = answers == Answers::LostUntilReady && message.kind() == Some(b'Z');
            return if complete { Goes::Down } else { Goes::On };
        }
        match self.shared.passes(&message, From::Server) {
            None => {}
            Some((Fault::CutWithin, part)) => {
                self.client.send(&message.bytes[..part]).await;
                return Goes::Down;
            }
            // The other faults are about questions; an answer can only get lost.
            Some(_) => return Goes::Down,
        }
        self.client.send(&message.bytes).await;
        Goes::On
    }
}
