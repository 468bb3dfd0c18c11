//! All files as one message and one transaction, and the way back from an error to a line of a file.

use std::fmt::Write as _;
use std::time::Duration;

use palisade_db::{DbError, SqlFailure, SqlText};
use palisade_sql::{LexError, ObjectName, Statement, split};

use crate::script::PolicyFile;
use crate::state::{Moment, state_sql};

/// How the transaction ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End<'a> {
    /// What was done stays; the SQL runs just before.
    Commit {
        /// Notes down what was done.
        record: &'a str,
    },
    /// Nothing stays.
    Rollback,
}

/// A message for the server.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// The SQL.
    pub(crate) sql: String,
    parts: Vec<Part<'a>>,
}

/// One file inside the message.
#[derive(Debug)]
struct Part<'a> {
    file: &'a PolicyFile,
    /// Where its text begins in the message, in characters, as the server counts.
    start: usize,
    /// The character behind it; the server may point there, at the end of the input.
    end: usize,
    statements: Vec<Statement<'a>>,
    /// How many commands are done before its first one.
    commands_before: usize,
}

/// `begin`, two settings, the reading of the state.
const COMMANDS_OF_PROLOGUE: usize = 4;

impl<'a> Message<'a> {
    /// Puts `files` between two readings of the state. `reset` is one or several commands that put the session into a
    /// known state. With `begun` the transaction is open already.
    pub(crate) fn compose(
        reset: &str,
        files: &'a [PolicyFile],
        lock_timeout: Duration,
        end: End<'_>,
        begun: bool,
    ) -> Result<Self, LexError> {
        let mut sql = reset.to_owned();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            sql,
            "{};\nset local lock_timeout = {};\nset local search_path = '';\n{};",
            // As many commands either way.
            if begun { "savepoint palisade" } else { "begin" },
            lock_timeout.as_millis().max(1),
            state_sql(Moment::Before)
        );
        let mut commands = split(reset)?.len() + COMMANDS_OF_PROLOGUE;
        let mut parts = Vec::with_capacity(files.len());
        for file in files {
            // A file cannot leak its search_path into the next one.
            sql.push_str("set local search_path to default;\n");
            let statements = split(&file.sql)?;
            let start = sql.chars().count();
            // Up to and with the semicolon: an unfinished statement ends there for the server.
            let end = start + file.sql.chars().count() + 2;
            let part = Part { file, start, end, commands_before: commands + 1, statements };
            commands = part.commands_before + part.statements.len();
            parts.push(part);
            // The line break ends a comment in the last line, the semicolon a last statement without one.
            sql.push_str(&file.sql);
            sql.push_str("\n;\n");
        }
        let _ = writeln!(sql, "set local search_path = '';\n{};", state_sql(Moment::After));
        sql.push_str(match end {
            End::Commit { record } => record,
            End::Rollback => "rollback;\n",
        });
        if let End::Commit { .. } = end {
            sql.push_str("commit;\n");
        }
        Ok(Self { sql, parts })
    }

    /// The statement that was under way when `commands` commands had been completed.
    fn running(&self, commands: usize) -> Option<(&Part<'a>, &Statement<'a>)> {
        self.parts.iter().find_map(|part| {
            let index = commands.checked_sub(part.commands_before)?;
            part.statements.get(index).map(|statement| (part, statement))
        })
    }

    /// Places an error in the file that it comes from; gives it back if it comes from none.
    pub(crate) fn place(&self, commands: usize, error: DbError) -> Result<SqlFailure, DbError> {
        let text = |part: &Part<'a>| SqlText { file: part.file.path.as_str(), text: &part.file.sql };
        if let Some((part, statement)) = self.running(commands) {
            return Ok(SqlFailure::new(text(part), error, part.start, Some(statement.start)));
        }
        // A syntax error anywhere in the message comes before its first command.
        let position = error.server().and_then(|it| it.position);
        let part = position.and_then(|at| self.parts.iter().find(|it| (it.start..it.end).contains(&at)));
        match part {
            Some(part) => {
                let last = part.statements.last().map(|it| it.start);
                Ok(SqlFailure::new(text(part), error, part.start, last))
            }
            None => Err(error),
        }
    }

    /// The table that the statement under way is about.
    pub(crate) fn table(&self, commands: usize) -> Option<ObjectName> {
        let (_, statement) = self.running(commands)?;
        let is_on = |index: &usize| statement.words_at(*index, &["on"]);
        let at = if statement.begins_with(&["alter", "table"]) {
            let words = ["if", "exists", "only"];
            (2..statement.tokens.len()).find(|index| !words.iter().any(|word| statement.words_at(*index, &[word])))?
        } else {
            let on = (0..statement.tokens.len()).find(is_on)?;
            on + 1 + usize::from(statement.words_at(on + 1, &["table"]))
        };
        statement.name_at(at).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use palisade_sql::split;

    use super::{End, Message};
    use crate::script::PolicyFile;

    fn files() -> Vec<PolicyFile> {
        let file = |path: &str, sql: &str| PolicyFile { path: path.into(), sql: sql.to_owned() };
        vec![
            file("rls/a.sql", "-- ä\nalter table if exists only public.a enable row level security; ; -- end"),
            file("rls/b.sql", ""),
            file("rls/c.sql", "drop policy if exists p on c;\ncreate policy p on c;\ngrant select on table d to anon;"),
        ]
    }

    #[test]
    fn the_number_of_completed_commands_leads_back_to_the_statement() {
        let files = files();
        let end = End::Commit { record: "select 'record';\n" };
        let message =
            Message::compose("reset role; reset all;\n", &files, Duration::from_millis(100), end, false).unwrap();
        let statements = split(&message.sql).unwrap();
        for (index, statement) in statements.iter().enumerate() {
            match message.running(index) {
                Some((_, running)) => assert_eq!(running.text, statement.text),
                None => assert!(!files.iter().any(|it| it.sql.contains(statement.text)), "{}", statement.text),
            }
        }
        assert!(statements[2 + super::COMMANDS_OF_PROLOGUE].text.contains("search_path to default"));
        assert_eq!(statements.last().unwrap().text, "commit");
    }

    #[test]
    fn a_position_in_the_message_is_the_same_place_in_the_file() {
        let files = files();
        let message = Message::compose("", &files, Duration::ZERO, End::Rollback, true).unwrap();
        for part in &message.parts {
            let found: String = message.sql.chars().skip(part.start).take(part.file.sql.chars().count()).collect();
            assert_eq!(found, part.file.sql);
        }
    }

    #[test]
    fn the_table_that_is_waited_for_is_known() {
        let files = files();
        let message = Message::compose("", &files, Duration::ZERO, End::Rollback, true).unwrap();
        let tables: Vec<_> = (0..20).filter_map(|it| message.table(it)).map(|it| it.parts.join(".")).collect();
        assert_eq!(tables, ["public.a", "c", "c", "d"]);
    }
}
