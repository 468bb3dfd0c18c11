//! Everything in a database that decides who may do what to which rows, as one hash that its server computes: whether anything
//! has changed since costs one short answer.

/// One line for each fact; columns `kind`, `object`, `name`, `says`.
const STATE_SQL: &str = include_str!("state/state.sql");

/// An expression: SHA-256 over all lines, in hexadecimal. Needs an empty `search_path`.
pub(crate) fn digest_sql() -> String {
    format!(
        "(select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(pg_catalog.string_agg(line, \
         E'\\n' order by line collate \"C\"), ''), 'UTF8')), 'hex') from (select state::text as line \
         from ({STATE_SQL}\n) state) lines)"
    )
}
