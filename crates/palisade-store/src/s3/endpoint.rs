//! Where requests go.

use std::fmt;

use crate::{S3Settings, StoreError};

/// The URL of a bucket.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// Of the server, without a slash at its end.
    server: String,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) is_path_style: bool,
}

impl Endpoint {
    /// `named` is where an address outside of AWS comes from, with that address.
    pub(super) fn new(
        settings: &S3Settings,
        named: Option<(&str, String)>,
        region: String,
        bucket: &str,
    ) -> Result<Self, StoreError> {
        let is_path_style = settings.path_style.unwrap_or(named.is_some() || bucket.contains('.'));
        let server = match named {
            Some((setting, endpoint)) => check(setting, &endpoint, settings.allow_http)?,
            None if region.starts_with("cn-") => format!("https://s3.{region}.amazonaws.com.cn"),
            None => format!("https://s3.{region}.amazonaws.com"),
        };
        Ok(Self { server, bucket: bucket.to_owned(), region, is_path_style })
    }

    /// What the library calls the endpoint: with the bucket, unless that stands in the path.
    pub(super) fn for_library(&self) -> String {
        match self.server.split_once("://") {
            Some((scheme, host)) if !self.is_path_style => format!("{scheme}://{}.{host}", self.bucket),
            _ => self.server.clone(),
        }
    }

    /// The URL of the bucket.
    pub(super) fn url(&self) -> String {
        let server = self.for_library();
        if self.is_path_style { format!("{server}/{}", self.bucket) } else { server }
    }
}

fn check(setting: &str, endpoint: &str, allow_http: bool) -> Result<String, StoreError> {
    let invalid =
        |reason: &str| Err(StoreError::InvalidSetting { setting: setting.to_owned(), reason: reason.to_owned() });
    let Some((scheme, rest)) = endpoint.split_once("://") else {
        return invalid("it has to begin with `https://`");
    };
    let host = rest.split('/').next().unwrap_or_default();
    let is_host = |it: u8| it.is_ascii_alphanumeric() || b".-_:[]".contains(&it);
    match scheme {
        _ if rest.contains('@') => invalid("credentials do not belong into it"),
        _ if rest.contains(['?', '#']) => invalid("it is more than a host and a path"),
        _ if host.is_empty() || !host.bytes().all(is_host) => invalid("it names no host"),
        "https" => Ok(endpoint.trim_end_matches('/').to_owned()),
        "http" if allow_http => Ok(endpoint.trim_end_matches('/').to_owned()),
        "http" => invalid("it is not encrypted, which has to be allowed"),
        _ => invalid("it has to begin with `https://`"),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The URL of the bucket, and what the library is told.
    fn urls(named: Option<&str>, region: &str, bucket: &str, path_style: Option<bool>) -> (String, String) {
        let settings = S3Settings { path_style, ..S3Settings::default() };
        let named = named.map(|it| ("endpoint", it.to_owned()));
        let endpoint = Endpoint::new(&settings, named, region.to_owned(), bucket).unwrap();
        (endpoint.url(), endpoint.for_library())
    }

    #[test]
    fn buckets_stand_in_the_host_or_in_the_path() {
        let both = |it: &str| (it.to_owned(), it.to_owned());
        let apart = |url: &str, library: &str| (url.to_owned(), library.to_owned());
        assert_eq!(urls(None, "eu-west-1", "b-1", None), both("https://b-1.s3.eu-west-1.amazonaws.com"));
        assert_eq!(urls(None, "cn-north-1", "b-1", None), both("https://b-1.s3.cn-north-1.amazonaws.com.cn"));
        let (server, url) = ("https://s3.eu-west-1.amazonaws.com", "https://s3.eu-west-1.amazonaws.com/a.b");
        assert_eq!(urls(None, "eu-west-1", "a.b", None), apart(url, server));
        let named = Some("https://minio.example.com:9000/");
        let (server, url) = ("https://minio.example.com:9000", "https://minio.example.com:9000/b-1");
        assert_eq!(urls(named, "x", "b-1", None), apart(url, server));
        assert_eq!(urls(named, "x", "b-1", Some(false)), both("https://b-1.minio.example.com:9000"));
    }
}
