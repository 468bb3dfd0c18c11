//! Pins: that a backup is to stay, whatever the policy says.

use bytes::Bytes;
use jiff::Timestamp;
use palisade_store::{Key, ObjectMeta, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::name::BackupName;

/// A pin is no larger than this.
const MOST_BYTES: u64 = 64 << 10;
const FILE: &str = "pin.json";

/// Why a backup is to stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// What whoever pinned it gave as the reason.
    pub reason: String,
    /// When it was pinned, by our clock.
    pub at: Timestamp,
}

/// Says that a backup is to stay until [`unpin`].
///
/// # Errors
///
/// - [`StoreError::Exists`] if it is pinned already: the first reason stands.
/// - Any other [`StoreError`] if that cannot be written.
pub async fn pin(store: &Store, name: &BackupName, reason: &str) -> Result<(), StoreError> {
    let pin = Pin { reason: reason.to_owned(), at: Timestamp::now() };
    let text = serde_json::to_vec_pretty(&pin).unwrap_or_default();
    store.create(&key(name)?, Bytes::from(text)).await
}

/// Takes the pin away. That there is none is no error.
///
/// # Errors
///
/// [`StoreError`] if it cannot be removed.
pub async fn unpin(store: &Store, name: &BackupName) -> Result<(), StoreError> {
    store.delete(&[key(name)?]).await
}

/// The pin among the objects of a backup; nothing is asked where there is none.
///
/// One that cannot be understood is a pin nevertheless: somebody wanted the backup to stay.
pub(crate) async fn read(store: &Store, name: &BackupName, objects: &[ObjectMeta]) -> Result<Option<Pin>, StoreError> {
    let key = key(name)?;
    let Some(object) = objects.iter().find(|it| it.key == key) else { return Ok(None) };
    let unreadable = |why: String| Pin {
        reason: format!("{FILE} cannot be read: {why}"),
        at: Timestamp::try_from(object.modified).unwrap_or(Timestamp::UNIX_EPOCH),
    };
    match store.read_all(&key, MOST_BYTES).await {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).unwrap_or_else(|error| unreadable(error.to_string())))),
        // It was taken away since the objects were listed.
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error @ StoreError::TooLarge { .. }) => Ok(Some(unreadable(error.to_string()))),
        Err(error) => Err(error),
    }
}

pub(crate) fn key(name: &BackupName) -> Result<Key, StoreError> {
    Key::new(name.key(FILE))
}

#[cfg(test)]
mod tests {
    use super::{key, pin, unpin};
    use crate::catalogue::{State, delete, list};
    use crate::name::BackupName;
    use bytes::Bytes;
    use jiff::Timestamp;
    use palisade_store::{Key, Location, S3Settings, Store, StoreError};

    /// A store with one backup of which only a part is there.
    async fn store(directory: &tempfile::TempDir) -> (Store, BackupName) {
        let location: Location = directory.path().to_str().unwrap().parse().unwrap();
        let store = Store::open(&location, &S3Settings::default(), |_| None).unwrap();
        let name = BackupName::new(&"dev".parse().unwrap(), Timestamp::UNIX_EPOCH);
        store.create(&Key::new(name.key("roles")).unwrap(), Bytes::from("x")).await.unwrap();
        (store, name)
    }

    #[tokio::test]
    async fn pins_are_listed_until_they_are_taken_away() {
        let directory = tempfile::tempdir().unwrap();
        let (store, name) = store(&directory).await;
        assert_eq!(list(&store).await.unwrap()[0].pinned, None);

        pin(&store, &name, "before the move").await.unwrap();
        let again = pin(&store, &name, "another reason").await;
        assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
        let entry = list(&store).await.unwrap().remove(0);
        assert_eq!(entry.state, State::Unfinished);
        assert_eq!(entry.pinned.unwrap().reason, "before the move");

        unpin(&store, &name).await.unwrap();
        unpin(&store, &name).await.unwrap();
        assert_eq!(list(&store).await.unwrap()[0].pinned, None);
    }

    #[tokio::test]
    async fn a_pin_that_cannot_be_read_is_one() {
        let directory = tempfile::tempdir().unwrap();
        let (store, name) = store(&directory).await;
        store.create(&key(&name).unwrap(), Bytes::from("{")).await.unwrap();
        let pinned = list(&store).await.unwrap().remove(0).pinned.unwrap();
        assert!(pinned.reason.starts_with("pin.json cannot be read"), "{pinned:?}");
    }

    #[tokio::test]
    async fn what_is_pinned_can_be_removed_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let (store, name) = store(&directory).await;
        pin(&store, &name, "for now").await.unwrap();
        delete(&store, &name).await.unwrap();
        assert_eq!(list(&store).await.unwrap(), []);
    }
}
