//! A catalog as a file.

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::object::Catalog;

/// What the file calls itself; the number changes with the form.
const FORMAT: &str = "palisade catalog 1";

/// Why a text is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is something else.
    #[error("it is no snapshot of a catalog: {0}")]
    Form(serde_json::Error),
    /// It was written by another version.
    #[error("its form is `{found}`, this version reads `{FORMAT}`")]
    Version {
        /// What it calls itself.
        found: String,
    },
}

#[derive(Serialize, Deserialize)]
struct File<C> {
    format: String,
    catalog: C,
}

impl Catalog {
    /// The catalog as JSON, which [`Catalog::from_snapshot`] reads.
    ///
    /// # Errors
    ///
    /// None that a catalog read from a server can cause.
    pub fn to_snapshot(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&File { format: FORMAT.to_owned(), catalog: self })
    }

    /// Reads what [`Catalog::to_snapshot`] wrote.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`].
    pub fn from_snapshot(text: &str) -> Result<Self, SnapshotError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        match serde_json::from_str::<File<Self>>(text) {
            Ok(file) if file.format == FORMAT => Ok(file.catalog),
            Ok(File { format, .. }) => Err(SnapshotError::Version { found: format }),
            Err(error) => match serde_json::from_str::<Head>(text) {
                Ok(Head { format }) if format != FORMAT => Err(SnapshotError::Version { found: format }),
                _ => Err(SnapshotError::Form(error)),
            },
        }
    }
}

/// Maps whose keys are no strings, as lists of pairs.
pub(crate) mod pairs {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let pairs: Vec<(K, V)> = Vec::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}
