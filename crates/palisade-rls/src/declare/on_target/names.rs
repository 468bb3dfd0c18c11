//! Which statements name a relation that they would lock, and which one that is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use palisade_db::{Connection, DbError, Row, SqlFailure, batch};
use palisade_sql::{SqlState, Statement, Token, TokenKind, excerpt, quote_ident, quote_literal, split};

use super::super::error::DeclareError;
use crate::message::{Edit, Message};
use crate::script::PolicyFile;

/// A statement: the number of its file, and its own in there.
pub(super) type Place = (usize, usize);

/// What statements name; none where there is no such thing.
pub(super) type Found = BTreeMap<Place, Option<Relation>>;

/// A table or view of the target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Relation {
    pub(super) schema: String,
    pub(super) name: String,
    /// As `pg_class.relkind` has it.
    pub(super) kind: String,
}

/// What a statement says of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    /// The tokens of its name; empty if it cannot be told.
    name: Range<usize>,
    is_view: bool,
    /// Whether the relation, or the policy on it, need not be there.
    if_exists: bool,
}

/// What a statement says of a relation that it would lock; none if it locks none.
pub(super) fn about(statement: &Statement<'_>) -> Option<About> {
    let skip = |at: usize, words: &[&str]| if statement.words_at(at, words) { at + words.len() } else { at };
    let policies: [(&[&str], bool); 4] = [
        (&["create", "policy"], false),
        (&["alter", "policy"], false),
        (&["drop", "policy"], true),
        (&["comment", "on", "policy"], false),
    ];
    let (start, is_view, if_exists) =
        if let Some((words, drops)) = policies.iter().find(|(words, _)| statement.begins_with(words)) {
            let at = skip(words.len(), &["if", "exists"]);
            let on = statement.name_at(at).map(|(_, on)| on).filter(|on| statement.words_at(*on, &["on"]));
            (on.map(|it| it + 1), false, *drops && at > words.len())
        } else if statement.begins_with(&["alter", "table"]) {
            let at = skip(2, &["if", "exists"]);
            (Some(skip(at, &["only"])), false, at > 2)
        } else if statement.begins_with(&["alter", "view"]) {
            let at = skip(2, &["if", "exists"]);
            (Some(at), true, at > 2)
        } else {
            return None;
        };
    let name = start.and_then(|start| statement.name_at(start).map(|(_, end)| start..end)).unwrap_or_default();
    Some(About { name, is_view, if_exists })
}

impl About {
    /// Whether it can be said of such a relation.
    pub(super) fn fits(&self, relation: &Relation) -> bool {
        let kinds: &[&str] = if self.is_view { &["v"] } else { &["r", "p"] };
        kinds.contains(&relation.kind.as_str())
    }

    /// Fails as the statement would, without a lock; none where that does nothing.
    pub(super) fn refusal(&self, statement: &Statement<'_>, found: Option<&Relation>) -> Option<String> {
        let text = self.text(statement);
        let (state, message) = match found {
            Some(_) if self.is_view => ("42809", format!("{text} is not a view")),
            Some(_) => ("42809", format!("{text} is not a table")),
            None if text.is_empty() => ("42602", "the name of the table cannot be told from the statement".to_owned()),
            None if self.if_exists => return None,
            None => ("42P01", format!("there is no {text}")),
        };
        let body = format!(
            "begin raise exception using errcode = {}, message = {}; end",
            quote_literal(state),
            quote_literal(&message)
        );
        Some(format!("do {}", quote_literal(&body)))
    }

    /// Its name as it is written.
    fn text(&self, statement: &Statement<'_>) -> String {
        statement.tokens.get(self.name.clone()).unwrap_or_default().iter().map(|it| it.text).collect()
    }
}

/// Asks what statements name, with the `search_path` that they have. Names are told by the server, which knows how.
pub(super) async fn find(connection: &mut Connection, files: &[PolicyFile]) -> Result<Found, DeclareError> {
    let (mut found, mut message) = (Found::new(), Message::default());
    message.add("begin read only;\n")?;
    for (file_number, file) in files.iter().enumerate() {
        message.add("set local search_path to default;\n")?;
        for (number, statement) in split(&file.sql)?.into_iter().enumerate() {
            if statement.begins_with(&["set"]) {
                message.add_statement(file, statement);
            } else if let Some(name) = about(&statement).map(|it| it.text(&statement)) {
                found.insert((file_number, number), None);
                if !name.is_empty() {
                    let name = quote_literal(&name);
                    let sql = include_str!("names.sql").replace("$name", &name);
                    let sql = sql.replace("$file", &file_number.to_string()).replace("$statement", &number.to_string());
                    message.add_for(file, statement, sql.trim_end().trim_end_matches(';'));
                }
            }
        }
    }
    let answer = batch(connection, &message.sql).await;
    let _ = batch(connection, "rollback").await;
    let rows = match answer {
        Ok(done) => done.rows,
        Err(failed) => match message.place(failed.commands, failed.error) {
            Ok(failure) => return Err(failure.into()),
            Err(error) => return Err(DeclareError::Target(error)),
        },
    };
    for row in rows {
        let text = |name: &str| row.try_get::<String, _>(name).map_err(DbError::from).map_err(DeclareError::Target);
        let number = |name: &str| text(name).map(|it| it.parse::<usize>().unwrap_or_default());
        let relation = Relation { schema: text("schema")?, name: text("name")?, kind: text("kind")? };
        found.insert((number("file")?, number("statement")?), Some(relation));
    }
    Ok(found)
}

