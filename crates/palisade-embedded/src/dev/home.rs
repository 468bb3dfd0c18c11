//! Where the development server of a project lives.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::account::Account;
use crate::cluster::{Cluster, Purpose, is_safe_for_pg_ctl};
use crate::error::ServerError;
use crate::files;
use crate::settings::EmbeddedSettings;

/// The server's home, chosen now if it is not yet: in the project if the user who runs it can go there.
pub(super) fn chosen(settings: &EmbeddedSettings) -> Result<Cluster, ServerError> {
    if let Some(cluster) = existing(settings)? {
        return Ok(cluster);
    }
    let account = Account::for_servers(settings.sudo_uid)?;
    prepare_state_dir(settings, &account)?;
    let home = settings.state_dir.join("dev");
    let closed = account.switch && files::obstacle(&settings.state_dir, &account).is_some();
    if !closed && is_safe_for_pg_ctl(&home) {
        return cluster(settings, home);
    }
    let elsewhere = settings.data_dir.join(files::short_hash(settings.project_root.as_str()));
    let pointer = pointer(settings);
    let ours = Account { switch: false, ..account };
    files::directory(&settings.data_dir, 0o755, &ours)
        .map_err(|source| ServerError::File { path: settings.data_dir.clone(), source })?;
    files::write(&pointer, format!("{elsewhere}\n").as_bytes(), 0o644, &ours)
        .map_err(|source| ServerError::File { path: pointer, source })?;
    cluster(settings, elsewhere)
}

/// The server's home, if it has one. Writes nothing.
pub(super) fn existing(settings: &EmbeddedSettings) -> Result<Option<Cluster>, ServerError> {
    let pointer = pointer(settings);
    match std::fs::read_to_string(&pointer) {
        Ok(home) if Utf8Path::new(home.trim()).is_absolute() => {
            let home = Utf8PathBuf::from(home.trim());
            return if home.is_dir() { cluster(settings, home).map(Some) } else { Ok(None) };
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(ServerError::File { path: pointer, source }),
    }
    let home = settings.state_dir.join("dev");
    if home.is_dir() { cluster(settings, home).map(Some) } else { Ok(None) }
}

fn cluster(settings: &EmbeddedSettings, home: Utf8PathBuf) -> Result<Cluster, ServerError> {
    let account = Account::for_servers(settings.sudo_uid)?.owning(&home)?;
    Ok(Cluster { home, account, purpose: Purpose::Dev, settings: settings.clone() })
}

fn pointer(settings: &EmbeddedSettings) -> Utf8PathBuf {
    settings.state_dir.join("dev.location")
}

/// Makes `.palisade`. It is the project's, so that root gives it to the user behind `sudo`, but not to `postgres`.
fn prepare_state_dir(settings: &EmbeddedSettings, account: &Account) -> Result<(), ServerError> {
    let owner = Account { switch: account.switch && settings.sudo_uid == Some(account.uid), ..account.clone() };
    let prepare = |path: &Utf8Path| {
        files::directory(path, 0o755, &owner)?;
        let ignore = path.join(".gitignore");
        if ignore.exists() { Ok(()) } else { files::write(&ignore, b"*\n", 0o644, &owner) }
    };
    prepare(&settings.state_dir).map_err(|source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ServerError::DiskFull { path: settings.state_dir.clone() }
        }
        _ => ServerError::File { path: settings.state_dir.clone(), source },
    })
}
