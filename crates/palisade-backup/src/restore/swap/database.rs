//! What a database is, apart from what is in it.

use std::fmt::Write as _;

use palisade_db::{Connection, DbError, Row, batch};
use palisade_sql::{Ident, IdentError, Literal, LiteralError};
use serde::Deserialize;

use super::run;

/// What a database has that a backup does not hold.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Described {
    owner: String,
    encoding: String,
    collate: String,
    ctype: String,
    /// `c` for the C library, `i` for ICU, `b` for Postgres itself.
    provider: String,
    locale: Option<String>,
    rules: Option<String>,
    tablespace: String,
    connection_limit: i64,
    comment: Option<String>,
    /// Whether somebody has changed them ever.
    has_rights: bool,
    /// Role (or everybody), right, and whether it may be given on.
    rights: Vec<(Option<String>, String, bool)>,
    /// Role (or everybody), parameter, value.
    settings: Vec<(Option<String>, String, String)>,
}

/// Asks about the database with this name.
pub(super) async fn describe(connection: &mut Connection, name: &str) -> Result<Described, DbError> {
    let sql = include_str!("database.sql").replace("$name", &literal(name)?);
    let rows = batch(connection, &sql).await.map_err(|it| it.error)?.rows;
    let text: String = rows.first().ok_or_else(|| unexpected("the database is gone"))?.try_get(0)?;
    serde_json::from_str(&text).map_err(|it| unexpected(&it.to_string()))
}

impl Described {
    /// Makes an empty database of the same kind. `template0` is the only one that fits every encoding and locale.
    pub(super) fn create_sql(&self, name: &Ident) -> Result<String, DbError> {
        let Self { owner, encoding, collate, ctype, provider, locale, rules, tablespace, connection_limit, .. } = self;
        let mut sql = format!(
            "create database {name} template template0 owner {} encoding {} lc_collate {} lc_ctype {} connection limit {connection_limit}",
            ident(owner)?,
            literal(encoding)?,
            literal(collate)?,
            literal(ctype)?,
        );
        // To name the one that it has anyway takes a right that nobody has who is no superuser.
        if tablespace != "pg_default" {
            let _ = write!(sql, " tablespace {}", ident(tablespace)?);
        }
        let options = match provider.as_str() {
            "i" => [("icu_locale", locale), ("icu_rules", rules)],
            "b" => [("builtin_locale", locale), ("icu_rules", &None)],
            _ => [("locale", &None), ("icu_rules", &None)],
        };
        let provider = match provider.as_str() {
            "i" => "icu",
            "b" => "builtin",
            _ => "libc",
        };
        sql.push_str(" locale_provider ");
        sql.push_str(provider);
        for (option, value) in options {
            if let Some(value) = value {
                let _ = write!(sql, " {option} {}", literal(value)?);
            }
        }
        Ok(sql)
    }

    /// Gives a database the settings, the rights and the comment of this one. `connection` is one of that database itself.
    pub(super) async fn carry_over(&self, connection: &mut Connection, name: &Ident) -> Result<(), DbError> {
        let mut sql = String::from("begin;\n");
        if let Some(comment) = &self.comment {
            let _ = writeln!(sql, "comment on database {name} is {};", literal(comment)?);
        }
        if self.has_rights {
            let _ = writeln!(sql, "revoke all on database {name} from public, {};", ident(&self.owner)?);
            for (role, right, may_give_on) in &self.rights {
                let role = role.as_deref().map_or(Ok("public".to_owned()), ident)?;
                let right = match right.as_str() {
                    "CREATE" => "create",
                    "CONNECT" => "connect",
                    "TEMPORARY" => "temporary",
                    other => return Err(unexpected(&format!("`{other}` is not known as a right on databases"))),
                };
                let on = if *may_give_on { " with grant option" } else { "" };
                let _ = writeln!(sql, "grant {right} on database {name} to {role}{on};");
            }
        }
        for (role, parameter, value) in &self.settings {
            let parts: Vec<String> = parameter.split('.').map(ident).collect::<Result<_, _>>()?;
            let whose = match role {
                Some(role) => format!("role {} in database {name}", ident(role)?),
                None => format!("database {name}"),
            };
            // What a value means as text of SQL depends on the parameter. Set in this transaction only, it is taken from there as it is.
            let _ = writeln!(
                sql,
                "select pg_catalog.set_config({}, {}, true); alter {whose} set {} from current;",
                literal(parameter)?,
                literal(value)?,
                parts.join("."),
            );
        }
        sql.push_str("commit");
        run(connection, &sql).await
    }
}

fn ident(name: &str) -> Result<String, DbError> {
    Ident::new(name).map(|it| it.to_string()).map_err(|it: IdentError| unexpected(&it.to_string()))
}

fn literal(value: &str) -> Result<String, DbError> {
    Literal::new(value).map(|it| it.to_string()).map_err(|it: LiteralError| unexpected(&it.to_string()))
}

fn unexpected(reason: &str) -> DbError {
    DbError::Unexpected { reason: reason.to_owned() }
}
