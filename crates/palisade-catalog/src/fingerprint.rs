//! The hash of a catalog.

use std::fmt;

use sha2::{Digest, Sha256};

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
    /// The fingerprint of what is in it.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        for (key, definition) in &self.objects {
            // Lengths first, so that no two different catalogs feed the same bytes.
            for part in [key.kind.as_str(), &key.name, definition] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        Fingerprint(hex::encode(hash.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use crate::object::{Catalog, ObjectKey, ObjectKind};

    fn catalog(name: &str, definition: &str) -> Catalog {
        let key = ObjectKey { kind: ObjectKind::Table, name: name.to_owned() };
        Catalog { objects: [(key, definition.to_owned())].into() }
    }

    #[test]
    fn moving_text_between_fields_changes_it() {
        assert_ne!(catalog("ab", "c").fingerprint(), catalog("a", "bc").fingerprint());
        assert_eq!(catalog("ab", "c").fingerprint(), catalog("ab", "c").fingerprint());
    }
}
