//! How to reach a bucket.

use std::ops::RangeInclusive;
use std::time::Duration;

use secrecy::SecretString;

use crate::StoreError;

const MIB: usize = 1 << 20;

/// S3 takes at most ten thousand parts of an object: with the smallest of these it can have 156 GiB.
const PART_BYTES: RangeInclusive<usize> = 16 * MIB..=64 * MIB;

const CONCURRENCY: RangeInclusive<usize> = 1..=32;

/// How to reach a bucket. What is not set here is taken from the variables that the tools of AWS know.
///
/// A proxy and certificates are found as by other programs: `HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE` and the like are
/// read by the HTTP client itself.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// As in `https://s3.example.com`. Otherwise `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, otherwise that of AWS.
    pub endpoint: Option<String>,
    /// As in `eu-central-1`. Otherwise `AWS_REGION`, `AWS_DEFAULT_REGION` or that of the profile, otherwise `us-east-1`.
    pub region: Option<String>,
    /// Whether the bucket stands in the path of URLs, and not in the name of the host. Otherwise so for endpoints other
    /// than those of AWS, and for buckets with dots in their names, which certificates do not cover.
    pub path_style: Option<bool>,
    /// Otherwise looked for where the tools of AWS look.
    pub credentials: Option<Credentials>,
    /// Whether everything may be sent unencrypted, to an endpoint that begins with `http://`.
    pub allow_http: bool,
    /// Size of the parts of large objects, 16 to 64 MiB. An object has at most ten thousand parts. While objects are
    /// written, one part of each and `concurrency` more are in memory.
    pub part_bytes: usize,
    /// How many parts of all objects that are written are on their way at the same time, 1 to 32.
    pub concurrency: usize,
    /// How often a request is made again that failed for a reason that may pass.
    pub retries: usize,
    /// For how long this is tried.
    pub retry_for: Duration,
    /// The longest silence of the server before a request is given up. Uploads get the time they take in addition.
    pub timeout: Duration,
    /// Whether the server is told the SHA-256 of everything that is uploaded, to keep and to compare. A few servers do
    /// not know this; what arrives is what was sent in any case, since the signature covers it.
    pub checksums: bool,
}

/// A key to a bucket.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Which key it is. Not a secret.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: SecretString,
    /// What temporary keys have in addition.
    pub session_token: Option<SecretString>,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            path_style: None,
            credentials: None,
            allow_http: false,
            part_bytes: 16 * MIB,
            concurrency: 2,
            retries: 8,
            retry_for: Duration::from_mins(2),
            timeout: Duration::from_secs(30),
            checksums: true,
        }
    }
}

impl S3Settings {
    /// Whether the numbers are in their ranges.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let invalid = |setting: &str, reason: &str| {
            Err(StoreError::InvalidSetting { setting: setting.to_owned(), reason: reason.to_owned() })
        };
        if !PART_BYTES.contains(&self.part_bytes) {
            return invalid("part_bytes", "it has to be between 16 and 64 MiB");
        }
        if !CONCURRENCY.contains(&self.concurrency) {
            return invalid("concurrency", "it has to be between 1 and 32");
        }
        Ok(())
    }
}
