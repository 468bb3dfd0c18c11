//! A network that fails when told to.

mod connection;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use palisade_config::{DatabaseUrl, Host};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use connection::{Connection, From};
use wire::{End, Message};

/// A TCP proxy in front of a Postgres server that understands where a message begins and ends, and fails once, at the
/// moment it was armed for.
#[derive(Debug)]
pub struct Proxy {
    url: DatabaseUrl,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// When a fault happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// The client sends a message that contains this text, in any case.
    Sends(String),
    /// This message passes, counted from 1 over both directions and all connections, from the arming on.
    Message(usize),
    /// This message of the client passes, counted likewise; there is one for each round trip.
    Question(usize),
    /// This byte passes, counted likewise. For [`Fault::CutWithin`].
    Byte(usize),
}

/// What happens at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends, and the message is never delivered.
    CutBefore,
    /// The part of the message before the moment's byte is delivered, then the connection ends.
    CutWithin,
    /// The server gets the message, and at once sees the connection end.
    CutBehind,
    /// The server gets the message and carries it out; the client sees the connection end instead of an answer.
    LoseAnswer,
    /// The server gets the message; nothing that it answers arrives, and no end of the connection either.
    BlackHole,
    /// The message waits in the proxy until [`Proxy::release`] or [`Proxy::cut`].
    Hold,
}

/// What has passed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Connections that were opened.
    pub connections: usize,
    /// Messages in both directions.
    pub messages: usize,
    /// Messages of clients.
    pub questions: usize,
    /// Bytes in both directions.
    pub bytes: usize,
    /// Answers that were completed, by which round trips are counted.
    pub answers: usize,
}

#[derive(Debug)]
struct Shared {
    server: DatabaseUrl,
    state: Mutex<State>,
    arrived: Notify,
    released: Notify,
}

#[derive(Debug, Default)]
struct State {
    passed: Passed,
    /// What had passed when the fault was armed.
    base: Passed,
    armed: Option<(Moment, Fault)>,
    held: Held,
}

/// What the test said about the message that waits.
#[derive(Debug, Clone, Copy, Default)]
enum Held {
    #[default]
    Released,
    Cut,
}

impl Proxy {
    /// A proxy before the server of `url`, on a free port.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn new(server: &DatabaseUrl) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a port").port();
        let url = DatabaseUrl {
            host: Host::Tcp("127.0.0.1".to_owned()),
            port,
            parameters: BTreeMap::from([("sslmode".to_owned(), "disable".to_owned())]),
            ..server.clone()
        };
        let shared = Arc::new(Shared {
            server: server.clone(),
            state: Mutex::default(),
            arrived: Notify::new(),
            released: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { url, shared, accepting }
    }

    /// The database of the server, through this proxy. Messages are not encrypted.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Fails once, at the next such moment.
    pub fn arm(&self, moment: Moment, fault: Fault) {
        let mut state = self.shared.state();
        state.base = state.passed;
        state.armed = Some((moment, fault));
    }

    /// As [`Self::arm`], for a message of the client that contains `text`.
    pub fn when_sends(&self, text: &str, fault: Fault) {
        self.arm(Moment::Sends(text.to_owned()), fault);
    }

    /// Whether the fault that was armed has not happened yet. Takes it back then.
    pub fn disarm(&self) -> bool {
        self.shared.state().armed.take().is_some()
    }

    /// What has passed so far.
    pub fn passed(&self) -> Passed {
        self.shared.state().passed
    }

    /// Lets no further connection in, as if the server were gone. Those that are open go on.
    pub fn refuse(&self) {
        self.accepting.abort();
    }

    /// Waits until a message is held.
    pub async fn held(&self) {
        self.shared.arrived.notified().await;
    }

    /// Delivers the message that is held.
    pub fn release(&self) {
        self.shared.state().held = Held::Released;
        self.shared.released.notify_one();
    }

    /// Ends the connection whose message is held.
    pub fn cut(&self) {
        self.shared.state().held = Held::Cut;
        self.shared.released.notify_one();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        shared.state().passed.connections += 1;
        tokio::spawn(async move {
            if let Ok(server) = End::server(&shared.server).await {
                Connection { client: End::client(client), server, shared: &shared }.run().await;
            }
        });
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic of a test leaves counters as they are.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a message, and says which fault happens to it, and before which of its bytes.
    fn passes(&self, message: &Message, from: From) -> Option<(Fault, usize)> {
        let mut state = self.state();
        let before = state.passed;
        state.passed.messages += 1;
        state.passed.questions += usize::from(from == From::Client);
        state.passed.bytes += message.bytes.len();
        state.passed.answers += usize::from(from == From::Server && message.kind() == Some(b'Z'));
        let (moment, fault) = state.armed.as_ref()?;
        let part = match moment {
            Moment::Sends(text) => (from == From::Client && message.contains(text)).then_some(0),
            Moment::Message(number) => (state.passed.messages - state.base.messages >= *number).then_some(0),
            Moment::Question(number) => {
                let due = state.passed.questions - state.base.questions >= *number;
                (due && from == From::Client).then_some(0)
            }
            Moment::Byte(number) => {
                let part = (state.base.bytes + number).saturating_sub(before.bytes);
                (part <= message.bytes.len()).then_some(part)
            }
        };
        let happens = (*fault, part?);
        state.armed = None;
        Some(happens)
    }

    /// Waits until the test says what becomes of a message.
    async fn hold(&self) -> Held {
        self.arrived.notify_one();
        self.released.notified().await;
        self.state().held
    }
}
