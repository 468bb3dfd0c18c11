//! The units of a file without transaction: what is done for good, one after the other.

use palisade_sql::{ObjectName, Statement, Token, TokenKind, TransactionControl};
use sha2::{Digest, Sha256};

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit<'a> {
    pub(crate) kind: UnitKind,
    /// The text to send.
    pub(crate) text: &'a str,
    /// Its first byte in the file.
    pub(crate) start: usize,
    /// The number of its first statement in the file, from 0.
    pub(crate) statement: usize,
}

/// How a unit runs, and how it is found out whether one that was interrupted is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// In a transaction of its own, together with the note that it is done.
    Transaction {
        /// The file's own `BEGIN …`, if it has one.
        begin: Option<String>,
    },
    /// A setting of the session; repeated when a later run goes on behind it.
    Setting,
    /// Outside any transaction.
    Alone(Alone),
}

/// A statement that Postgres takes outside transactions only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alone {
    /// `CREATE INDEX CONCURRENTLY`: interrupted, it leaves an [invalid index][docs].
    ///
    /// [docs]: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    CreateIndex {
        /// The index's own name.
        index: String,
        /// The table as written.
        table: ObjectName,
    },
    /// `DROP INDEX CONCURRENTLY`
    DropIndex {
        /// The index as written.
        index: ObjectName,
    },
    /// `REINDEX … CONCURRENTLY`: interrupted, it leaves an invalid twin, `…_ccnew` or `…_ccold`.
    Reindex {
        /// Whose twins they are.
        scope: Scope,
    },
    /// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`: interrupted, it waits for FINALIZE.
    Detach {
        /// The parent as written.
        parent: ObjectName,
        /// The partition as written.
        partition: ObjectName,
    },
    /// Doing it twice is as good as once.
    Repeatable,
    /// Nobody can tell from outside whether it was done.
    Unknown,
}

/// What a `REINDEX` is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A table or an index, as written.
    Relation(ObjectName),
    /// All of a schema.
    Schema(String),
    /// All of the database.
    Database,
}

/// Why a file cannot be cut into units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnitProblem {
    UnnamedIndex,
    BeginWithoutCommit,
    CommitWithoutBegin,
    Rollback,
    TwoPhase,
    AloneInTransaction,
    /// `DISCARD ALL`, which gives up every advisory lock, ours too.
    DiscardAll,
}

/// A problem and the byte at which it begins.
pub(crate) type Misfit = (UnitProblem, usize);

