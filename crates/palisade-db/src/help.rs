//! What to do about the errors that people meet most.

use palisade_sql::SqlState;

use crate::error::ServerError;

/// One sentence for the SQLSTATEs of the guide's "Common errors" and their neighbours.
pub(crate) fn for_server_error(error: &ServerError) -> Option<String> {
    let constraint = error.constraint.as_deref().unwrap_or("the constraint");
    let table = error.table.as_deref().unwrap_or("the table");
    let text = match error.sqlstate? {
        SqlState::INSUFFICIENT_PRIVILEGE => {
            "the role lacks a right: connect as the owner (on Supabase the role `postgres`), or grant it; \
             `cargo xtask doctor` shows who you are"
                .to_owned()
        }
        SqlState::UNIQUE_VIOLATION => format!(
            "two rows have the same value for `{constraint}` of `{table}`: remove or merge the duplicates first, \
             in a migration before this one"
        ),
        SqlState::NOT_NULL_VIOLATION => {
            format!("rows of `{table}` have no value there: fill it first, in a statement before this one")
        }
        SqlState::CHECK_VIOLATION => format!("rows of `{table}` break `{constraint}`: correct them first"),
        SqlState::FOREIGN_KEY_VIOLATION => {
            format!("rows of `{table}` point at rows that are not there (`{constraint}`): correct them first")
        }
        SqlState::DUPLICATE_OBJECT if error.message.starts_with("policy ") => {
            "put `drop policy if exists … on …;` before `create policy`: Postgres has no `create policy if not exists`"
                .to_owned()
        }
        SqlState::DUPLICATE_OBJECT | SqlState::DUPLICATE_TABLE | SqlState::DUPLICATE_COLUMN
        | SqlState::DUPLICATE_SCHEMA | SqlState::DUPLICATE_FUNCTION => {
            "something of this name is there already: was it made by hand? `cargo xtask db-status` shows what the \
             history knows"
                .to_owned()
        }
        SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN | SqlState::UNDEFINED_FUNCTION
        | SqlState::UNDEFINED_OBJECT | SqlState::INVALID_SCHEMA_NAME => {
            "check the spelling and the schema; does a migration before this one make it?".to_owned()
        }
        SqlState::SYNTAX_ERROR => "the server cannot read the SQL at the marked place".to_owned(),
        SqlState::LOCK_NOT_AVAILABLE => {
            "somebody else holds a lock on the object: try again when it is quiet, or raise `lock-timeout`".to_owned()
        }
        SqlState::DEADLOCK_DETECTED | SqlState::SERIALIZATION_FAILURE => {
            "two transactions stood in each other's way; nothing was changed, run the command again".to_owned()
        }
        SqlState::QUERY_CANCELED => "the statement was cancelled: raise `statement-timeout` if it needs longer".to_owned(),
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "the server only reads: is this the address of a replica, or has the disk filled up and the provider \
             switched it to read-only?"
                .to_owned()
        }
        SqlState::DISK_FULL => "the server's disk is full: free or add space, nothing can be written before".to_owned(),
        SqlState::OUT_OF_MEMORY => "the server has no memory left; try again when it is less busy".to_owned(),
        SqlState::TOO_MANY_CONNECTIONS => {
            "all connections of the server are taken: close idle clients, or wait and try again".to_owned()
        }
        SqlState::ACTIVE_SQL_TRANSACTION => {
            "this statement cannot run in a transaction: make `-- no-transaction` the first line of a migration of its own"
                .to_owned()
        }
        SqlState::INFINITE_RECURSION => {
            "a policy reads its own table: move the question into a `security definer` function".to_owned()
        }
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
            "the server was stopped or is starting: run the same command again, it finds out what was done".to_owned()
        }
        _ => return None,
    };
    Some(text)
}
