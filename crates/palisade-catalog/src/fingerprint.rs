//! The hash of a catalog.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::facet::{Compared, facets};
use crate::object::Catalog;

/// SHA-256 over all objects of a [`Catalog`] in order; equal catalogs have equal fingerprints on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Sixty-four hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Catalog {
    /// The fingerprint of what is in it, owners left out.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        let compared = Compared { owners: false, privileges: true };
        for (key, object) in &self.objects {
            let facets = facets(object, compared);
            // Lists, numbers and texts always have a form; lengths first, so that no two catalogs feed the same bytes.
            let text = serde_json::to_vec(&(key, facets)).unwrap_or_default();
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(&text);
        }
        Fingerprint(hex::encode(hash.finalize()))
    }
}
