//! What was applied last: lets the next run know, without a lock, that there is nothing to do.

use palisade_sql::{Literal, LiteralError};

use crate::state::digest_sql;

/// Notes in the transaction that applies a script which script it was, and which state came of it, unless that stands there already.
/// Two commands.
///
/// In the schema `palisade`, like the history of migrations: `PostgREST` serves every table of `public`.
pub(crate) fn record_sql(script: &str, plan: &str) -> Result<String, LiteralError> {
    let (script, plan) = (Literal::new(script)?, Literal::new(plan)?);
    let state = digest_sql();
    // Asked for only where it is missing: creating a schema needs a right on the database even if it exists.
    Ok(format!(
        "do $palisade$ begin
           if pg_catalog.to_regclass('palisade.row_security') is null then
             if pg_catalog.to_regnamespace('palisade') is null then create schema palisade; end if;
             create table palisade.row_security (
               id pg_catalog.int8 generated always as identity primary key,
               applied_at pg_catalog.timestamptz not null default pg_catalog.clock_timestamp(),
               applied_by pg_catalog.text not null default current_user,
               script_digest pg_catalog.text not null,
               plan_digest pg_catalog.text not null,
               state_digest pg_catalog.text not null
             );
             comment on table palisade.row_security is 'Each run of the policy files that had something to do';
           end if;
         end $palisade$;
         insert into palisade.row_security (script_digest, plan_digest, state_digest)
         select now_true.* from (select {script}, {plan}, {state}) now_true (script, plan, state)
         where not exists (
           select from (
             select script_digest, state_digest from palisade.row_security order by id desc limit 1
           ) last
           where last.script_digest = now_true.script and last.state_digest = now_true.state
         );\n"
    ))
}

/// Asks, in a transaction of its own, whether `script` was the last one to run and nothing has changed since: column
/// `current`. Fails with `undefined_table` where none ever ran.
pub(crate) fn is_current_sql(script: &str) -> Result<String, LiteralError> {
    let script = Literal::new(script)?;
    let state = digest_sql();
    Ok(format!(
        "begin read only;
         set local search_path = '';
         select exists (
           select from (
             select script_digest, state_digest from palisade.row_security order by id desc limit 1
           ) last
           where last.script_digest = {script} and last.state_digest = {state}
         ) as current;
         commit;\n"
    ))
}
