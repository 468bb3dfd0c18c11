//! Where credentials come from.
//!
//! The order is that of the tools of AWS: what was set, variables, files, web identity, container, machine. The first
//! that is there counts, even if it turns out to be wrong: a second try with other keys would hide the mistake.

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use secrecy::ExposeSecret as _;

use crate::s3::profile::{self, Profile};
use crate::{Credentials, S3Settings, StoreError};

/// Where they come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A key that is known.
    Static { found_in: String, credentials: Credentials },
    /// A token in a file that is changed for credentials.
    WebIdentity { token_file: String, role: String, session: Option<String>, sts: Option<String> },
    /// Asked of what runs the container.
    Container { relative: String },
    /// Asked of what runs the container, with a token.
    Pod { uri: String, token_file: String },
    /// Asked of the machine.
    Instance { endpoint: Option<String> },
    /// Nowhere, and the machine is not to be asked.
    None,
}

impl Source {
    pub(super) fn find(
        settings: &S3Settings,
        variables: &dyn Fn(&str) -> Option<String>,
        profile: Option<&Profile>,
    ) -> Result<Self, StoreError> {
        let set = |name: &str| variables(name).filter(|it| !it.is_empty());
        if let Some(credentials) = &settings.credentials {
            return Ok(Self::Static { found_in: "the settings".to_owned(), credentials: credentials.clone() });
        }
        if let Some(access_key_id) = set("AWS_ACCESS_KEY_ID") {
            let Some(secret) = set("AWS_SECRET_ACCESS_KEY") else {
                return Err(StoreError::InvalidSetting {
                    setting: "AWS_SECRET_ACCESS_KEY".to_owned(),
                    reason: "it is not set, and `AWS_ACCESS_KEY_ID` is".to_owned(),
                });
            };
            let session_token = set("AWS_SESSION_TOKEN").map(Into::into);
            let credentials = Credentials { access_key_id, secret_access_key: secret.into(), session_token };
            return Ok(Self::Static { found_in: "`AWS_ACCESS_KEY_ID`".to_owned(), credentials });
        }
        if let Some(Profile { name, credentials: Some(credentials), .. }) = profile {
            return Ok(Self::Static { found_in: format!("profile `{name}`"), credentials: credentials.clone() });
        }
        if let Some(name) = set(profile::VARIABLE) {
            return Err(StoreError::InvalidSetting {
                setting: profile::VARIABLE.to_owned(),
                reason: format!("profile `{name}` has no key in the files of AWS, and other kinds are not read"),
            });
        }
        if let (Some(token_file), Some(role)) = (set("AWS_WEB_IDENTITY_TOKEN_FILE"), set("AWS_ROLE_ARN")) {
            let (session, sts) = (set("AWS_ROLE_SESSION_NAME"), set("AWS_ENDPOINT_URL_STS"));
            return Ok(Self::WebIdentity { token_file, role, session, sts });
        }
        if let Some(relative) = set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return Ok(Self::Container { relative });
        }
        if let (Some(uri), Some(token_file)) =
            (set("AWS_CONTAINER_CREDENTIALS_FULL_URI"), set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
        {
            return Ok(Self::Pod { uri, token_file });
        }
        if set("AWS_EC2_METADATA_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true")) {
            return Ok(Self::None);
        }
        Ok(Self::Instance { endpoint: set("AWS_EC2_METADATA_SERVICE_ENDPOINT") })
    }

    /// A sentence without an end, for people.
    pub(super) fn tried(&self) -> String {
        let before = "there are none in the settings, in `AWS_ACCESS_KEY_ID` or in a profile";
        match self {
            Self::Static { found_in, credentials } => {
                format!("the credentials are those of {found_in}, key `{}`", credentials.access_key_id)
            }
            Self::WebIdentity { role, .. } => format!("{before}; the role `{role}` was asked for"),
            Self::Container { .. } | Self::Pod { .. } => format!("{before}; those of the container were asked for"),
            Self::Instance { .. } => {
                format!("{before}, nor for a role or a container; those of the machine were asked for")
            }
            Self::None => format!("{before}, nor for a role or a container, and the machine is not to be asked"),
        }
    }

    /// Tells the library.
    pub(super) fn configure(self, builder: AmazonS3Builder) -> AmazonS3Builder {
        use AmazonS3ConfigKey as Setting;
        let with = |builder: AmazonS3Builder, key, value: Option<String>| match value {
            Some(value) => builder.with_config(key, value),
            None => builder,
        };
        match self {
            Self::Static { found_in: _, credentials } => {
                let Credentials { access_key_id, secret_access_key, session_token } = credentials;
                let token = session_token.map(|it| it.expose_secret().to_owned());
                let builder = builder.with_access_key_id(access_key_id);
                with(builder.with_secret_access_key(secret_access_key.expose_secret()), Setting::Token, token)
            }
            Self::WebIdentity { token_file, role, session, sts } => {
                let builder = builder.with_config(Setting::WebIdentityTokenFile, token_file);
                let builder = with(builder.with_config(Setting::RoleArn, role), Setting::RoleSessionName, session);
                with(builder, Setting::StsEndpoint, sts)
            }
            Self::Container { relative } => builder.with_config(Setting::ContainerCredentialsRelativeUri, relative),
            Self::Pod { uri, token_file } => builder
                .with_config(Setting::ContainerCredentialsFullUri, uri)
                .with_config(Setting::ContainerAuthorizationTokenFile, token_file),
            Self::Instance { endpoint } => with(builder, Setting::MetadataEndpoint, endpoint),
            Self::None => builder,
        }
    }
}
