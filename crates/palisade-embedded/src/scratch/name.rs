//! Names of databases that have an owner.

use std::fmt;

/// The name of a database that has an owner. Its number is the key of the advisory lock that the owner holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    kind: Kind,
    key: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Handed out.
    Scratch,
    /// Becomes a template when it is complete.
    Build,
}

impl Name {
    pub(super) fn scratch() -> Self {
        Self { kind: Kind::Scratch, key: rand::random() }
    }

    pub(super) fn build() -> Self {
        Self { kind: Kind::Build, key: rand::random() }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Kind::Scratch, Kind::Build].into_iter().find_map(|kind| {
            let key = text.strip_prefix(prefix(kind))?;
            Some(Self { kind, key: u64::from_str_radix(key, 16).ok()? })
        })
    }

    /// Whether it may have become a template without having got a template's name.
    pub(super) fn may_be_template(&self) -> bool {
        self.kind == Kind::Build
    }

    pub(super) fn try_lock_sql(&self) -> String {
        format!("pg_catalog.pg_try_advisory_lock({})", self.key.cast_signed())
    }

    pub(super) fn unlock_sql(&self) -> String {
        format!("pg_catalog.pg_advisory_unlock({})", self.key.cast_signed())
    }
}

/// Needs no quotes: lower-case letters, digits and `_`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:016x}", prefix(self.kind), self.key)
    }
}

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Scratch => "palisade_scratch_",
        Kind::Build => "palisade_build_",
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_read_back() {
        for name in [Name::scratch(), Name::build()] {
            assert_eq!(Name::parse(&name.to_string()), Some(name));
        }
        assert_eq!(Name::parse("postgres"), None);
        assert_eq!(Name::parse("palisade_scratch_x"), None);
    }
}
