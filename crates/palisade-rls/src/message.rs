//! Many statements as one message, and the way back from an error to a line of a file.

use std::ops::Range;

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
    /// Behind which character of the message that is another number, because something else stands in place of a text, and by how much.
    edits: Vec<(usize, isize)>,
    /// Where the text begins in the message, and the character behind it: the server may point there, at the end of the input.
    characters: (usize, usize),
    /// How many commands are done before its first one.
    commands_before: usize,
    statement: Statement<'a>,
}

/// A text that stands in place of another one in a statement. Several are in the order in which they stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Of the statement's text.
    pub(crate) bytes: Range<usize>,
    /// What stands there instead.
    pub(crate) text: String,
}

/// The text of a statement with something else in place of some texts.
pub(crate) fn edited(statement: &Statement<'_>, edits: &[Edit]) -> String {
    let mut text = statement.text.to_owned();
    for edit in edits.iter().rev() {
        if text.get(edit.bytes.clone()).is_some() {
            text.replace_range(edit.bytes.clone(), &edit.text);
        }
    }
    text
}

impl Part<'_> {
    fn shift(&self, position: Option<usize>) -> usize {
        let behind = self.edits.iter().rfind(|(end, _)| position.is_some_and(|it| *end < it));
        self.shift.saturating_add_signed(behind.map_or(0, |(_, grown)| *grown))
    }
}

impl<'a> Message<'a> {
    /// Adds SQL of ours, each command with its semicolon.
    pub(crate) fn add(&mut self, sql: &str) -> Result<(), LexError> {
        self.commands += split(sql)?.len();
        self.push(sql);
        Ok(())
    }

    /// Adds one statement of a file.
    pub(crate) fn add_statement(&mut self, file: &'a PolicyFile, statement: Statement<'a>) {
        self.add_edited(file, statement, &[]);
    }

    /// Adds one statement of a file in which something else stands in place of some texts.
    pub(crate) fn add_edited(&mut self, file: &'a PolicyFile, statement: Statement<'a>, edits: &[Edit]) {
        let before = file.sql.get(..statement.start).map_or(0, |it| it.chars().count());
        let (mut grown, mut moved) = (0_isize, Vec::new());
        for edit in edits {
            let count = |text: Option<&str>| isize::try_from(text.unwrap_or_default().chars().count()).unwrap_or(0);
            grown += count(Some(&edit.text)) - count(statement.text.get(edit.bytes.clone()));
            let end = statement.text.get(..edit.bytes.end).map_or(0, |it| it.chars().count());
            moved.push((end.saturating_add_signed(grown), grown));
        }
        // Comments of the file are not in the message. Nothing in it stands further to the front than in its file.
        let shrunk = moved.iter().map(|(_, grown)| grown.min(&0).unsigned_abs()).max().unwrap_or(0);
        self.push(&" ".repeat((before + shrunk).saturating_sub(self.characters)));
        let begin = self.characters;
        let moved = moved.into_iter().map(|(end, grown)| (begin + end, grown)).collect();
        let text = edited(&statement, edits);
        self.add_part(file, begin.saturating_sub(before), moved, &text, statement);
    }

    /// Adds a command of ours that an error is to be told of as one of the statement.
    pub(crate) fn add_for(&mut self, file: &'a PolicyFile, statement: Statement<'a>, sql: &str) {
        self.add_part(file, self.characters, Vec::new(), sql, statement);
    }

    fn add_part(
        &mut self,
        file: &'a PolicyFile,
        shift: usize,
        edits: Vec<(usize, isize)>,
        text: &str,
        statement: Statement<'a>,
    ) {
        let begin = self.characters;
        // Up to and with the semicolon: an unfinished statement ends there for the server.
        let characters = (begin, begin + text.chars().count() + 2);
        let commands_before = self.commands;
        self.commands += 1;
        self.push(text);
        // The line break ends a comment in the last line.
        self.push("\n;\n");
        self.parts.push(Part { file, shift, edits, characters, commands_before, statement });
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
        self.characters += sql.chars().count();
    }

    /// Places an error in the file that it comes from; gives it back if it comes from none. `commands` had been completed.
    pub(crate) fn place(&self, commands: usize, error: DbError) -> Result<SqlFailure, DbError> {
        let position = error.server().and_then(|it| it.position);
        // A syntax error anywhere in the message comes before its first command.
        let holds = |part: &&Part<'a>| position.is_some_and(|at| (part.characters.0..part.characters.1).contains(&at));
        match self.running(commands).or_else(|| self.parts.iter().find(holds)) {
            Some(part) => {
                let text = SqlText { file: part.file.path.as_str(), text: &part.file.sql };
                Ok(SqlFailure::new(text, error, part.shift(position), Some(part.statement.start)))
            }
            None => Err(error),
        }
    }

    /// What was under way when `commands` commands had been completed.
    fn running(&self, commands: usize) -> Option<&Part<'a>> {
        self.parts.iter().find(|it| it.commands_before == commands)
    }
}

#[cfg(test)]
mod tests {
    use palisade_sql::split;

    use super::{Edit, Message, edited};
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
                Some(running) => assert_eq!(running.statement.text, statement.text),
                None => assert!(!files.iter().any(|it| it.sql.contains(statement.text)), "{}", statement.text),
            }
        }
    }

    #[test]
    fn a_position_in_the_message_is_the_same_place_in_the_file() {
        let files = files();
        let message = message(&files);
        for part in &message.parts {
            let before = part.file.sql[..part.statement.start].chars().count();
            let count = part.statement.text.chars().count();
            let found: String = message.sql.chars().skip(before + part.shift).take(count).collect();
            assert_eq!(found, part.statement.text);
        }
    }

    #[test]
    fn so_it_is_behind_a_text_that_stands_in_place_of_another() {
        let file =
            PolicyFile { path: "a".into(), sql: ";-- ä\n;create policy ü on t using (a) with check (b)".into() };
        let statement = split(&file.sql).unwrap().remove(0);
        let edit = |old: &str, text: &str| {
            let begin = statement.text.find(old).unwrap();
            Edit { bytes: begin..begin + old.len(), text: text.to_owned() }
        };
        let edits = [edit("ü", "öööö"), edit("policy ü on t", "x"), edit("a)", "aaaa)")];
        for edits in [&edits[..1], &edits[1..], &edits[2..]] {
            let mut message = Message::default();
            message.add("begin;").unwrap();
            message.add_edited(&file, statement.clone(), edits);
            assert!(message.sql.contains(&edited(&statement, edits)));
            for name in ["b)", "with"] {
                let at = |text: &str| text[..text.rfind(name).unwrap()].chars().count() + 1;
                let position = at(&message.sql);
                assert_eq!(position - message.parts[0].shift(Some(position)), at(&file.sql), "{name} {edits:?}");
            }
        }
    }
}
