//! What goes wrong between a client and a server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};
use tokio::sync::Semaphore;

use crate::server::{State, Uploading};

/// Which requests go wrong, how often, and how.
pub(crate) struct Rule {
    /// All of them stand in `METHOD /path?query`.
    pub(crate) words: &'static [&'static str],
    pub(crate) times: usize,
    pub(crate) fault: Fault,
}

#[derive(Clone)]
pub(crate) enum Fault {
    /// The server says this, and does nothing.
    Status(u16),
    /// The connection breaks after this many bytes of the request.
    BreakRequest(usize),
    /// Only this many bytes of the request reach the server, which is not told so.
    ShortenRequest(usize),
    /// The server does what it is asked for, and its answer is lost.
    LoseAnswer,
    /// The connection breaks after this many bytes of the answer.
    BreakAnswer(usize),
    /// The answer comes in pieces of this many bytes, with pauses.
    Slow(usize, Duration),
    /// The server waits until it is allowed to go on.
    Hold(Arc<Semaphore>),
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

fn broken() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

/// An error breaks the connection.
pub(super) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let line = format!("{} {}", request.method(), request.uri());
    let is_part = line.contains("partNumber=");
    let uploading = is_part.then(|| Uploading::begin(Arc::clone(&state)));
    let fault = take(&state, &line);
    state.requests.lock().unwrap().push(line);

    let (parts, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        bytes.extend_from_slice(&frame.map_err(|_| broken())?.into_data().unwrap_or_default());
        if matches!(fault, Some(Fault::BreakRequest(after)) if bytes.len() >= after) {
            return Err(broken());
        }
    }
    match &fault {
        Some(Fault::Status(status)) => {
            let answer = Response::builder().status(*status).body(full(Bytes::new()));
            return Ok(answer.unwrap());
        }
        Some(Fault::ShortenRequest(to)) => bytes.truncate(*to),
        Some(Fault::Hold(gate)) => gate.acquire().await.unwrap().forget(),
        _ => {}
    }
    let request = Request::from_parts(parts, s3s::Body::from(bytes));
    // It goes on when the client is gone, as a real server does: what is dropped half-way is neither done nor undone.
    let working = tokio::spawn(async move {
        let answer = state.service.call(request).await;
        drop(uploading);
        answer
    });
    let (parts, body) = working.await.map_err(|_| broken())?.map_err(|_| broken())?.into_parts();
    let bytes = BodyExt::collect(body).await.map_err(|_| broken())?.to_bytes();
    let body = match fault {
        Some(Fault::LoseAnswer) => return Err(broken()),
        Some(Fault::BreakAnswer(after)) => {
            let begin = stream::iter([Ok(Frame::data(bytes.slice(..after.min(bytes.len()))))]);
            // With time for what was sent to be seen.
            let end = stream::once(async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                Err(broken())
            });
            StreamBody::new(begin.chain(end)).boxed_unsync()
        }
        Some(Fault::Slow(piece, pause)) => slow(bytes, piece, pause),
        _ => full(bytes),
    };
    Ok(Response::from_parts(parts, body))
}

/// The first rule that is for this request and was not used up.
fn take(state: &State, line: &str) -> Option<Fault> {
    let mut rules = state.rules.lock().unwrap();
    let rule = rules.iter_mut().find(|it| it.times > 0 && it.words.iter().all(|word| line.contains(word)))?;
    rule.times -= 1;
    Some(rule.fault.clone())
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn slow(bytes: Bytes, piece: usize, pause: Duration) -> Body {
    let frames = stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(piece.min(rest.len()));
        Some((Ok(Frame::data(piece)), rest))
    });
    StreamBody::new(frames).boxed_unsync()
}
