//! What a file must not hold, found before anything runs.

use std::fmt;

use palisade_sql::{Excerpt, LexError, LexProblem, excerpt, split};

use crate::migration::MigrationFile;
use crate::unit::{UnitProblem, alone, units};

/// A file that cannot be run as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckError {
    /// The file.
    pub file: String,
    /// The line.
    pub excerpt: Excerpt,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    ByteOrderMark,
    Lex(LexError),
    TransactionControl,
    NeedsNoTransaction,
    CopyThroughClient,
    Empty,
    Unit(UnitProblem),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::ByteOrderMark => f.write_str("no server can read the byte order mark that stands here")?,
            Problem::Lex(error) => write!(f, "{error}")?,
            Problem::TransactionControl => f.write_str("a migration runs in one transaction, and this would end it")?,
            Problem::NeedsNoTransaction => f.write_str("this statement cannot run inside a transaction")?,
            Problem::CopyThroughClient => f.write_str("rows of a COPY cannot stand in a migration")?,
            Problem::Empty => f.write_str("this migration has no statement")?,
            Problem::Unit(problem) => f.write_str(match problem {
                UnitProblem::UnnamedIndex => "an index built concurrently needs a name",
                UnitProblem::BeginWithoutCommit => "a transaction that begins here is not committed in the file",
                UnitProblem::CommitWithoutBegin => "there is no transaction to commit here",
                UnitProblem::Rollback => "a migration that takes back a part of itself cannot be resumed",
                UnitProblem::TwoPhase => "a prepared transaction would outlive the migration",
                UnitProblem::AloneInTransaction => "this statement cannot run inside a transaction",
                UnitProblem::DiscardAll => "this would give up the lock that keeps two runs apart",
            })?,
        }
        write!(f, "\n --> {}:{}\n{}", self.file, self.excerpt.at, self.excerpt)
    }
}

impl std::error::Error for CheckError {}

impl CheckError {
    /// What to do next.
    pub fn help(&self) -> String {
        let text = match self.problem {
            Problem::Lex(LexError { problem: LexProblem::PsqlCommand, .. }) => {
                "remove the line; what `\\set` and `\\i` did must stand in the file itself"
            }
            // Without a word it could only be left out of what runs, not of the checksum, and sqlx would fail on the file.
            Problem::ByteOrderMark => "save the file as UTF-8 without it",
            Problem::Lex(_) => "close what is open at the marked place",
            Problem::TransactionControl => {
                "remove BEGIN and COMMIT; for several transactions make `-- no-transaction` the first line of the file"
            }
            Problem::NeedsNoTransaction => {
                "move it into a migration of its own whose first line is `-- no-transaction`"
            }
            // Applied as it is, it could not be filled in any more: that would be an edit of an applied file.
            Problem::Empty => {
                "write what it shall do, or remove the file; one that is to do nothing on purpose says `select 1;`"
            }
            Problem::CopyThroughClient => "write INSERT statements, or load the rows with `seeds/` or psql",
            Problem::Unit(UnitProblem::UnnamedIndex) => {
                "write `create index concurrently <name> on …`: only by its name a half-built index is found again"
            }
            Problem::Unit(UnitProblem::BeginWithoutCommit | UnitProblem::CommitWithoutBegin) => {
                "write BEGIN and COMMIT in pairs around statements that belong together"
            }
            Problem::Unit(UnitProblem::Rollback | UnitProblem::TwoPhase) => "remove it",
            Problem::Unit(UnitProblem::DiscardAll) => "remove it: settings are put back between files anyway",
            Problem::Unit(UnitProblem::AloneInTransaction) => "move it out of BEGIN … COMMIT",
        };
        text.to_owned()
    }
}

/// Looks for what could not be run, or not be resumed. Whether the SQL means anything is for the server to say.
///
/// # Errors
///
/// The first [`CheckError`] of the file.
pub fn check(file: &MigrationFile) -> Result<(), CheckError> {
    let fail = |problem, at| CheckError { file: file.file.clone(), excerpt: excerpt(&file.sql, at), problem };
    if file.sql.starts_with('\u{feff}') {
        return Err(fail(Problem::ByteOrderMark, 0));
    }
    let statements = split(&file.sql).map_err(|error| fail(Problem::Lex(error), error.start))?;
    if statements.is_empty() {
        return Err(fail(Problem::Empty, 0));
    }
    if let Some(it) = statements.iter().find(|it| it.copies_through_client()) {
        return Err(fail(Problem::CopyThroughClient, it.start));
    }
    if !file.is_transactional() {
        units(&file.sql, &statements).map_err(|(problem, at)| fail(Problem::Unit(problem), at))?;
        return Ok(());
    }
    for it in &statements {
        if it.transaction_control().is_some() {
            return Err(fail(Problem::TransactionControl, it.start));
        }
        match alone(it) {
            Ok(None) => {}
            Err((UnitProblem::DiscardAll, at)) => return Err(fail(Problem::Unit(UnitProblem::DiscardAll), at)),
            Ok(Some(_)) | Err(_) => return Err(fail(Problem::NeedsNoTransaction, it.start)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::migration::MigrationFile;

    fn refuse(sql: &str) -> String {
        check(&MigrationFile { file: "migrations/1_a.sql".to_owned(), sql: sql.to_owned() }).unwrap_err().to_string()
    }

    #[test]
    fn the_place_is_shown() {
        insta::assert_snapshot!(refuse("create table t ();\n  commit;\n"), @r"
        a migration runs in one transaction, and this would end it
         --> migrations/1_a.sql:2:3
        2 |   commit;
          |   ^
        ");
        insta::assert_snapshot!(refuse("select 1;\ncreate index concurrently i on t (a);\n"), @r"
        this statement cannot run inside a transaction
         --> migrations/1_a.sql:2:1
        2 | create index concurrently i on t (a);
          | ^
        ");
        insta::assert_snapshot!(refuse("\\connect other"), @r"
        a backslash command of psql: only psql knows it, a server does not
         --> migrations/1_a.sql:1:1
        1 | \connect other
          | ^
        ");
    }

    #[test]
    fn a_file_without_a_statement_is_one_that_somebody_has_still_to_write() {
        for sql in ["", "\n", "-- add users\n", "/* later */ ;\n", "-- no-transaction\n"] {
            assert!(refuse(sql).starts_with("this migration has no statement\n --> migrations/1_a.sql:1:1"), "{sql}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_called_by_its_name() {
        let error = refuse("\u{feff}-- no-transaction\nvacuum;");
        assert!(error.starts_with("no server can read the byte order mark"), "{error}");
    }

    #[test]
    fn ordinary_files_pass() {
        let sql =
            "create function f() returns void language plpgsql as $$ begin commit; end $$; savepoint a; rollback to a;";
        check(&MigrationFile { file: String::new(), sql: sql.to_owned() }).unwrap();
    }
}
