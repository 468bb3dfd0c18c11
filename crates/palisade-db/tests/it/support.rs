//! What several tests need.

use std::time::Duration;

use palisade_config::{DatabaseUrl, Host, SecretString};
use palisade_db::{ConnectError, ConnectSettings, Connection, connect};

/// A URL with nothing special about it.
pub(crate) fn url(host: &str, port: u16) -> DatabaseUrl {
    DatabaseUrl {
        user: "ann".to_owned(),
        password: Some(SecretString::from(PASSWORD)),
        host: Host::Tcp(host.to_owned()),
        port,
        database: "shop".to_owned(),
        parameters: std::collections::BTreeMap::new(),
    }
}

/// A password that no message may show.
pub(crate) const PASSWORD: &str = "Geheimnis-7f3a";

pub(crate) async fn open(url: &DatabaseUrl) -> Connection {
    connect(&ConnectSettings::new(url.clone())).await.unwrap()
}

/// Why there is no connection. Whatever the reason, the password is not told, and the help says something.
pub(crate) async fn refused(settings: &ConnectSettings) -> ConnectError {
    let error = connect(settings).await.unwrap_err();
    for text in [error.to_string(), format!("{error:?}"), error.help(), format!("{settings:?}")] {
        assert!(!text.contains(PASSWORD), "{text}");
        assert!(!text.trim().is_empty());
    }
    error
}

pub(crate) async fn refused_at(url: &DatabaseUrl) -> ConnectError {
    refused(&ConnectSettings { connect_timeout: Duration::from_secs(30), ..ConnectSettings::new(url.clone()) }).await
}

/// The message with ports and directories of this very test taken out.
pub(crate) fn stable(error: &ConnectError, url: &DatabaseUrl) -> String {
    let mut text = error.to_string().replace(&url.port.to_string(), "PORT");
    if let Host::Socket(directory) = &url.host {
        text = text.replace(directory.as_str(), "DIRECTORY");
    }
    text
}
