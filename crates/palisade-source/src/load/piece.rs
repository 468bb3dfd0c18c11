//! One statement of a file, and the settings that the file made before it.

use palisade_sql::{Excerpt, Statement, excerpt, split};

use super::error::LoadError;
use crate::directory::SqlFile;

/// One statement.
#[derive(Debug, Clone)]
pub(crate) struct Piece<'a> {
    pub(crate) file: &'a SqlFile,
    pub(crate) statement: Statement<'a>,
    /// What the file said before about the session.
    pub(crate) settings: Vec<&'a str>,
}

/// Why a statement has no place in a description of a schema, and what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) reason: &'static str,
    pub(crate) help: &'static str,
}

pub(crate) const OUTSIDE_TRANSACTIONS: Unfit = Unfit {
    reason: "this statement cannot run inside a transaction, in which a schema is loaded",
    help: "leave it out: the files say what is there, not how it comes there",
};
const CONCURRENTLY: Unfit = Unfit {
    reason: "the files of a schema are loaded in one transaction, where CONCURRENTLY is not possible",
    help: "leave the word out: how an index is built on a database in use is decided when a migration is made",
};
const TRANSACTION: Unfit = Unfit {
    reason: "the files of a schema are loaded in one transaction, and this would begin or end one",
    help: "remove BEGIN and COMMIT",
};
const ROWS: Unfit = Unfit {
    reason: "rows of a COPY are no part of a schema",
    help: "leave them out (`pg_dump --schema-only` does), or move them to `seeds/` as INSERT statements",
};

impl Piece<'_> {
    pub(crate) fn refused(&self, unfit: Unfit) -> LoadError {
        LoadError::Refused {
            file: self.file.file.clone(),
            excerpt: self.excerpt(),
            reason: unfit.reason,
            advice: unfit.help,
        }
    }

    pub(crate) fn excerpt(&self) -> Excerpt {
        excerpt(&self.file.sql, self.statement.start)
    }

    pub(crate) fn makes_role(&self) -> bool {
        ["role", "user", "group"].iter().any(|it| self.statement.begins_with(&["create", it]))
    }

    /// Whether statements behind it do something else than they would do before it.
    pub(crate) fn changes_what_follows(&self) -> bool {
        self.statement.begins_with(&["alter", "default", "privileges"])
            || self.statement.begins_with(&["create", "event", "trigger"])
    }

    /// The kind and the name of what it makes: `table`, `public.posts`.
    pub(crate) fn makes(&self) -> Option<(String, Vec<String>)> {
        const BEFORE: [&str; 9] =
            ["or", "replace", "unique", "unlogged", "temporary", "recursive", "foreign", "constraint", "materialized"];
        const KINDS: [&str; 12] = [
            "table",
            "view",
            "type",
            "domain",
            "function",
            "procedure",
            "sequence",
            "schema",
            "aggregate",
            "collation",
            "operator",
            "server",
        ];
        let tokens = &self.statement.tokens;
        if !self.statement.begins_with(&["create"]) {
            return None;
        }
        let at = (1..tokens.len()).find(|it| !BEFORE.iter().any(|word| tokens[*it].is(word)))?;
        let kind = KINDS.into_iter().find(|it| tokens[at].is(it))?;
        let name = if self.statement.words_at(at + 1, &["if", "not", "exists"]) { at + 4 } else { at + 1 };
        Some((kind.to_owned(), self.statement.name_at(name)?.0.parts))
    }
}

/// Cuts all files into statements.
pub(crate) fn pieces(files: &[SqlFile]) -> Result<Vec<Piece<'_>>, LoadError> {
    let mut pieces = Vec::new();
    for file in files {
        let statements = split(&file.sql).map_err(|error| LoadError::Unreadable {
            file: file.file.clone(),
            excerpt: excerpt(&file.sql, error.start),
            reason: error,
        })?;
        let mut settings = Vec::new();
        for statement in statements {
            let text = statement.text;
            let is_setting = is_setting(&statement);
            let piece = Piece { file, statement, settings: settings.clone() };
            if let Some(unfit) = unfit(&piece.statement) {
                return Err(piece.refused(unfit));
            }
            pieces.push(piece);
            if is_setting {
                settings.push(text);
            }
        }
    }
    Ok(pieces)
}

