//! What was written of a backup that is not to be.

use palisade_store::Store;
use tracing::warn;

use crate::catalogue::delete;
use crate::name::BackupName;
use crate::ship::Harbour;

/// A backup without its manifest. Dropped, it takes away what was written of it, as far as something still runs that can: who is
/// interrupted leaves nothing behind either.
pub(super) struct Unfinished {
    store: Store,
    name: BackupName,
    /// `None` once it is decided what becomes of it.
    harbour: Option<Harbour>,
}

impl Unfinished {
    pub(super) fn new(store: &Store, name: &BackupName, harbour: Harbour) -> Self {
        Self { store: store.clone(), name: name.clone(), harbour: Some(harbour) }
    }

    /// Everything is in the store, and the manifest is on its way: taking parts away under it would make a damaged backup.
    pub(super) fn is_whole(&mut self) -> Option<Harbour> {
        self.harbour.take()
    }

    /// Takes away what was written.
    pub(super) async fn remove(mut self) {
        if let Some(harbour) = self.harbour.take() {
            remove(&self.store, &self.name, harbour).await;
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(harbour) = self.harbour.take() else { return };
        let (store, name) = (self.store.clone(), self.name.clone());
        // Where nothing runs any more, it is listed as unfinished, and removed with what is old.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { remove(&store, &name, harbour).await });
        }
    }
}

pub(super) async fn remove(store: &Store, name: &BackupName, harbour: Harbour) {
    // One of several connections has failed; what another one has read may still be on its way, and would arrive behind this.
    harbour.quiet().await;
    if let Err(error) = delete(store, name).await {
        warn!(backup = %name, %error, "what was written of a backup that failed could not be removed");
    }
}
