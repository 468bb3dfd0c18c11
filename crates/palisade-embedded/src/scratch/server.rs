//! The server of throwaway databases.

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::DatabaseUrl;
use palisade_db::{ConnectSettings, batch, connect};
use tracing::warn;

use super::spread;
use crate::account::Account;
use crate::cluster::{Cluster, Lock, Purpose, Running};
use crate::error::{EmbeddedError, InstallationError, ServerError};
use crate::installation::Installation;
use crate::settings::EmbeddedSettings;
use crate::{files, supabase};

/// What a new scratch server has in its main database: the roles of Supabase, because roles belong to the cluster and
/// parallel layers would race to make them, and the table by which old templates are told from new ones.
const PREPARATION: &str =
    "create table if not exists palisade_templates (name text primary key, used timestamptz not null);";

/// URLs of the scratch server's main database, through the socket and through TCP. Starts it if it does not run.
pub(super) async fn urls(
    settings: &EmbeddedSettings,
    installation: &Installation,
) -> Result<(DatabaseUrl, DatabaseUrl), EmbeddedError> {
    let account = Account::for_servers(settings.sudo_uid)?;
    let id = files::short_hash(installation.bin.as_str());
    let name = format!("{}-{id}-{}", installation.version.major, account.uid);
    let cluster = Cluster {
        home: scratch_dir(settings).join(name),
        account,
        purpose: Purpose::Scratch,
        settings: settings.clone(),
    };
    let running = match ready(&cluster).await? {
        Some(running) => running,
        None => start(&cluster, installation).await?,
    };
    let tcp = cluster.tcp_url(&running)?;
    Ok((cluster.socket_url(&running)?.unwrap_or_else(|| tcp.clone()), tcp))
}

/// Stops the scratch servers of this user, of all versions. Returns how many ran. Templates stay, scratch databases in
/// use are lost.
///
/// # Errors
///
/// [`EmbeddedError::Server`] if one of them does not stop.
pub async fn stop_scratch(settings: &EmbeddedSettings) -> Result<usize, EmbeddedError> {
    let account = Account::for_servers(settings.sudo_uid)?;
    let Ok(entries) = scratch_dir(settings).read_dir_utf8() else { return Ok(0) };
    let mut stopped = 0;
    for entry in entries.flatten() {
        let home = entry.path().to_owned();
        // Those of other users are theirs to stop.
        if !home.is_dir() || account.clone().owning(&home).is_ok_and(|owner| owner.uid != account.uid) {
            continue;
        }
        let cluster = Cluster { home, account: account.clone(), purpose: Purpose::Scratch, settings: settings.clone() };
        let lock = cluster.lock().await?;
        stopped += usize::from(cluster.stop(&lock).await?);
    }
    Ok(stopped)
}

fn scratch_dir(settings: &EmbeddedSettings) -> Utf8PathBuf {
    settings.cache_dir.join("scratch")
}

/// The server, if it runs and is prepared.
async fn ready(cluster: &Cluster) -> Result<Option<Running>, ServerError> {
    let prepared = cluster.state().stubs.as_deref() == Some(preparation_version().as_str());
    if prepared { cluster.running().await } else { Ok(None) }
}

async fn start(cluster: &Cluster, installation: &Installation) -> Result<Running, EmbeddedError> {
    make_home(cluster)?;
    let lock = cluster.lock().await?;
    if let Some(running) = ready(cluster).await? {
        return Ok(running);
    }
    if cluster.lost_power().await? || !cluster.made_by(installation.version.major)? {
        cluster.destroy(&lock)?;
    }
    let used_by_others = cluster.running().await?.is_some();
    match try_start(cluster, &lock, installation).await {
        // Nothing in it is worth more than the time to make it anew.
        Err(error @ (ServerError::Start { .. } | ServerError::Connect { .. } | ServerError::Stubs { .. }))
            if !used_by_others =>
        {
            warn!(%error, "making the scratch cluster anew");
            cluster.stop(&lock).await?;
            cluster.destroy(&lock)?;
            Ok(try_start(cluster, &lock, installation).await?)
        }
        result => Ok(result?),
    }
}

async fn try_start(cluster: &Cluster, lock: &Lock, installation: &Installation) -> Result<Running, ServerError> {
    cluster.create(lock, installation).await?;
    spread::databases(&cluster.data());
    let running = cluster.start(lock, installation).await?;
    prepare(cluster, &running).await?;
    let mut state = cluster.state();
    state.stubs = Some(preparation_version());
    cluster.remember(lock, &state)?;
    Ok(running)
}

async fn prepare(cluster: &Cluster, running: &Running) -> Result<(), ServerError> {
    let url = match cluster.socket_url(running)? {
        Some(url) => url,
        None => cluster.tcp_url(running)?,
    };
    let mut connection = connect(&ConnectSettings::new(url))
        .await
        .map_err(|source| ServerError::Connect { home: cluster.home.clone(), source: Box::new(source) })?;
    batch(&mut connection, &preparation())
        .await
        .map_err(|failure| ServerError::Stubs { source: Box::new(failure.error) })?;
    connection.close().await;
    Ok(())
}

fn preparation() -> String {
    format!("{PREPARATION}\n{}", supabase::ROLES)
}

fn preparation_version() -> String {
    files::short_hash(&preparation())
}

fn make_home(cluster: &Cluster) -> Result<(), EmbeddedError> {
    let cache = &cluster.settings.cache_dir;
    if let Some(obstacle) = files::obstacle(cache, &cluster.account) {
        let (cache, user) = (cache.clone(), cluster.account.name.clone());
        return Err(InstallationError::CacheClosed { cache, obstacle, user }.into());
    }
    let ours = Account { switch: false, ..cluster.account.clone() };
    let make = |path: &Utf8Path| {
        files::directory(path, 0o755, &ours)
            .map_err(|source| InstallationError::Cache { path: path.to_owned(), source })
    };
    make(cache)?;
    make(&scratch_dir(&cluster.settings))?;
    Ok(cluster.make_home()?)
}
