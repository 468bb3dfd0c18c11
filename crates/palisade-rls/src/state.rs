//! The rights and policies of a database, read back from its catalog: what a run changed is told from the state before
//! and after, never from the text of the files.

use std::collections::BTreeMap;
use std::fmt;

/// One line for each fact; columns `kind`, `object`, `name`, `says`.
const STATE_SQL: &str = include_str!("state/state.sql");

/// Reads the state; a fifth column, `moment`, says which of the two readings of a run it is.
pub(crate) fn state_sql(moment: Moment) -> String {
    format!("select '{}' as moment, state.* from ({STATE_SQL}\n) state", moment.as_str())
}

/// Before or after the files ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

impl Moment {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// SHA-256 over all lines, in hexadecimal, computed by the server: comparing two states costs one short answer.
pub(crate) fn digest_sql() -> String {
    format!(
        "(select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(pg_catalog.string_agg(line, \
         E'\\n' order by line collate \"C\"), ''), 'UTF8')), 'hex') from (select state::text as line \
         from ({STATE_SQL}\n) state) lines)"
    )
}

/// What kind of thing a right or a rule is about. The order is the one in which changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Whether [row security](https://www.postgresql.org/docs/current/ddl-rowsecurity.html) is on for a table.
    RowSecurity,
    /// A policy of a table.
    Policy,
    /// Who holds which rights on an object.
    Grants,
    /// A function's definition, owner and comment.
    Function,
    /// A schema's existence, owner and comment.
    Schema,
    /// A view's options, of which `security_invoker` decides whose rights it reads with.
    ViewOptions,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::RowSecurity, Self::Policy, Self::Grants, Self::Function, Self::Schema, Self::ViewOptions];

    /// As the query names it, and as people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RowSecurity => "row security",
            Self::Policy => "policy",
            Self::Grants => "grants",
            Self::Function => "function",
            Self::Schema => "schema",
            Self::ViewOptions => "view options",
        }
    }

    /// The kind with this name in the query.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// One thing and what it said before and after; `None` means that it was not there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// What kind of thing.
    pub kind: Kind,
    /// On which object, with its schema.
    pub object: String,
    /// The policy's name; empty for the other kinds.
    pub name: String,
    /// What it said before.
    pub before: Option<String>,
    /// What it says now.
    pub after: Option<String>,
}

/// As in `+ policy "Users see their own products" on public.products`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, object, name, before, after } = self;
        let sign = match (before, after) {
            (None, _) => '+',
            (_, None) => '-',
            (Some(_), Some(_)) => '~',
        };
        match kind {
            Kind::RowSecurity => {
                let said = |it: &Option<String>| it.clone().unwrap_or_else(|| "off".to_owned());
                write!(f, "~ row security on {object}: {} → {}", said(before), said(after))
            }
            Kind::Policy => write!(f, "{sign} policy \"{name}\" on {object}"),
            Kind::Grants => write!(f, "~ grants on {object}"),
            Kind::ViewOptions => write!(f, "~ options of view {object}"),
            Kind::Function | Kind::Schema => write!(f, "{sign} {} {object}", kind.as_str()),
        }
    }
}

/// All facts of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State(BTreeMap<(Kind, String, String), String>);

impl State {
    /// Adds one line of [`STATE_SQL`]. A kind that is not known is a defect in this crate, and lost for the report only.
    pub(crate) fn insert(&mut self, kind: &str, object: String, name: String, says: String) {
        if let Some(kind) = Kind::parse(kind) {
            self.0.insert((kind, object, name), says);
        }
    }

    /// What is different in `after`.
    pub(crate) fn changes(&self, after: &Self) -> Vec<Change> {
        let mut keys: Vec<_> = self.0.keys().chain(after.0.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        let change = |key: &(Kind, String, String)| Change {
            kind: key.0,
            object: key.1.clone(),
            name: key.2.clone(),
            before: self.0.get(key).cloned(),
            after: after.0.get(key).cloned(),
        };
        keys.into_iter().map(change).filter(|it| it.before != it.after).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, State};

    fn state(lines: &[(&str, &str, &str, &str)]) -> State {
        let mut state = State::default();
        for (kind, object, name, says) in lines {
            state.insert(kind, (*object).to_owned(), (*name).to_owned(), (*says).to_owned());
        }
        state
    }

    #[test]
    fn changes_read_like_a_diff() {
        let before = state(&[
            ("policy", "public.t", "gone", "a"),
            ("policy", "public.t", "edited", "a"),
            ("policy", "public.t", "same", "a"),
            ("grants", "public.t", "", "anon select"),
        ]);
        let after = state(&[
            ("row security", "public.t", "", "on"),
            ("policy", "public.t", "edited", "b"),
            ("policy", "public.t", "same", "a"),
            ("policy", "public.t", "new", "a"),
            ("function", "private.f()", "", "a"),
        ]);
        let changes = before.changes(&after);
        let text: Vec<String> = changes.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        ~ row security on public.t: off → on
        ~ policy "edited" on public.t
        - policy "gone" on public.t
        + policy "new" on public.t
        ~ grants on public.t
        + function private.f()
        "#);
        assert_eq!(before.changes(&before), []);
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        assert!(Kind::ALL.into_iter().all(|it| Kind::parse(it.as_str()) == Some(it)));
    }
}
