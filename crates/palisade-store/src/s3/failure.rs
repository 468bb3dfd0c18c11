//! What an error of the library means here.
//!
//! Its texts hold URLs with their queries and whole answers of the server. Only what the server says in its answer, or
//! the operating system, is of use to a person.

use std::error::Error as _;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use crate::s3::Bucket;
use crate::{Key, StoreError};

/// Longest reason, in characters.
const LONGEST: usize = 300;

/// What the library writes before the status of an answer, which it does not hand out otherwise.
const STATUS: &str = "non-2xx status code: ";

/// What servers call a request that was signed for another region, or sent to one.
const WRONG_REGION: [&str; 4] =
    ["AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException"];

/// What servers call credentials that they do not take, with other statuses than 401 and 403.
const WRONG_CREDENTIALS: [&str; 3] = ["ExpiredToken", "InvalidToken", "InvalidAccessKeyId"];

impl Bucket {
    /// Names an error that came of `action` on the object of a key.
    pub(super) fn failed(&self, action: &'static str, key: &Key, error: &Error) -> StoreError {
        let is_missing = is_not_found(error) && code(error).as_deref() != Some("NoSuchBucket");
        if is_missing { self.not_found(key) } else { self.failed_at_all(action, error) }
    }

    /// Names an error that came of `action`.
    pub(super) fn failed_at_all(&self, action: &'static str, error: &Error) -> StoreError {
        let (store, reason, code) = (self.name(), reason(error), code(error));
        let is = |codes: &[&str]| code.as_deref().is_some_and(|it| codes.contains(&it));
        // Not the variant of the error, which is another one for lists.
        let is_denied = matches!(status(error), Some(401 | 403));
        if is(&["NoSuchBucket"]) {
            self.no_bucket()
        } else if is_denied || is(&WRONG_CREDENTIALS) {
            StoreError::Denied { action, store, reason, tried: self.inner.tried.clone() }
        } else if is(&WRONG_REGION) || error.to_string().contains("Received redirect") {
            let region = self.inner.endpoint.region.clone();
            StoreError::WrongRegion { store, region, reason }
        } else if transport(error).is_some() {
            StoreError::Unreachable { endpoint: self.inner.endpoint.to_string(), reason }
        } else {
            StoreError::Refused { action, store, reason }
        }
    }

    /// Names an answer of the server to a question that the library does not know.
    pub(super) fn answered(&self, action: &'static str, status: u16, body: &str) -> StoreError {
        let source = format!("{STATUS}{status}: {body}").into();
        let (store, path) = ("S3", String::new());
        self.failed_at_all(
            action,
            &match status {
                401 | 403 => Error::PermissionDenied { path, source },
                _ => Error::Generic { store, source },
            },
        )
    }

    pub(super) fn no_bucket(&self) -> StoreError {
        let endpoint = self.inner.endpoint.to_string();
        StoreError::NoBucket { bucket: self.inner.location.bucket.clone(), endpoint }
    }
}

pub(super) fn is_not_found(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. })
}

/// Whether the object is there already, or somebody else is writing it.
pub(super) fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. })
}

/// How the connection failed, if that is what failed.
pub(super) fn transport(error: &Error) -> Option<HttpErrorKind> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return Some(error.kind());
        }
        source = error.source();
    }
    None
}

/// Whether nobody can say if the request was carried out.
pub(super) fn is_in_doubt(error: &Error) -> bool {
    transport(error).is_some_and(|it| it != HttpErrorKind::Connect)
}

/// Whether something may have happened to the bytes on their way, so that they are worth sending again.
pub(super) fn may_pass(error: &Error) -> bool {
    let of_the_way =
        ["BadDigest", "IncompleteBody", "RequestTimeout", "XAmzContentSHA256Mismatch", "RequestTimeTooSkewed"];
    is_in_doubt(error) || code(error).is_some_and(|it| of_the_way.contains(&it.as_str()))
}

/// The status of the answer.
fn status(error: &Error) -> Option<u16> {
    let text = error.to_string();
    let (_, status) = text.split_once(STATUS)?;
    status.get(..3)?.parse().ok()
}

/// What the server calls it.
pub(super) fn code(error: &Error) -> Option<String> {
    element(&error.to_string(), "Code")
}

/// What is the matter, in one line.
pub(super) fn reason(error: &Error) -> String {
    let text = error.to_string();
    let said = match (element(&text, "Code"), element(&text, "Message")) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        (Some(code), None) => code,
        (None, _) => match text.split_once(STATUS) {
            // As in `503 Service Unavailable: …`.
            Some((_, status)) => format!("the server says {}", status.split(':').next().unwrap_or_default()),
            None => innermost(error),
        },
    };
    let line = said.lines().next().unwrap_or_default();
    line.split_whitespace().map(without_query).collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

/// The error at the bottom: those above say that something failed, this one says what.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    text
}

fn without_query(word: &str) -> &str {
    if word.contains("://") { word.split('?').next().unwrap_or_default() } else { word }
}

/// The text of an element in an answer of the server.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    let value = value.replace("&quot;", "\"").replace("&apos;", "'").replace("&lt;", "<").replace("&gt;", ">");
    Some(value.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn the_useful_part_is_what_the_server_says() {
        let answer = "Error performing GET https://h/b?X-Amz-Signature=abc in 3ms - Server returned non-2xx status code: \
                      400 Bad Request: <?xml?><Error><Code>Slow</Code><Message>Say &quot;please&quot;</Message></Error>";
        assert_eq!(reason(&generic(answer)), "Say \"please\" (Slow)");
        assert_eq!(
            reason(&generic("x non-2xx status code: 503 Service Unavailable: ")),
            "the server says 503 Service Unavailable"
        );
        assert_eq!(reason(&generic("cannot use https://h/b?token=abc here")), "cannot use https://h/b here");
        assert_eq!(reason(&generic(&"x".repeat(9_000))).len(), LONGEST);
    }
}
