//! Which object it is.

use std::fmt;
use std::sync::Arc;

use palisade_sql::quote_ident;

use crate::kind::ObjectKind;

/// Which object it is: its kind, and its names as the catalog stores them, not quoted.
///
/// | Kind | Path |
/// |---|---|
/// | schemas, extensions, publications, roles, … | name |
/// | tables, views, sequences, indexes, types, … | schema, name |
/// | functions, procedures, aggregates | schema, name, types of the arguments |
/// | columns, defaults, constraints, triggers, policies, rules | schema, relation or domain, name |
/// | row security | schema, table |
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ObjectKey {
    /// What sort of object.
    pub kind: ObjectKind,
    /// Its names. Shared, because every need of a catalog repeats them: a copy costs nothing.
    pub path: Arc<[String]>,
}

impl ObjectKey {
    /// The key of an object.
    pub fn new<const N: usize>(kind: ObjectKind, path: [&str; N]) -> Self {
        Self { kind, path: path.map(str::to_owned).into() }
    }

    /// The part of the path with this number, or nothing.
    pub fn part(&self, index: usize) -> &str {
        self.path.get(index).map_or("", String::as_str)
    }

    /// The schema that the object lies in, if it lies in one; a schema lies in itself.
    pub fn schema(&self) -> Option<&str> {
        let in_schema = self.kind == ObjectKind::Schema || self.kind.is_in_schema();
        (in_schema && !self.part(0).is_empty()).then(|| self.part(0))
    }

    /// The object's own name: of a column that of the column, of a function without its arguments.
    pub fn name(&self) -> &str {
        if self.kind.is_routine() { self.part(1) } else { self.path.last().map_or("", String::as_str) }
    }

    /// Schema and name of the relation or domain that it is a part of, or of itself.
    pub fn relation(&self) -> (&str, &str) {
        (self.part(0), self.part(1))
    }

    /// How SQL refers to it: `public.posts`, `public.has_role(text)`. Parts of relations are named by their own name alone, as
    /// `ALTER TABLE` and `… ON table` want it.
    pub fn sql(&self) -> String {
        if self.kind.is_routine() {
            return format!("{}({})", self.qualified(), self.part(2));
        }
        if self.kind.is_part() {
            return quote_ident(self.name()).into_owned();
        }
        match self.kind {
            // The server has written it.
            ObjectKind::Cast | ObjectKind::Transform | ObjectKind::UserMapping | ObjectKind::Unmodelled => {
                self.path.join(".")
            }
            ObjectKind::Operator => format!("{}.{}", quote_ident(self.part(0)), self.part(1)),
            ObjectKind::OperatorClass | ObjectKind::OperatorFamily => {
                format!("{} USING {}", self.qualified(), quote_ident(self.part(2)))
            }
            _ if self.kind.is_in_schema() => self.qualified(),
            _ => quote_ident(self.part(0)).into_owned(),
        }
    }

    /// `schema.name` of the relation, type or routine that it is or is a part of.
    pub fn qualified(&self) -> String {
        format!("{}.{}", quote_ident(self.part(0)), quote_ident(self.part(1)))
    }
}

/// As a person would say it: `column public.posts.title`.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind.as_str())?;
        match self.kind {
            ObjectKind::RowSecurity => f.write_str(&self.qualified()),
            ObjectKind::PublicationTable => write!(f, "{} {}", quote_ident(self.part(0)), names(&self.path[1..])),
            ObjectKind::PublicationSchema => write!(f, "{} {}", quote_ident(self.part(0)), quote_ident(self.part(1))),
            ObjectKind::Membership => write!(f, "{} of {}", quote_ident(self.part(1)), quote_ident(self.part(0))),
            ObjectKind::DefaultPrivileges => f.write_str(&names(&self.path)),
            _ if self.kind.is_part() => f.write_str(&names(&self.path)),
            _ => f.write_str(&self.sql()),
        }
    }
}

fn names(path: &[String]) -> String {
    let names: Vec<_> = path.iter().filter(|it| !it.is_empty()).map(|it| quote_ident(it)).collect();
    names.join(".")
}

#[cfg(test)]
mod tests {
    use super::ObjectKey;
    use crate::kind::ObjectKind;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let check = |kind, path, text: &str| assert_eq!(ObjectKey::new::<3>(kind, path).to_string(), text);
        check(ObjectKind::Column, ["public", "Posts", "user"], "column public.\"Posts\".\"user\"");
        check(ObjectKind::Function, ["app", "is odd", "integer, text"], "function app.\"is odd\"(integer, text)");
        assert_eq!(ObjectKey::new(ObjectKind::Schema, ["a b"]).to_string(), "schema \"a b\"");
        assert_eq!(ObjectKey::new(ObjectKind::Operator, ["app", "=== (text, text)"]).sql(), "app.=== (text, text)");
    }
}
