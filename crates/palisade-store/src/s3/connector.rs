//! HTTP, with two things that the library leaves to others.

use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use object_store::{HeaderValue, Result};

/// Makes clients.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        // TLS is that of the whole program. Where somebody has chosen already, that is the one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(HttpClient::new(NeverReplacing(ReqwestConnector::default().connect(options)?)))
    }
}

/// Says of every upload that is put together that it must not replace an object.
///
/// The library does so for single requests only. The header need not be signed, and the library does not sign it
/// either where it sets it.
#[derive(Debug)]
struct NeverReplacing(HttpClient);

#[async_trait::async_trait]
impl HttpService for NeverReplacing {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query().unwrap_or_default();
        if request.method() == "POST" && query.split('&').any(|it| it.starts_with("uploadId=")) {
            request.headers_mut().insert("if-none-match", HeaderValue::from_static("*"));
        }
        self.0.execute(request).await
    }
}
