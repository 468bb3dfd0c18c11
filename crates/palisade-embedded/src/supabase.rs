//! What a Supabase database has before its first migration, as far as migrations, policies and seeds refer to it.
//!
//! Roles; the schemas `auth`, `storage`, `realtime`, `extensions` and `graphql_public`; `auth.uid()`, `auth.jwt()`,
//! `auth.role()`, `auth.email()`; the tables that policies and foreign keys name. The definitions say what those of
//! `supabase/postgres`, Auth, Storage and Realtime say; nothing behind them works, no e-mail is ever sent.
//!
//! One difference cannot be hidden: on Supabase `postgres` is no superuser, on our servers it is.

use palisade_config::GrantRegime;
use palisade_db::{Connection, DbError, batch};

use crate::files;

/// SQL that makes any database look like a new Supabase project. It can be run again and again.
///
/// The regimes differ in what the roles of the API get on new tables, sequences and functions in `public`:
///
/// - [`GrantRegime::Before`]: everything, as all projects had it once.
/// - [`GrantRegime::After`]: what is left once Supabase has
///   [revoked](https://supabase.com/changelog/45329-breaking-change-tables-not-exposed-to-data-and-graphql-api-automatically)
///   the rights to read and write rows, to use sequences and to call functions; for existing projects that is on
///   30 October 2026. The other rights of `grant all` stay: a new table still can be truncated by `anon`, whom only the
///   lack of an API for it keeps from doing so; and functions stay callable, through `PUBLIC`.
pub fn stubs_sql(regime: GrantRegime) -> String {
    let grants = match regime {
        GrantRegime::Before => "",
        GrantRegime::After => include_str!("supabase/revoke.sql"),
    };
    [
        ROLES,
        include_str!("supabase/extensions.sql"),
        include_str!("supabase/auth.sql"),
        include_str!("supabase/storage.sql"),
        include_str!("supabase/realtime.sql"),
        include_str!("supabase/grants.sql"),
        grants,
    ]
    .join("\n")
}

/// Runs [`stubs_sql`] in one transaction.
///
/// # Errors
///
/// [`DbError`] if something else of the same name is in the way, or the role may not create roles and schemas.
pub async fn install(connection: &mut Connection, regime: GrantRegime) -> Result<(), DbError> {
    // Without `begin` the server runs one message as one transaction.
    batch(connection, &stubs_sql(regime)).await.map(drop).map_err(|failure| failure.error)
}

/// The roles alone. They belong to the whole cluster: parallel sessions that make them would get in each other's way.
pub(crate) const ROLES: &str = include_str!("supabase/roles.sql");

/// Changes whenever the stubs do.
pub(crate) fn version(regime: GrantRegime) -> String {
    files::short_hash(&stubs_sql(regime))
}
