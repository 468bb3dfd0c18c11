//! From settings and variables to a bucket.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, Checksum, S3ConditionalPut};
use object_store::client::HttpConnector as _;
use object_store::{BackoffConfig, ClientOptions, HeaderValue, RetryConfig};
use tokio::sync::Semaphore;

use crate::s3::buffers::Buffers;
use crate::s3::connector::Connector;
use crate::s3::credentials::Source;
use crate::s3::endpoint::Endpoint;
use crate::s3::profile::Profile;
use crate::s3::{Bucket, Inner, failure};
use crate::{S3Location, S3Settings, StoreError};

/// The slowest connection that is waited for, in bytes in a second, for all parts together.
const SLOWEST: u64 = 256 << 10;

/// Where credentials are fetched from is near, or not there at all.
const CREDENTIALS_RETRIES: usize = 2;

impl Bucket {
    pub(crate) fn open(
        location: &S3Location,
        settings: &S3Settings,
        variables: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, StoreError> {
        settings.check()?;
        let set = |name: &str| variables(name).filter(|it| !it.is_empty());
        // With both set, the files do not matter, and need not be in order.
        let needs_profile = settings.credentials.is_none() && set("AWS_ACCESS_KEY_ID").is_none();
        let needs_region = settings.region.is_none() && set("AWS_REGION").or(set("AWS_DEFAULT_REGION")).is_none();
        let profile = if needs_profile || needs_region { Profile::read(variables)? } else { None };

        let region = settings.region.clone().or_else(|| set("AWS_REGION")).or_else(|| set("AWS_DEFAULT_REGION"));
        let region = region.or_else(|| profile.as_ref()?.region.clone()).unwrap_or_else(|| "us-east-1".to_owned());
        let named = settings.endpoint.clone().map(|it| ("endpoint", it));
        let variable = |name: &'static str| set(name).map(|it| (name, it));
        let named = named.or_else(|| variable("AWS_ENDPOINT_URL_S3")).or_else(|| variable("AWS_ENDPOINT_URL"));
        let endpoint = Endpoint::new(settings, named, region, &location.bucket)?;

        let source = Source::find(settings, variables, profile.as_ref())?;
        let tried = source.tried();
        if matches!(source, Source::None) {
            let (action, store) = ("opening", format!("`{location}`"));
            return Err(StoreError::Denied { action, store, reason: "there are no credentials".to_owned(), tried });
        }

        // `Infallible` would be the honest type of most of it: nothing is asked of anybody here.
        let build = |builder: AmazonS3Builder| -> Result<AmazonS3, StoreError> {
            builder.build().map_err(|error| StoreError::InvalidSetting {
                setting: location.to_string(),
                reason: failure::reason(&error),
            })
        };
        let quick = RetryConfig { max_retries: CREDENTIALS_RETRIES, ..retry(settings) };
        let fetching = source.configure(builder(settings, &endpoint, settings.timeout)).with_retry(quick);
        let credentials = build(fetching)?.credentials().clone();
        let with = |timeout| build(builder(settings, &endpoint, timeout).with_credentials(Arc::clone(&credentials)));
        let http = Connector.connect(&options(settings, settings.timeout));
        let inner = Inner {
            location: location.clone(),
            calls: with(settings.timeout)?,
            uploads: with(settings.timeout + of_uploads(settings))?,
            http: http.map_err(|error| StoreError::InvalidSetting {
                setting: location.to_string(),
                reason: failure::reason(&error),
            })?,
            endpoint,
            concurrency: settings.concurrency,
            buffers: Buffers::new(settings.part_bytes),
            room: Arc::new(Semaphore::new(settings.concurrency)),
            retries: settings.retries,
            tried,
            is_there: AtomicBool::new(false),
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}

/// How long an upload may take: the client only knows how long an answer may take, and that comes after the last byte.
fn of_uploads(settings: &S3Settings) -> Duration {
    let bytes = settings.part_bytes.saturating_mul(settings.concurrency) as u64;
    Duration::from_secs(bytes / SLOWEST)
}

fn options(settings: &S3Settings, timeout: Duration) -> ClientOptions {
    ClientOptions::new()
        .with_user_agent(HeaderValue::from_static("palisade"))
        .with_allow_http(settings.allow_http)
        // Of a whole request: reading a large object may take hours. What counts is that something comes.
        .with_timeout_disabled()
        .with_read_timeout(timeout)
        .with_connect_timeout(settings.timeout.min(Duration::from_secs(10)))
}

fn retry(settings: &S3Settings) -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: settings.retries, retry_timeout: settings.retry_for }
}

fn builder(settings: &S3Settings, endpoint: &Endpoint, timeout: Duration) -> AmazonS3Builder {
    let builder = AmazonS3Builder::new()
        .with_bucket_name(&endpoint.bucket)
        .with_region(&endpoint.region)
        .with_endpoint(endpoint.for_library())
        .with_virtual_hosted_style_request(!endpoint.is_path_style)
        .with_client_options(options(settings, timeout))
        .with_retry(retry(settings))
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        // Not every server can remove many at once, and one at a time is quick enough, since it is many at a time.
        .with_disable_bulk_delete(true)
        .with_http_connector(Connector);
    if settings.checksums { builder.with_checksum_algorithm(Checksum::SHA256) } else { builder }
}
