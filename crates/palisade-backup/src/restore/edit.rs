//! What is changed of a backup on its way into a database: entries of its table of contents, never texts of SQL that somebody has
//! written.

use std::time::Duration;

use palisade_archive::{Entry, Section, Toc};

use super::merge::entry;

/// What is changed.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// Whether everything that is in the target goes first, in the same transaction.
    pub(crate) clear: bool,
    /// Longest wait for a lock; zero waits for ever.
    pub(crate) lock_timeout: Duration,
    /// Extensions that the target cannot have.
    pub(crate) without_extensions: Vec<String>,
}

impl Edit {
    /// Changes a table of contents.
    pub(crate) fn apply(&self, toc: &mut Toc) {
        let gone = |it: &Entry| {
            let named = |tag: &str| self.without_extensions.iter().any(|it| it == tag);
            let tag = it.tag.as_deref().unwrap_or_default();
            (it.desc == "EXTENSION" && named(tag))
                || (it.desc == "COMMENT"
                    && tag.strip_prefix("EXTENSION ").is_some_and(|it| named(it.trim_matches('"'))))
        };
        toc.retain(|it| !gone(it));
        let number = toc.entries.iter().map(|it| it.dump_id).max().unwrap_or(0) + 1;
        let mut sql = format!("SET LOCAL lock_timeout = {};\n", self.lock_timeout.as_millis());
        if self.clear {
            sql.push_str(include_str!("empty.sql"));
        }
        let first = Entry {
            definition: Some(sql),
            section: Section::PreData,
            namespace: None,
            ..entry(number, "PALISADE", "", "before everything")
        };
        // Behind the settings of the session, which come first.
        let place = toc.entries.iter().position(|it| !it.is_setting()).unwrap_or(toc.entries.len());
        toc.entries.insert(place, first);
    }
}
