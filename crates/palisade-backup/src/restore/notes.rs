//! What should be known about a restore: gathered while tables of contents pass, said once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by all that write into it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    noted: Arc<Mutex<Noted>>,
}

#[derive(Debug, Default)]
struct Noted {
    lines: BTreeSet<String>,
    /// Kinds of entries that were left out, by schema.
    left_out: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Notes {
    /// Adds a sentence, once.
    pub(super) fn add(&self, line: String) {
        self.lock().lines.insert(line);
    }

    /// Counts something that Supabase has itself.
    pub(super) fn leave_out(&self, schema: &str, kind: &str) {
        *self.lock().left_out.entry(schema.to_owned()).or_default().entry(kind.to_lowercase()).or_default() += 1;
    }

    /// All of it.
    pub(super) fn lines(&self) -> Vec<String> {
        let noted = self.lock();
        let left_out = noted.left_out.iter().map(|(schema, kinds)| {
            let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            format!("left out of the schema `{schema}`, which Supabase keeps itself: {}", kinds.join(", "))
        });
        noted.lines.iter().cloned().chain(left_out).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        // A panic while a line is added leaves the others as they are.
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
