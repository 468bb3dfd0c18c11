//! What `pg_dump` and `pg_restore` say, and what that means.

use std::fmt;

/// The messages of a program, without those that only repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    lines: Vec<String>,
}

/// A problem that people meet, recognised by the words of Postgres 15 to 18.
const KNOWN: [(&str, &str); 14] = [
    (
        "affected by row-level security",
        "back up as a role that row security does not apply to: the owner of the tables, \
        or one with BYPASSRLS; on Supabase the role `postgres`",
    ),
    (
        "permission denied",
        "the role may not read everything: back up as the owner of the database, on Supabase as \
        `postgres`",
    ),
    ("must be owner", "the role does not own what the dump brings: restore as the owner, or as a superuser"),
    ("server version mismatch", "install the client programs of the server's major version"),
    ("password authentication failed", "check the password of the environment's URL: `cargo xtask doctor`"),
    ("due to lock timeout", "somebody holds a lock on a table: try again when it is quiet, or raise `lock-timeout`"),
    // `pg_dump` limits its waiting for locks so.
    (
        "due to statement timeout",
        "somebody holds a lock on a table: try again when it is quiet, or raise `lock-timeout`",
    ),
    ("server closed the connection", "the server, or something on the way to it, ended the connection: try again"),
    ("terminating connection", "somebody ended the session or stopped the server: try again"),
    (
        "unrecognized configuration parameter",
        "the server is older than the program: install the client programs of its \
        major version",
    ),
    ("already exists", "the database is not empty: restore into a new one, or confirm that it may be replaced"),
    ("unsupported version", "a newer `pg_dump` wrote the backup: install the client programs of that version"),
    // Of the server's hint.
    (
        "max_locks_per_transaction",
        "the server cannot lock all tables at once: raise `max_locks_per_transaction`, which takes a restart of the server",
    ),
    ("No space left on device", "the disk is full: free some space and try again"),
];

/// Beginnings of warnings that say nothing about whether a dump is complete: circles of foreign keys matter to whoever restores rows
/// only, and we restore keys behind rows.
const HARMLESS: [&str; 6] = [
    "warning: there are circular foreign-key constraints",
    "detail: ",
    "hint: ",
    // What the server itself says to whoever connects, of the collation of the database.
    "DETAIL:  The database was created using collation version",
    "HINT:  Rebuild all objects in this database",
    // What is named in a filter of ours and is not there.
    "warning: no matching tables were found",
];

/// What stands before a query that failed: one of `pg_dump`, one of `pg_restore`.
const QUERIES: [&str; 2] = ["detail: Query was: ", "Command was: "];

/// How much of such a query is kept: enough to see which it is.
const QUERY_KEPT: usize = 200;

