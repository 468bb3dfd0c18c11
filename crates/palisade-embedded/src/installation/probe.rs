//! Asks programs for their version, once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::ProgramVersion;
use crate::error::InstallationError;
use crate::settings::EmbeddedSettings;
use crate::{Account, files, program};

/// Versions of programs seen before. A no-op command has 100 ms, and starting `postgres` takes a tenth of that.
type Seen = BTreeMap<Utf8PathBuf, Entry>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// What tells whether the file is still the same one.
    inode: u64,
    size: u64,
    changed: i64,
    version: ProgramVersion,
}

/// The version of the server in `bin`.
pub(super) async fn version(settings: &EmbeddedSettings, bin: &Utf8Path) -> Result<ProgramVersion, InstallationError> {
    let program = bin.join("postgres");
    let broken = |output: String| InstallationError::BrokenProgram { program: program.clone(), output };
    let metadata = fs::metadata(&program).map_err(|error| broken(error.to_string()))?;
    let cache = settings.cache_dir.join("programs.json");
    let mut seen = read(&cache);
    let entry = |version| Entry { inode: metadata.ino(), size: metadata.size(), changed: metadata.ctime(), version };
    if let Some(known) = seen.get(&program).filter(|known| **known == entry(known.version)) {
        return Ok(known.version);
    }
    let account = Account::for_servers(settings.sudo_uid).map_err(|error| broken(error.to_string()))?;
    let output = program::run(settings, &account, "/".into(), &program, &["--version"])
        .await
        .map_err(|error| broken(error.to_string()))?;
    let version = ProgramVersion::read(&String::from_utf8_lossy(&output.stdout))
        .filter(|_| output.status.success())
        .ok_or_else(|| broken(program::said(&output)))?;
    seen.retain(|program, _| program.exists());
    seen.insert(program.clone(), entry(version));
    remember(&cache, &seen);
    Ok(version)
}

fn read(cache: &Utf8Path) -> Seen {
    fs::read(cache).ok().and_then(|content| serde_json::from_slice(&content).ok()).unwrap_or_default()
}

/// Not being able to remember costs time only. No directory is made for it: looking must not write to a new place.
fn remember(cache: &Utf8Path, seen: &Seen) {
    if let Ok(ourselves) = Account::for_servers(None).map(|it| Account { switch: false, ..it })
        && let Ok(content) = serde_json::to_vec(seen)
        && let Err(error) = files::write(cache, &content, 0o644, &ourselves)
    {
        tracing::debug!(%cache, %error, "cannot remember versions");
    }
}
