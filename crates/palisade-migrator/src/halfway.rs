//! What a half-done file has left in a database.

use crate::history::Attempt;
use crate::migration::Migration;
use crate::unit::{digest, units};

/// The states in which an interrupted file without transaction can have left a database, each as SQL that makes it statement by
/// statement: with the units that are noted as done, and with the one behind them, which may be done without a note.
///
/// Empty if nothing of the file is done, or if the part that is done was edited since.
pub fn halfway(migration: &Migration, attempt: &Attempt) -> Vec<String> {
    let sql = &migration.up.sql;
    let Ok(statements) = palisade_sql::split(sql) else { return Vec::new() };
    let Ok(units) = units(sql, &statements) else { return Vec::new() };
    let done = attempt.units_done;
    let same = units.get(..done).is_some_and(|it| done == 0 || digest(it) == attempt.units_digest);
    if migration.up.is_transactional() || !same {
        return Vec::new();
    }
    let text = |count: usize| units[..count].iter().map(|it| format!("{};\n", it.text)).collect::<Vec<_>>().concat();
    (done..=units.len().min(done + 1)).map(text).collect()
}