impl Said {
    /// Reads the output of a program: one message a line.
    pub(crate) fn new(text: &str) -> Self {
        let mut lines: Vec<String> = Vec::new();
        let mut within_query = false;
        for whole in text.lines().map(str::trim_end).filter(|it| !it.is_empty()) {
            let line = strip_program(whole);
            // A query of the program's own goes on until it says something else. It can be longer than everything that matters.
            if within_query && line == whole {
                continue;
            }
            within_query = QUERIES.iter().any(|it| line.starts_with(it));
            let line = if within_query { beginning(without_secrets(line)) } else { line.to_owned() };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        Self { lines }
    }

    /// The messages that came with a dump that succeeded.
    pub(crate) fn warnings(self) -> Vec<String> {
        self.lines
    }

    /// Whether it was not allowed to read something.
    pub(crate) fn is_denied(&self) -> bool {
        self.lines.iter().any(|it| it.contains("permission denied"))
    }

    /// Whether it said nothing.
    pub(crate) fn is_silent(&self) -> bool {
        self.lines.is_empty()
    }

    /// The first line that a dump that ended well should not have come with.
    pub(crate) fn unknown(&self) -> Option<&str> {
        let lines = self.lines.iter().map(String::as_str);
        lines.into_iter().find(|line| !is_harmless(line) && !line.starts_with(' '))
    }

    /// What to do about it, if the problem is a known one.
    pub(crate) fn help(&self) -> Option<String> {
        let role = self.lines.iter().find_map(|it| it.split_once("role \"")?.1.split_once("\" does not exist"));
        if let Some((role, _)) = role {
            return Some(format!("create the role `{role}` on the target first: a dump holds no roles"));
        }
        let known = KNOWN.iter().find(|(words, _)| self.lines.iter().any(|it| it.contains(words)));
        known.map(|(_, help)| (*help).to_owned())
    }
}

fn is_harmless(line: &str) -> bool {
    HARMLESS.iter().any(|it| line.starts_with(it)) || (line.contains("WARNING: ") && line.contains("collation version"))
}

/// `pg_dump: error: x` is shown as `error: x`: the name of the program stands before it already. The line of SQL that
/// `psql` names is one that nobody can look up.
fn strip_program(line: &str) -> &str {
    let line = ["pg_dump: ", "pg_restore: ", "psql: "].iter().find_map(|it| line.strip_prefix(it)).unwrap_or(line);
    let behind = line.strip_prefix("psql:<stdin>:").and_then(|it| it.split_once(": "));
    behind.map_or(line, |(_, message)| message)
}

/// Of a command that says how to reach something, what stands before that: there may be a password in it.
fn without_secrets(line: &str) -> &str {
    let end = [" CONNECTION ", " OPTIONS "].iter().filter_map(|it| line.find(it)).min();
    end.map_or(line, |end| &line[..end])
}

fn beginning(line: &str) -> String {
    match line.char_indices().nth(QUERY_KEPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The errors; everything if nothing is called one. At most ten lines: a program that gives up says why at the end.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start =
            self.lines.iter().position(|it| it.starts_with("error: ") || it.starts_with("ERROR: ")).unwrap_or(0);
        let lines = &self.lines[start..];
        if lines.is_empty() {
            return f.write_str("it said nothing");
        }
        f.write_str(&lines[lines.len().saturating_sub(10)..].join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn errors_are_shown_and_explained() {
        let said = Said::new(
            "pg_dump: warning: there are circular foreign-key constraints on this table:\n\
             pg_dump: error: query failed: ERROR:  permission denied for table secrets\n\
             pg_dump: error: query failed: ERROR:  permission denied for table secrets\n\
             pg_dump: detail: Query was: LOCK TABLE public.secrets IN ACCESS SHARE MODE\n",
        );
        insta::assert_snapshot!(said, @r"
        error: query failed: ERROR:  permission denied for table secrets
        detail: Query was: LOCK TABLE public.secrets IN ACCESS SHARE MODE
        ");
        assert!(said.help().unwrap().contains("may not read everything"));
    }

    #[test]
    fn long_queries_do_not_hide_what_went_wrong() {
        let query = "SELECT a, b\nFROM c\n".repeat(20);
        let said = Said::new(&format!(
            "pg_dump: error: query failed: server closed the connection unexpectedly\n\
             \tbefore or while processing the request.\n\
             pg_dump: detail: Query was: {query}pg_dump: error: and this\n"
        ));
        insta::assert_snapshot!(said, @r"
        error: query failed: server closed the connection unexpectedly
        	before or while processing the request.
        detail: Query was: SELECT a, b
        error: and this
        ");
        let long = format!("pg_dump: detail: Query was: {}", "é".repeat(1000));
        assert_eq!(Said::new(&long).to_string().chars().count(), 201);
    }

    #[test]
    fn long_commands_do_not_either() {
        let command = "do $$ begin\n  perform 1;\n".repeat(20);
        let said = Said::new(&format!(
            "pg_restore: error: could not execute query: ERROR:  this is not it\n\
             CONTEXT:  PL/pgSQL function inline_code_block line 11 at RAISE\nCommand was: {command}end $$;\n\n"
        ));
        insta::assert_snapshot!(said, @r"
        error: could not execute query: ERROR:  this is not it
        CONTEXT:  PL/pgSQL function inline_code_block line 11 at RAISE
        Command was: do $$ begin
        ");
    }

    #[test]
    fn passwords_of_others_are_not_shown() {
        let said = Said::new(
            "pg_restore: error: could not execute query: ERROR:  subscription \"s\" already exists\n\
             Command was: CREATE SUBSCRIPTION s CONNECTION 'host=h password=topsecret' PUBLICATION p;\n\
             pg_restore: error: could not execute query: ERROR:  no\n\
             Command was: CREATE USER MAPPING FOR a SERVER b OPTIONS (\n    password 'topsecret'\n);\n",
        );
        assert!(!said.to_string().contains("topsecret"), "{said}");
        assert!(said.to_string().contains("CREATE SUBSCRIPTION s"), "{said}");
    }

    #[test]
    fn a_missing_role_is_named() {
        let said = Said::new("pg_restore: error: could not execute query: ERROR:  role \"app\" does not exist");
        assert_eq!(said.help().unwrap(), "create the role `app` on the target first: a dump holds no roles");
    }

    #[test]
    fn silence_is_said_too() {
        assert_eq!(Said::new("\n").to_string(), "it said nothing");
        assert_eq!(Said::new("").help(), None);
    }
}
