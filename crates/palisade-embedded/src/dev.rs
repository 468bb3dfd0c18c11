//! The development server of a project. It outlives the command that starts it.

mod home;

use palisade_config::DatabaseUrl;
use palisade_db::{ConnectSettings, connect};

use crate::cluster::{Cluster, Lock, Running};
use crate::error::{EmbeddedError, ServerError};
use crate::installation::{Installation, installation, installations};
use crate::settings::EmbeddedSettings;
use crate::supabase;

/// A running development server.
#[derive(Debug, Clone)]
pub struct Started {
    /// Its database, through TCP, with the password.
    pub url: DatabaseUrl,
    /// Whether it ran before.
    pub already_running: bool,
    /// The port it had until now, if that is taken by somebody else.
    pub moved_from: Option<u16>,
    /// What it runs; none if it ran before.
    pub installation: Option<Installation>,
}

/// Starts the project's server, unless it runs. Makes its cluster the first time, with the Supabase stubs in it.
///
/// When this returns, the server accepts connections on 127.0.0.1 and keeps running. Its port and password stay the
/// same from then on; only if somebody else has taken the port, another one is chosen.
///
/// # Errors
///
/// [`EmbeddedError::Installation`] if there is no Postgres of a fitting version, [`EmbeddedError::Server`] if it cannot
/// be created or started; the end of the server's log is in the message.
pub async fn start(settings: &EmbeddedSettings) -> Result<Started, EmbeddedError> {
    let cluster = home::chosen(settings)?;
    let stubs = supabase::version(settings.grants);
    if let Some(running) = cluster.running().await?
        && cluster.state().stubs.as_ref() == Some(&stubs)
    {
        let url = cluster.tcp_url(&running)?;
        return Ok(Started { url, already_running: true, moved_from: None, installation: None });
    }
    cluster.make_home()?;
    let lock = cluster.lock().await?;
    let before = cluster.running().await?;
    let (running, installation) = if let Some(running) = before.clone() {
        (running, None)
    } else {
        let installation = fitting(settings, &cluster).await?;
        cluster.create(&lock, &installation).await?;
        (cluster.start(&lock, &installation).await?, Some(installation))
    };
    let remembered = cluster.state();
    if remembered.stubs.as_ref() != Some(&stubs) {
        install_stubs(settings, &cluster, &lock, &running).await?;
    }
    Ok(Started {
        url: cluster.tcp_url(&running)?,
        already_running: before.is_some(),
        moved_from: remembered.former_port.filter(|port| *port != running.port && before.is_none()),
        installation,
    })
}

/// Stops the project's server. Says whether it ran. Its data stays.
///
/// # Errors
///
/// [`EmbeddedError::Server`] if it belongs to another user or does not stop.
pub async fn stop(settings: &EmbeddedSettings) -> Result<bool, EmbeddedError> {
    let Some(cluster) = home::existing(settings)? else { return Ok(false) };
    let lock = cluster.lock().await?;
    Ok(cluster.stop(&lock).await?)
}

/// The URL of the project's server, if it runs. Writes nothing.
///
/// # Errors
///
/// [`EmbeddedError::Server`] if it belongs to another user, or its password cannot be read.
pub async fn url(settings: &EmbeddedSettings) -> Result<Option<DatabaseUrl>, EmbeddedError> {
    let Some(cluster) = home::existing(settings)? else { return Ok(None) };
    match cluster.running().await? {
        Some(running) => Ok(Some(cluster.tcp_url(&running)?)),
        None => Ok(None),
    }
}

/// The installation for a cluster: any for a new one, one of its own version for an old one.
async fn fitting(settings: &EmbeddedSettings, cluster: &Cluster) -> Result<Installation, EmbeddedError> {
    let Some(major) = cluster.major()? else { return installation(settings).await };
    let chosen = installation(&settings.clone().with_major(major)).await;
    match chosen {
        Ok(installation) => Ok(installation),
        Err(error) => {
            let here: Vec<_> = installations(settings).await.iter().map(|it| it.version.to_string()).collect();
            let here = if here.is_empty() { String::new() } else { format!("; here is Postgres {}", here.join(", ")) };
            Err(ServerError::OtherMajor { data: cluster.data(), found: major, reason: format!("{error}{here}") }.into())
        }
    }
}

/// Puts the stubs into the main database, and into the template of all that are created later.
async fn install_stubs(
    settings: &EmbeddedSettings,
    cluster: &Cluster,
    lock: &Lock,
    running: &Running,
) -> Result<(), ServerError> {
    let main = cluster.tcp_url(running)?;
    for url in [main.with_database("template1"), main] {
        let mut connection = connect(&ConnectSettings::new(url))
            .await
            .map_err(|source| ServerError::Connect { home: cluster.home.clone(), source: Box::new(source) })?;
        supabase::install(&mut connection, settings.grants)
            .await
            .map_err(|source| ServerError::Stubs { source: Box::new(source) })?;
        connection.close().await;
    }
    let mut state = cluster.state();
    state.stubs = Some(supabase::version(settings.grants));
    cluster.remember(lock, &state)
}