/// What stands in place of the relation's name, and of its schema where a column is written with it.
pub(super) fn edits(
    statement: &Statement<'_>,
    about: &About,
    place: Place,
    own: &BTreeSet<(Place, usize)>,
    schema: &(String, String),
) -> Vec<Edit> {
    let Some((first, last)) = statement.tokens.get(about.name.clone()).and_then(|it| it.first().zip(it.last())) else {
        return Vec::new();
    };
    let (stand_in, name) = schema;
    let bytes = first.start - statement.start..last.end() - statement.start;
    let mut edits = vec![Edit { bytes, text: format!("{stand_in}.{}", quote_ident(name)) }];
    for (_, token) in own.iter().filter(|it| it.0 == place) {
        if let Some(token) = statement.tokens.get(*token) {
            let bytes = token.start - statement.start..token.end() - statement.start;
            edits.push(Edit { bytes, text: stand_in.clone() });
        }
    }
    edits
}

/// The statement about a policy that fails because there is no such table in it, and what in it may be columns of the policy's own
/// table that are written with its schema. The server does not say which one it is about.
pub(super) fn own_columns(
    files: &[PolicyFile],
    found: &Found,
    failure: &SqlFailure,
) -> Option<(Place, BTreeSet<usize>)> {
    let at = failure.excerpt.as_ref()?.at;
    if failure.error.sqlstate() != Some(SqlState::UNDEFINED_TABLE) {
        return None;
    }
    let relations = found.iter().filter_map(|(place, relation)| relation.as_ref().map(|it| (place, it)));
    for (place, relation) in relations {
        let Some(file) = files.get(place.0).filter(|it| it.path.as_str() == failure.file) else { continue };
        let statements = split(&file.sql).ok()?;
        let Some(statement) = statements.get(place.1).filter(|it| excerpt(&file.sql, it.start).at == at) else {
            continue;
        };
        let about = about(statement)?;
        let columns = (about.name.end..statement.tokens.len()).filter(|number| {
            let token = |offset: usize| statement.tokens.get(number + offset);
            let is_dot = |it: Option<&Token<'_>>| it.is_some_and(|it| it.kind == TokenKind::Symbol('.'));
            let is = |it: Option<&Token<'_>>, name: &str| it.and_then(ident).is_some_and(|it| it == name);
            let is_first = !is_dot(number.checked_sub(1).and_then(|it| statement.tokens.get(it)));
            is_first
                && is(token(0), &relation.schema)
                && is_dot(token(1))
                && is(token(2), &relation.name)
                && is_dot(token(3))
        });
        return Some((*place, columns.collect())).filter(|(_, columns): &(_, BTreeSet<usize>)| !columns.is_empty());
    }
    None
}

/// The identifier that a token is.
pub(super) fn ident(token: &Token<'_>) -> Option<String> {
    let statements = split(token.text).ok()?;
    let (name, _) = statements.first()?.name_at(0)?;
    Some(name.name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::about;
    use palisade_sql::split;

    #[test]
    fn every_statement_that_locks_a_relation_names_it() {
        for (sql, name, if_exists) in [
            ("create policy on_it on public . \"t t\" using (true)", "public.\"t t\"", false),
            ("alter policy p on t to anon", "t", false),
            ("drop policy if exists \"on\" on only", "only", true),
            ("comment on policy p on s.t is 'on u'", "s.t", false),
            ("alter table if exists only a.b.c * force row level security", "a.b.c", true),
            ("alter table t enable row level security", "t", false),
            ("alter view if exists v set (security_invoker)", "v", true),
            ("create policy p on U&\"t\" using (true)", "", false),
        ] {
            let statement = split(sql).unwrap().remove(0);
            let about = about(&statement).unwrap();
            assert_eq!((about.text(&statement).as_str(), about.if_exists), (name, if_exists), "{sql}");
        }
        for sql in ["grant select on t to anon", "create or replace function f() returns int language sql as ''"] {
            assert_eq!(about(&split(sql).unwrap()[0]), None, "{sql}");
        }
    }
}
