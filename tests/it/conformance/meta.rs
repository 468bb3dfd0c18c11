//! What a pair says of itself.

use std::collections::BTreeMap;

use camino::Utf8Path;

/// `meta.json`
#[derive(serde::Deserialize)]
pub(super) struct Meta {
    /// Roles to make first.
    pub(super) roles: Vec<String>,
    /// Extensions that both sides need.
    pub(super) extensions: Vec<String>,
    /// The first version that loads it.
    min_version: Option<u32>,
    /// By version: `ok`, or why it does not load.
    loads_on: BTreeMap<u32, String>,
}

impl Meta {
    pub(super) fn read(folder: &Utf8Path) -> Self {
        let path = folder.join("meta.json");
        let text = std::fs::read_to_string(&path).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("`{path}`: {error}"))
    }

    /// The first version that loads it, if not all do.
    pub(super) fn since(&self) -> Option<u32> {
        // Where only the failure was written down, what failed is new in 18.
        self.min_version.or_else(|| self.loads_on.values().any(|it| it != "ok").then_some(18))
    }
}
