//! Which Postgres to run.

mod archive;
mod candidates;
mod download;
mod probe;
mod version;

use std::ops::RangeInclusive;

use camino::Utf8PathBuf;
use tracing::debug;

use crate::error::{EmbeddedError, InstallationError};
use crate::settings::EmbeddedSettings;
use candidates::Found;
pub use version::ProgramVersion;

/// The major versions of Postgres that Palisade works with.
pub(crate) const SUPPORTED: RangeInclusive<u32> = 15..=18;

/// The programs of one Postgres server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Directory of `initdb`, `pg_ctl`, `postgres`; links resolved.
    pub bin: Utf8PathBuf,
    /// What `postgres --version` says.
    pub version: ProgramVersion,
    /// How it was found.
    pub origin: Origin,
}

/// How an installation was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `PALISADE_PG_BIN` names it.
    Setting,
    /// `PALISADE_PG_ARCHIVE` names the archive it was unpacked from.
    Archive,
    /// It is on `PATH`, `pg_config` names it, or it is where packages put it.
    System,
    /// It was downloaded into the cache, now or earlier.
    Downloaded,
}

impl Installation {
    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> Utf8PathBuf {
        self.bin.join(name)
    }
}

/// The Postgres to run: that of `PALISADE_PG_BIN`, that of `PALISADE_PG_ARCHIVE`, the newest on this machine, one that
/// was downloaded before, one that is downloaded now.
///
/// # Errors
///
/// [`InstallationError`] if a setting names something that cannot be used, or nothing is here and nothing can be
/// fetched.
pub async fn installation(settings: &EmbeddedSettings) -> Result<Installation, EmbeddedError> {
    if let Some(chosen) = chosen(settings).await? {
        return match settings.major {
            Some(wanted) if wanted != chosen.version.major => {
                Err(InstallationError::OtherMajor { bin: chosen.bin, version: chosen.version.to_string(), wanted }
                    .into())
            }
            _ => Ok(chosen),
        };
    }
    let found = candidates::system(settings).await;
    let installed = probed(settings, &found, Origin::System).await;
    let downloaded = candidates::downloaded(settings);
    let fits = |it: &Installation| settings.major.is_none_or(|major| it.version.major == major);
    if let Some(installation) = installed.into_iter().find(fits) {
        return Ok(installation);
    }
    if let Some(installation) = probed(settings, &downloaded, Origin::Downloaded).await.into_iter().find(fits) {
        return Ok(installation);
    }
    Ok(download::fetch(settings, found.client_only).await?)
}

/// Every Postgres of this machine that Palisade could run, newest first. What cannot be used is left out.
///
/// Unlike [`installation`], this downloads nothing, and a setting does not hide what else is here.
pub async fn installations(settings: &EmbeddedSettings) -> Vec<Installation> {
    let mut all: Vec<_> = chosen(settings).await.ok().flatten().into_iter().collect();
    all.extend(probed(settings, &candidates::system(settings).await, Origin::System).await);
    all.extend(probed(settings, &candidates::downloaded(settings), Origin::Downloaded).await);
    // Stable, so that among equals the one that would be chosen comes first.
    all.sort_by_key(|it| std::cmp::Reverse(it.version));
    let mut seen = std::collections::HashSet::new();
    all.retain(|it| seen.insert(it.bin.clone()));
    all
}

/// What a setting names.
async fn chosen(settings: &EmbeddedSettings) -> Result<Option<Installation>, InstallationError> {
    let (bin, origin) = if let Some(bin) = &settings.pg_bin {
        (bin.clone(), Origin::Setting)
    } else if let Some(path) = &settings.pg_archive {
        (archive::unpacked(settings, path).await?, Origin::Archive)
    } else {
        return Ok(None);
    };
    let missing = candidates::missing_programs(&bin);
    if !missing.is_empty() {
        return Err(InstallationError::SettingWithoutPrograms { directory: bin, missing: missing.join("`, `") });
    }
    let bin = bin.canonicalize_utf8().unwrap_or(bin);
    let version = probe::version(settings, &bin).await?;
    if !SUPPORTED.contains(&version.major) {
        return Err(InstallationError::Unsupported { bin, version: version.to_string() });
    }
    Ok(Some(Installation { bin, version, origin }))
}

/// The usable ones among `found`, newest first.
async fn probed(settings: &EmbeddedSettings, found: &Found, origin: Origin) -> Vec<Installation> {
    let mut usable = Vec::new();
    for bin in &found.servers {
        match probe::version(settings, bin).await {
            Ok(version) if SUPPORTED.contains(&version.major) => {
                usable.push(Installation { bin: bin.clone(), version, origin });
            }
            Ok(version) => debug!(%bin, %version, "not a version we work with"),
            Err(error) => debug!(%bin, %error, "cannot be used"),
        }
    }
    usable.sort_by_key(|it| std::cmp::Reverse(it.version));
    usable
}