/// Cuts the statements of a file into units.
pub(crate) fn units<'a>(sql: &'a str, statements: &[Statement<'a>]) -> Result<Vec<Unit<'a>>, Misfit> {
    let mut units = Vec::new();
    let mut open: Option<(usize, &Statement<'a>)> = None;
    for (number, statement) in statements.iter().enumerate() {
        let fail = |problem| Err((problem, statement.start));
        match (statement.transaction_control(), open) {
            (Some(TransactionControl::TwoPhase), _) => return fail(UnitProblem::TwoPhase),
            (Some(TransactionControl::Rollback), _) => return fail(UnitProblem::Rollback),
            (Some(TransactionControl::Begin), Some(_)) => return fail(UnitProblem::BeginWithoutCommit),
            (Some(TransactionControl::Begin), None) => open = Some((number, statement)),
            (Some(TransactionControl::Commit), None) => return fail(UnitProblem::CommitWithoutBegin),
            (Some(TransactionControl::Commit), Some((first, begin))) => {
                units.extend(group(sql, statements, first, begin, number));
                open = None;
            }
            (None, Some(_)) if alone(statement)?.is_some() => return fail(UnitProblem::AloneInTransaction),
            (None, Some(_)) => {}
            (None, None) => {
                let kind = if sets_session(statement) {
                    UnitKind::Setting
                } else {
                    alone(statement)?.map_or(UnitKind::Transaction { begin: None }, UnitKind::Alone)
                };
                units.push(Unit { kind, text: statement.text, start: statement.start, statement: number });
            }
        }
    }
    match open {
        Some((_, begin)) => Err((UnitProblem::BeginWithoutCommit, begin.start)),
        None => Ok(units),
    }
}

fn group<'a>(
    sql: &'a str,
    statements: &[Statement<'a>],
    first: usize,
    begin: &Statement<'a>,
    commit: usize,
) -> Option<Unit<'a>> {
    let inner = statements.get(first + 1..commit)?;
    let (start, last) = (inner.first()?.start, inner.last()?);
    let text = &sql[start..last.start + last.text.len()];
    let kind = UnitKind::Transaction { begin: Some(begin.text.to_owned()) };
    Some(Unit { kind, text, start, statement: first + 1 })
}

/// SHA-256 over the texts of units: whether what an earlier run did is still what the file says.
pub(crate) fn digest(units: &[Unit<'_>]) -> String {
    let mut hash = Sha256::new();
    for unit in units {
        hash.update((unit.text.len() as u64).to_le_bytes());
        hash.update(unit.text);
    }
    hex::encode(hash.finalize())
}

fn sets_session(statement: &Statement<'_>) -> bool {
    let begins = |words: &[&str]| statement.begins_with(words);
    begins(&["reset"])
        || begins(&["set"])
            && !begins(&["set", "local"])
            && !begins(&["set", "constraints"])
            && !begins(&["set", "transaction"])
}

/// The sort of a statement that is known to run outside transactions only. What is not known here is tried in one, and the
/// server says if that cannot be.
pub(crate) fn alone(statement: &Statement<'_>) -> Result<Option<Alone>, Misfit> {
    let begins = |words: &[&str]| statement.begins_with(words);
    let after_index = if begins(&["create", "unique", "index"]) { 3 } else { 2 };
    if (begins(&["create", "index"]) || after_index == 3) && statement.words_at(after_index, &["concurrently"]) {
        return create_index(statement, after_index + 1).map(Some).ok_or((UnitProblem::UnnamedIndex, statement.start));
    }
    if begins(&["drop", "index", "concurrently"]) {
        let name = if statement.words_at(3, &["if", "exists"]) { 5 } else { 3 };
        let known = statement.name_at(name).map(|(index, _)| Alone::DropIndex { index });
        return Ok(Some(known.unwrap_or(Alone::Unknown)));
    }
    if begins(&["reindex"]) {
        let whole = ["database", "system", "schema"].iter().any(|it| statement.contains(it));
        return Ok(if statement.contains("concurrently") {
            Some(Alone::Reindex { scope: reindex_scope(statement) })
        } else {
            whole.then_some(Alone::Repeatable)
        });
    }
    if begins(&["alter", "table"]) && statement.contains("detach") && statement.contains("concurrently") {
        return Ok(Some(detach(statement).unwrap_or(Alone::Unknown)));
    }
    if begins(&["discard", "all"]) || statement.contains("pg_advisory_unlock_all") {
        return Err((UnitProblem::DiscardAll, statement.start));
    }
    if begins(&["vacuum"]) || begins(&["alter", "system"]) || (begins(&["cluster"]) && statement.tokens.len() == 1) {
        return Ok(Some(Alone::Repeatable));
    }
    // Generated blocks that fill a column commit now and then, and fill only what is still empty. Of others the server says whether
    // they end transactions.
    let fills = |it: &Token<'_>| it.kind == TokenKind::String && it.text.starts_with("$fill$");
    if begins(&["do"]) && statement.tokens.iter().any(fills) {
        return Ok(Some(Alone::Repeatable));
    }
    let object = ["database", "tablespace", "subscription"];
    let unknown = object.iter().any(|it| begins(&["create", it]) || begins(&["drop", it]));
    Ok(unknown.then_some(Alone::Unknown))
}

fn create_index(statement: &Statement<'_>, mut next: usize) -> Option<Alone> {
    if statement.words_at(next, &["if", "not", "exists"]) {
        next += 3;
    }
    if statement.words_at(next, &["on"]) {
        return None;
    }
    let (index, mut next) = statement.name_at(next)?;
    if !statement.words_at(next, &["on"]) {
        return None;
    }
    next += 1;
    if statement.words_at(next, &["only"]) {
        next += 1;
    }
    let (table, _) = statement.name_at(next)?;
    Some(Alone::CreateIndex { index: index.name().to_owned(), table })
}

/// `REINDEX [ ( option [, …] ) ] { INDEX | TABLE | SCHEMA | DATABASE | SYSTEM } [ CONCURRENTLY ] [ name ]`
fn reindex_scope(statement: &Statement<'_>) -> Scope {
    let symbol = |at: usize, it| statement.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Symbol(it));
    let mut kind = 1;
    if symbol(kind, '(') {
        kind += (kind..statement.tokens.len()).take_while(|it| !symbol(*it, ')')).count() + 1;
    }
    let name = if statement.words_at(kind + 1, &["concurrently"]) { kind + 2 } else { kind + 1 };
    let name = statement.name_at(name).map(|(name, _)| name);
    match name {
        Some(name) if statement.words_at(kind, &["index"]) || statement.words_at(kind, &["table"]) => {
            Scope::Relation(name)
        }
        Some(name) if statement.words_at(kind, &["schema"]) => Scope::Schema(name.name().to_owned()),
        _ => Scope::Database,
    }
}

fn detach(statement: &Statement<'_>) -> Option<Alone> {
    let name = if statement.words_at(2, &["if", "exists"]) { 4 } else { 2 };
    let name = if statement.words_at(name, &["only"]) { name + 1 } else { name };
    let (parent, next) = statement.name_at(name)?;
    if !statement.words_at(next, &["detach", "partition"]) {
        return None;
    }
    let (partition, _) = statement.name_at(next + 2)?;
    Some(Alone::Detach { parent, partition })
}

#[cfg(test)]
mod tests {
    use super::{Alone, Scope, UnitKind, UnitProblem, units};
    use palisade_sql::split;

    fn cut(sql: &str) -> Result<Vec<(String, String)>, UnitProblem> {
        let statements = split(sql).unwrap();
        let found = units(sql, &statements).map_err(|(problem, _)| problem)?;
        Ok(found.iter().map(|it| (format!("{:?}", it.kind), it.text.to_owned())).collect())
    }

    fn kind(sql: &str) -> UnitKind {
        let statements = split(sql).unwrap();
        units(sql, &statements).unwrap()[0].kind.clone()
    }

    #[test]
    fn concurrent_statements_stand_alone() {
        let sql = r#"create unique index concurrently if not exists "My i" on only s.t (a)"#;
        let UnitKind::Alone(Alone::CreateIndex { index, table }) = kind(sql) else { panic!("{sql}") };
        assert_eq!((index.as_str(), table.parts), ("My i", vec!["s".to_owned(), "t".to_owned()]));
        assert!(matches!(kind("drop index concurrently if exists a.b"), UnitKind::Alone(Alone::DropIndex { .. })));
        assert!(matches!(
            kind("alter table only p detach partition c concurrently"),
            UnitKind::Alone(Alone::Detach { .. })
        ));
        assert_eq!(kind("vacuum analyze t"), UnitKind::Alone(Alone::Repeatable));
        let fill = "do $fill$ begin update t set a = 1 where a is null; commit; end $fill$";
        assert_eq!(kind(fill), UnitKind::Alone(Alone::Repeatable));
        assert!(matches!(kind("do $$ begin commit; end $$"), UnitKind::Transaction { .. }));
        let scope = |sql: &str| match kind(sql) {
            UnitKind::Alone(Alone::Reindex { scope: Scope::Relation(name) }) => name.parts.join("."),
            other => format!("{other:?}"),
        };
        assert_eq!(scope("reindex (verbose, tablespace x) table concurrently a.t"), "a.t");
        assert_eq!(scope("reindex (concurrently) index \"T\""), "T");
        assert_eq!(scope("reindex schema concurrently S"), r#"Alone(Reindex { scope: Schema("s") })"#);
        assert_eq!(scope("reindex database concurrently d"), "Alone(Reindex { scope: Database })");
        assert_eq!(kind("reindex table t"), UnitKind::Transaction { begin: None });
        assert_eq!(kind("create index i on t (a)"), UnitKind::Transaction { begin: None });
        assert_eq!(kind("create database x"), UnitKind::Alone(Alone::Unknown));
    }

    #[test]
    fn a_group_is_one_unit() {
        let found = cut("set lock_timeout = '1s'; begin isolation level serializable; update t set a = 1; select 2; commit; vacuum t").unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].0, "Setting");
        assert_eq!(found[1].1, "update t set a = 1; select 2");
        assert!(found[1].0.contains("begin isolation level serializable"));
    }

    #[test]
    fn what_could_not_be_resumed_is_refused() {
        assert_eq!(cut("create index concurrently on t (a)"), Err(UnitProblem::UnnamedIndex));
        assert_eq!(cut("begin; select 1"), Err(UnitProblem::BeginWithoutCommit));
        assert_eq!(cut("select 1; commit"), Err(UnitProblem::CommitWithoutBegin));
        assert_eq!(cut("begin; select 1; rollback"), Err(UnitProblem::Rollback));
        assert_eq!(cut("begin; vacuum t; commit"), Err(UnitProblem::AloneInTransaction));
        assert_eq!(cut("select 1; discard all"), Err(UnitProblem::DiscardAll));
        assert_eq!(cut("select Pg_Catalog.pg_advisory_unlock_all()"), Err(UnitProblem::DiscardAll));
        assert_eq!(cut("begin; prepare transaction 'x'"), Err(UnitProblem::TwoPhase));
    }
}
