//! Many statements as one message, and the way back from an error to a line of a file.

use palisade_db::{DbError, SqlFailure, SqlText};
use palisade_sql::{LexError, Statement, split};

use crate::script::PolicyFile;

/// A message for the server: SQL of ours, and statements of files between it.
#[derive(Debug, Default)]
pub(crate) struct Message<'a> {
    /// The SQL.
    pub(crate) sql: String,
    characters: usize,
    commands: usize,
    parts: Vec<Part<'a>>,
}

/// A text of a file inside the message.
#[derive(Debug)]
struct Part<'a> {
    file: &'a PolicyFile,
    /// How much further back a character stands in the message than in its file, as the server counts.
    shift: usize,
    /// Where the text begins in the message, and the character behind it: the server may point there, at the end of the input.
    characters: (usize, usize),
    /// How many commands are done before its first one.
    commands_before: usize,
    statements: Vec<Statement<'a>>,
}

impl<'a> Message<'a> {
    /// Adds SQL of ours, each command with its semicolon.
    pub(crate) fn add(&mut self, sql: &str) -> Result<(), LexError> {
        self.commands += split(sql)?.len();
        self.push(sql);
        Ok(())
    }

    /// Adds a whole file.
    pub(crate) fn add_file(&mut self, file: &'a PolicyFile) -> Result<(), LexError> {
        let statements = split(&file.sql)?;
        self.add_part(file, 0, &file.sql, statements);
        Ok(())
    }

    /// Adds one statement of a file.
    pub(crate) fn add_statement(&mut self, file: &'a PolicyFile, statement: Statement<'a>) {
        let before = file.sql.get(..statement.start).map_or(0, |it| it.chars().count());
        self.add_part(file, before, statement.text, vec![statement]);
    }

    fn add_part(&mut self, file: &'a PolicyFile, before: usize, text: &str, statements: Vec<Statement<'a>>) {
        let begin = self.characters;
        // Up to and with the semicolon: an unfinished statement ends there for the server.
        let characters = (begin, begin + text.chars().count() + 2);
        let (commands_before, shift) = (self.commands, begin.saturating_sub(before));
        self.commands += statements.len();
        self.push(text);
        // The line break ends a comment in the last line, the semicolon a last statement without one.
        self.push("\n;\n");
        self.parts.push(Part { file, shift, characters, commands_before, statements });
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
        self.characters += sql.chars().count();
    }

    /// Places an error in the file that it comes from; gives it back if it comes from none. `commands` had been completed.
    pub(crate) fn place(&self, commands: usize, error: DbError) -> Result<SqlFailure, DbError> {
        let text = |part: &Part<'a>| SqlText { file: part.file.path.as_str(), text: &part.file.sql };
        if let Some((part, statement)) = self.running(commands) {
            return Ok(SqlFailure::new(text(part), error, part.shift, Some(statement.start)));
        }
        // A syntax error anywhere in the message comes before its first command.
        let position = error.server().and_then(|it| it.position);
        let holds = |part: &&Part<'a>| position.is_some_and(|at| (part.characters.0..part.characters.1).contains(&at));
        match self.parts.iter().find(holds) {
            Some(part) => {
                let last = part.statements.last().map(|it| it.start);
                Ok(SqlFailure::new(text(part), error, part.shift, last))
            }
            None => Err(error),
        }
    }

    /// The statement that was under way when `commands` commands had been completed.
    fn running(&self, commands: usize) -> Option<(&Part<'a>, &Statement<'a>)> {
        self.parts.iter().find_map(|part| {
            let index = commands.checked_sub(part.commands_before)?;
            part.statements.get(index).map(|statement| (part, statement))
        })
    }
}

#[cfg(test)]
mod tests {
    use palisade_sql::split;

    use super::Message;
    use crate::script::PolicyFile;

    fn files() -> Vec<PolicyFile> {
        let file = |path: &str, sql: &str| PolicyFile { path: path.into(), sql: sql.to_owned() };
        vec![
            file("rls/a.sql", "-- ä\nalter table if exists only public.a enable row level security; ; -- end"),
            file("rls/b.sql", ""),
            file("rls/c.sql", "drop policy if exists p on c;\ncreate policy p on c;\ngrant select on table d to anon;"),
        ]
    }

    fn message(files: &[PolicyFile]) -> Message<'_> {
        let mut message = Message::default();
        message.add("begin; select 'ü';\n").unwrap();
        for file in files {
            message.add("set local search_path to default;\n").unwrap();
            message.add_file(file).unwrap();
        }
        for file in files {
            for statement in split(&file.sql).unwrap() {
                message.add("select 'before';\n").unwrap();
                message.add_statement(file, statement);
            }
        }
        message.add("commit;\n").unwrap();
        message
    }

    #[test]
    fn the_number_of_completed_commands_leads_back_to_the_statement() {
        let files = files();
        let message = message(&files);
        let statements = split(&message.sql).unwrap();
        assert_eq!(statements.len(), message.commands);
        for (index, statement) in statements.iter().enumerate() {
            match message.running(index) {
                Some((_, running)) => assert_eq!(running.text, statement.text),
                None => assert!(!files.iter().any(|it| it.sql.contains(statement.text)), "{}", statement.text),
            }
        }
    }

    #[test]
    fn a_position_in_the_message_is_the_same_place_in_the_file() {
        let files = files();
        let message = message(&files);
        for part in &message.parts {
            for statement in &part.statements {
                let before = part.file.sql[..statement.start].chars().count();
                let count = statement.text.chars().count();
                let found: String = message.sql.chars().skip(before + part.shift).take(count).collect();
                assert_eq!(found, statement.text);
            }
        }
    }
}
