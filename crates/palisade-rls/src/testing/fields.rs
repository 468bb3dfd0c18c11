//! The fields of a test, each with its type.

use palisade_sql::Ident;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::TestProblem;
use super::error::similar;
use super::text::{Speaker, Wrong};

/// Those of a test, in the order of the documentation.
pub(super) const OF_TEST: [&str; 16] = [
    "name",
    "as",
    "on",
    "can",
    "cannot",
    "where",
    "rows",
    "columns",
    "values",
    "row",
    "set",
    "blind",
    "returning",
    "on_conflict",
    "setup",
    "error",
];

/// A table of which each field is taken once.
pub(super) struct Fields<'a> {
    of: &'static str,
    /// Where the table begins.
    pub(super) at: usize,
    known: BTreeMap<String, (usize, &'a Spanned<DeValue<'a>>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(of: &'static str, at: usize, table: &'a DeTable<'a>, known: &[&str]) -> Result<Self, Wrong> {
        let mut fields = BTreeMap::new();
        for (name, value) in table {
            let (at, name) = (name.span().start, name.get_ref().to_string());
            if !known.contains(&name.as_str()) {
                let similar = similar(&name, known.iter().copied());
                return Err((at, TestProblem::UnknownField { of, field: name, similar }));
            }
            fields.insert(name, (at, value));
        }
        Ok(Self { of, at, known: fields })
    }

    /// Where a field stands.
    pub(super) fn at(&self, field: &str) -> Option<usize> {
        self.known.get(field).map(|(at, _)| *at)
    }

    fn wrong(field: &str, at: usize, expected: &'static str) -> Wrong {
        (at, TestProblem::Type { field: field.to_owned(), expected })
    }

    pub(super) fn text(&self, field: &'static str) -> Result<Option<(usize, &'a str)>, Wrong> {
        let Some((_, value)) = self.known.get(field) else { return Ok(None) };
        match value.get_ref() {
            DeValue::String(text) => Ok(Some((value.span().start, text.as_ref()))),
            _ => Err(Self::wrong(field, value.span().start, "a text")),
        }
    }

    /// A text, or a list of texts.
    pub(super) fn texts(&self, field: &'static str) -> Result<Option<Vec<(usize, &'a str)>>, Wrong> {
        let Some((_, value)) = self.known.get(field) else { return Ok(None) };
        let fail = |at| Self::wrong(field, at, "a text or a list of texts");
        match value.get_ref() {
            DeValue::String(text) => Ok(Some(vec![(value.span().start, text.as_ref())])),
            DeValue::Array(items) if !items.is_empty() => {
                let text = |it: &'a Spanned<DeValue<'a>>| match it.get_ref() {
                    DeValue::String(text) => Ok((it.span().start, text.as_ref())),
                    _ => Err(fail(it.span().start)),
                };
                Ok(Some(items.iter().map(text).collect::<Result<_, _>>()?))
            }
            _ => Err(fail(value.span().start)),
        }
    }

    pub(super) fn flag(&self, field: &'static str) -> Result<bool, Wrong> {
        match self.known.get(field) {
            None => Ok(false),
            Some((_, value)) => match value.get_ref() {
                DeValue::Boolean(it) => Ok(*it),
                _ => Err(Self::wrong(field, value.span().start, "`true` or `false`")),
            },
        }
    }

    pub(super) fn number(&self, field: &'static str) -> Result<Option<u64>, Wrong> {
        let Some((_, value)) = self.known.get(field) else { return Ok(None) };
        let number = match value.get_ref() {
            DeValue::Integer(it) => u64::from_str_radix(it.as_str(), it.radix()).ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| Self::wrong(field, value.span().start, "a number, 0 or more"))
    }

    /// Columns with their values as SQL.
    pub(super) fn assignments(
        &self,
        field: &'static str,
        speaker: Speaker<'_>,
    ) -> Result<Option<Vec<(String, String)>>, Wrong> {
        let Some((_, value)) = self.known.get(field) else { return Ok(None) };
        let DeValue::Table(columns) = value.get_ref() else {
            return Err(Self::wrong(field, value.span().start, "a table: `{ column = \"value\" }`"));
        };
        let column = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let text = AsRef::<str>::as_ref(name.get_ref());
            let ident = Ident::new(text).map_err(|it| (name.span().start, it.into()))?;
            Ok((ident.to_string(), speaker.value(text, value)?))
        };
        Ok(Some(columns.iter().map(column).collect::<Result<_, Wrong>>()?))
    }

    /// A field that something else makes pointless.
    pub(super) fn refuse(&self, fields: &[&'static str], verb: &'static str) -> Result<(), Wrong> {
        for field in fields {
            if let Some(at) = self.at(field) {
                return Err((at, TestProblem::Pointless { field, verb }));
            }
        }
        Ok(())
    }

    pub(super) fn missing(&self, field: &'static str) -> Wrong {
        (self.at, TestProblem::Missing(field))
    }
}

impl std::fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fields").field("of", &self.of).finish_non_exhaustive()
    }
}
