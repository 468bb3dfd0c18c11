//! The frames of the [Postgres protocol](https://www.postgresql.org/docs/current/protocol-message-formats.html).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use palisade_config::{DatabaseUrl, Host};

/// Requests for encryption, which come before any message: `SSLRequest` and `GSSENCRequest`.
const ENCRYPTION_REQUESTS: [[u8; 4]; 2] = [80_877_103_u32.to_be_bytes(), 80_877_104_u32.to_be_bytes()];

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One end of a connection, read message by message.
pub(super) struct End {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
    /// The first message of a client has no type.
    starts_up: bool,
}

/// One message, whole.
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    starts_up: bool,
}

impl Message {
    /// Its type: `Q` for a query, `Z` for "ready for the next one".
    pub(super) fn kind(&self) -> Option<u8> {
        (!self.starts_up).then(|| self.bytes[0])
    }

    pub(super) fn asks_for_encryption(&self) -> bool {
        self.starts_up && self.bytes.len() == 8 && ENCRYPTION_REQUESTS.iter().any(|it| self.bytes[4..] == *it)
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        let start = if self.starts_up { 8 } else { 5 };
        let body = self.bytes.get(start..).unwrap_or_default();
        body.windows(text.len()).any(|it| it.eq_ignore_ascii_case(text.as_bytes()))
    }
}

impl End {
    pub(super) fn client(stream: TcpStream) -> Self {
        // Each message is written by itself; nobody waits for the acknowledgement of the one before.
        let _slow_at_worst = stream.set_nodelay(true);
        Self { stream: Box::new(stream), unread: Vec::new(), starts_up: true }
    }

    pub(super) async fn server(url: &DatabaseUrl) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match &url.host {
            Host::Tcp(host) => {
                let stream = TcpStream::connect((host.as_str(), url.port)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Host::Socket(directory) => {
                Box::new(UnixStream::connect(directory.join(format!(".s.PGSQL.{}", url.port))).await?)
            }
        };
        Ok(Self { stream, unread: Vec::new(), starts_up: false })
    }

    /// Waits for more bytes. False if none will come any more. Nothing is lost if the wait is given up.
    pub(super) async fn fill(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.unread).await, Ok(count) if count > 0)
    }

    /// The next message, if all of it is here.
    pub(super) fn next(&mut self) -> Option<Message> {
        let head = usize::from(!self.starts_up);
        let length: [u8; 4] = self.unread.get(head..head + 4)?.try_into().ok()?;
        let length = head + u32::from_be_bytes(length) as usize;
        if self.unread.len() < length {
            return None;
        }
        let rest = self.unread.split_off(length);
        let bytes = std::mem::replace(&mut self.unread, rest);
        let message = Message { bytes, starts_up: self.starts_up };
        self.starts_up &= message.asks_for_encryption();
        Some(message)
    }

    /// Whoever does not listen any more misses it.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _gone = self.stream.write_all(bytes).await;
    }
}
