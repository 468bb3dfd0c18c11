//! The note in a database that it belongs to a protected environment.
//!
//! URLs do not tell which database they lead to: a server has many names, and some are known only once a secret is read. So the
//! push to a protected environment writes down, in the database itself, whose it is, and every later connection reads that
//! with its first question. The note holds the identity of the server and the database, so that a copy of it, such as a
//! restored backup, is free.

use palisade_plan::Target;
use palisade_sql::Literal;

use crate::error::DbError;
use crate::execute::batch;
use crate::lock::Session;

/// Notes that the database of `session` belongs to the protected environment of `target`, unless it stands there already.
/// Does nothing if that environment is not protected. `who` runs it.
///
/// # Errors
///
/// [`DbError`] if it could not be written; nothing is written then.
pub async fn protect(session: &mut Session, target: &Target, who: &str) -> Result<(), DbError> {
    let Target { environment, protected, identity, protected_by } = target;
    if !protected || protected_by.contains(environment) {
        return Ok(());
    }
    let system = match &identity.system {
        Some(system) => literal(system)?,
        None => "null".to_owned(),
    };
    let (environment, who, oid) = (literal(environment)?, literal(who)?, identity.database_oid);
    let sql = format!(
        "{}insert into palisade.protection (environment, system_identifier, database_oid, noted_by) \
         values ({environment}, {system}, {oid}, {who})",
        include_str!("protection/create.sql")
    );
    batch(session.connection(), &sql).await.map(drop).map_err(|it| it.error)
}

/// Takes back what [`protect`] wrote for `environment`; who did so, and when, stays. Other environments keep theirs.
///
/// # Errors
///
/// [`DbError`] if it could not be taken back.
pub async fn unprotect(session: &mut Session, environment: &str, who: &str) -> Result<(), DbError> {
    let sql = format!(
        "update palisade.protection set lifted_at = pg_catalog.clock_timestamp(), lifted_by = {} \
         where environment = {} and lifted_at is null",
        literal(who)?,
        literal(environment)?
    );
    batch(session.connection(), &sql).await.map(drop).map_err(|it| it.error)
}

fn literal(text: &str) -> Result<String, DbError> {
    Literal::new(text).map(|it| it.to_string()).map_err(|it| DbError::Unexpected { reason: it.to_string() })
}