fn is_setting(statement: &Statement<'_>) -> bool {
    let is = |words: &[&str]| statement.begins_with(words);
    let other = ["constraints", "local", "transaction"].iter().any(|it| is(&["set", it]));
    let calls = statement.tokens.get(1).is_some_and(|it| it.is("set_config") || it.is("pg_catalog"))
        && statement.contains("set_config");
    (is(&["set"]) && !other) || is(&["reset"]) || (is(&["select"]) && calls)
}

fn unfit(statement: &Statement<'_>) -> Option<Unfit> {
    let is = |words: &[&str]| statement.begins_with(words);
    if statement.transaction_control().is_some() {
        return Some(TRANSACTION);
    }
    if statement.copies_through_client() {
        return Some(ROWS);
    }
    let about_indexes = is(&["create", "index"]) || is(&["create", "unique", "index"]) || is(&["drop", "index"]);
    let detaches = is(&["alter", "table"]) && statement.contains("detach");
    if (about_indexes || detaches || is(&["reindex"])) && statement.contains("concurrently") {
        return Some(CONCURRENTLY);
    }
    let outside: [&[&str]; 9] = [
        &["vacuum"],
        &["create", "database"],
        &["drop", "database"],
        &["alter", "database"],
        &["alter", "system"],
        &["create", "tablespace"],
        &["drop", "tablespace"],
        &["discard"],
        &["checkpoint"],
    ];
    outside.iter().any(|it| is(it)).then_some(OUTSIDE_TRANSACTIONS)
}

#[cfg(test)]
mod tests {
    use super::pieces;
    use crate::directory::SqlFile;

    fn file(sql: &str) -> SqlFile {
        SqlFile { file: "schema/a.sql".to_owned(), sql: sql.to_owned() }
    }

    #[test]
    fn settings_go_with_what_follows_them() {
        let files = [
            file("select pg_catalog.set_config('search_path', '', false); set x = 1; create table a ();"),
            file("select 1"),
        ];
        let pieces = pieces(&files).unwrap();
        let settings: Vec<usize> = pieces.iter().map(|it| it.settings.len()).collect();
        assert_eq!(settings, [0, 1, 2, 0]);
    }

    #[test]
    fn what_is_made_is_known_by_its_name() {
        let makes = |sql: &str| {
            let files = [file(sql)];
            let found = pieces(&files).unwrap()[0].makes();
            found.map(|(kind, name)| format!("{kind} {}", name.join(".")))
        };
        assert_eq!(makes("create table if not exists public.\"T\" ()").as_deref(), Some("table public.T"));
        assert_eq!(makes("create or replace function f() returns int return 1").as_deref(), Some("function f"));
        assert_eq!(makes("create materialized view v as select 1").as_deref(), Some("view v"));
        assert_eq!(makes("create index i on t (a)"), None);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let refuse = |sql: &str| pieces(&[file(sql)]).unwrap_err().to_string();
        insta::assert_snapshot!(refuse("create table t ();\ncreate index concurrently i on t (a);"), @r"
        the files of a schema are loaded in one transaction, where CONCURRENTLY is not possible
         --> schema/a.sql:2:1
        2 | create index concurrently i on t (a);
          | ^
        ");
        assert!(
            refuse("begin; select 1; commit").starts_with("the files of a schema are loaded in one transaction, and")
        );
        assert!(refuse("copy t from stdin").starts_with("rows of a COPY"));
        assert!(refuse("create database x").starts_with("this statement cannot run inside a transaction"));
        assert!(refuse("select 'x").starts_with("a string that begins here never ends"));
    }
}
