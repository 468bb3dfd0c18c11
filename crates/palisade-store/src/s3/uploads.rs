//! Uploads that nobody finished. The library cannot list them, so this asks by itself, with its signatures.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpRequest, HttpRequestBody};
use object_store::path::Path;
use serde::Deserialize;
use tracing::{info, warn};

use crate::s3::failure::innermost;
use crate::s3::{Bucket, pause};
use crate::{Key, StoreError};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: String,
    #[serde(default)]
    next_upload_id_marker: String,
    #[serde(default)]
    upload: Vec<Upload>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    #[serde(rename = "UploadId")]
    id: String,
    initiated: Timestamp,
}

impl Bucket {
    /// Throws away uploads that were begun longer ago, and says which.
    pub(crate) async fn sweep(&self, older_than: Duration) -> Result<Vec<(Key, SystemTime)>, StoreError> {
        let before = SystemTime::now().checked_sub(older_than).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut swept = Vec::new();
        for upload in self.unfinished().await? {
            let since = SystemTime::from(upload.initiated);
            // What has no key of ours is not ours.
            let key = Path::parse(&upload.key).ok().and_then(|it| self.key(&it));
            let Some(key) = key.filter(|_| since <= before) else { continue };
            match self.abort_upload(&key, &upload.id).await {
                Ok(()) => {
                    info!(%key, "threw away an upload that was not finished");
                    swept.push((key, since));
                }
                Err(error) => warn!(%key, %error, "an upload that was not finished cannot be thrown away"),
            }
        }
        Ok(swept)
    }

    async fn unfinished(&self) -> Result<Vec<Upload>, StoreError> {
        let prefix = self.inner.location.prefix.as_ref().map_or_else(String::new, |it| format!("{it}/"));
        let mut found = Vec::new();
        let (mut key, mut id) = (String::new(), String::new());
        loop {
            let mut query = format!("uploads=&prefix={}", encoded(&prefix));
            if !key.is_empty() {
                query = format!("{query}&key-marker={}&upload-id-marker={}", encoded(&key), encoded(&id));
            }
            let page = self.ask(&query).await?;
            found.extend(page.upload);
            if !page.is_truncated || page.next_key_marker.is_empty() {
                return Ok(found);
            }
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    async fn ask(&self, query: &str) -> Result<Page, StoreError> {
        let refused = |reason: String| StoreError::Refused { action: "listing uploads", store: self.name(), reason };
        let url = format!("{}?{query}", self.inner.endpoint.url());
        let mut attempt = 0;
        loop {
            let credentials = self.credentials("listing uploads").await?;
            let mut request = HttpRequest::new(HttpRequestBody::empty());
            *request.uri_mut() = url.parse().map_err(|_| refused("its address is none".to_owned()))?;
            let authorizer = AwsAuthorizer::new(&credentials, "s3", &self.inner.endpoint.region);
            authorizer.try_authorize(&mut request, None).map_err(|it| self.failed_at_all("listing uploads", &it))?;
            let status = match self.inner.http.execute(request).await {
                Ok(response) if response.status().is_success() => match response.into_body().bytes().await {
                    Ok(body) => {
                        let page = quick_xml::de::from_reader(body.as_ref());
                        return page.map_err(|error| refused(format!("its answer cannot be read: {error}")));
                    }
                    Err(error) => innermost(&error),
                },
                Ok(response) => {
                    let status = response.status();
                    let body = response.into_body().bytes().await.unwrap_or_default();
                    if !(status.is_server_error() || status.as_u16() == 429) || status.as_u16() == 501 {
                        return Err(self.answered("listing uploads", status.as_u16(), &String::from_utf8_lossy(&body)));
                    }
                    format!("the server says {status}")
                }
                Err(error) => innermost(&error),
            };
            if attempt == self.inner.retries {
                return Err(StoreError::Unreachable { endpoint: self.inner.endpoint.to_string(), reason: status });
            }
            attempt += 1;
            pause(attempt).await;
        }
    }
}

/// As signatures want it: everything but what never has a meaning of its own.
fn encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}
