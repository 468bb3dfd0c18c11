//! What the files make true, read from a server on which they have run.
//!
//! They run twice in one transaction, which is rolled back, on a throwaway database with the schema that they are for. The server
//! says what they touch: rows of its catalog that the transaction wrote. Rights that a `GRANT` or `REVOKE` decides are told from
//! flags that another statement switches by looking at the rows behind each run of such statements. What a `DROP … IF EXISTS` is
//! about is made before it, where it is not there, and the server is asked what that was.

mod error;
mod ground;
mod on_target;
mod settle;
mod stub;

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, ObjectKey, ObjectKind};
use palisade_db::{Connection, DbError, PgRow, Row, batch, introspect};
use palisade_plan::{Decided, Declared, Side};
use palisade_sql::{LexError, Literal, Statement, split};

use crate::message::Message;
use crate::script::{PolicyFile, PolicyScript};
pub use error::DeclareError;
use ground::Ground;
pub use on_target::declare_on_target;

/// What the declaring changes with: put it into the name of whatever keeps a result.
pub fn declare_recipe() -> String {
    [include_str!("declare/begin.sql"), include_str!("declare/seen.sql"), include_str!("declare/touched.sql")].concat()
}

/// Runs the files on a throwaway database and reads what they declare. Nothing of it stays there.
///
/// # Errors
///
/// [`DeclareError`], with the place in its file if a statement fails.
pub async fn declare(connection: &mut Connection, script: &PolicyScript) -> Result<Declared, DeclareError> {
    let declared = within(connection, script, &Ground::throwaway(script.files())?).await;
    // The transaction is over either way.
    let _ = batch(connection, "rollback").await;
    declared
}

async fn within(
    connection: &mut Connection,
    script: &PolicyScript,
    ground: &Ground<'_>,
) -> Result<Declared, DeclareError> {
    send(connection, &first_run(ground)?).await?;
    let touched = send(connection, &second_run(ground)?).await?;
    let touched = touched.iter().map(Touched::read).collect::<Result<Vec<_>, _>>()?;
    let mut catalog = introspect::everything_within(connection).await?;
    let decided = decided(&touched, &catalog);
    settle::settle(connection, &mut catalog, &decided).await?;
    ground.forget_marker(&mut catalog);
    let roles = roles(connection, script.files(), &catalog).await?;
    ground.stand_ins.check(connection).await?;
    let server = catalog.server.clone();
    let (mut catalog, decided) = ground.stand_ins.home(catalog, decided)?;
    catalog = catalog.only(|key, _| Side::ALL.iter().any(|it| decided.contains(&of(key, *it))));
    catalog.server = server;
    // Which types are cast to which is of no interest here, and long. A plan has the same digest on every machine, whatever minor
    // version is installed there.
    catalog.server.casts.clear();
    catalog.server.version = catalog.server.version / 10_000 * 10_000;
    Ok(Declared { catalog, decided, roles })
}

async fn send(connection: &mut Connection, message: &Message<'_>) -> Result<Vec<PgRow>, DeclareError> {
    match batch(connection, &message.sql).await {
        Ok(done) => Ok(done.rows),
        Err(failed) => Err(message.place(failed.commands, failed.error)?.into()),
    }
}

/// Errors are found here, with their places in whole files.
fn first_run<'a>(ground: &Ground<'a>) -> Result<Message<'a>, LexError> {
    let mut message = Message::default();
    message.add("begin;\nset local search_path = '';\n")?;
    message.add(&ground.begin)?;
    for (file, lines) in &ground.files {
        // A file cannot leak its search_path into the next one.
        message.add("set local search_path to default;\n")?;
        for line in lines {
            line.add(file, &mut message);
        }
    }
    Ok(message)
}

fn second_run<'a>(ground: &Ground<'a>) -> Result<Message<'a>, LexError> {
    let mut message = Message::default();
    let seen = |side: &str| stub::whole_names(&include_str!("declare/seen.sql").replace("$side", side));
    message.add(&seen("before"))?;
    for (file, lines) in &ground.files {
        message.add("set local search_path to default;\n")?;
        let mut about_rights = false;
        for line in lines {
            let is_about_rights = is_about_rights(&line.statement);
            if is_about_rights != about_rights {
                message.add(&seen(if about_rights { "rights" } else { "else" }))?;
                about_rights = is_about_rights;
            }
            for stub in line.stubs()? {
                message.add(&stub)?;
            }
            line.add(file, &mut message);
        }
        message.add(&seen(if about_rights { "rights" } else { "else" }))?;
    }
    message.add("set local search_path = '';\n")?;
    message.add(&ground.end)?;
    message.add(include_str!("declare/touched.sql"))?;
    Ok(message)
}

fn is_about_rights(statement: &Statement<'_>) -> bool {
    [&["grant"][..], &["revoke"], &["alter", "default"]].iter().any(|it| statement.begins_with(it))
}

/// One row of `touched.sql`.
#[derive(Debug)]
struct Touched {
    side: String,
    key: ObjectKey,
}

impl Touched {
    fn read(row: &PgRow) -> Result<Self, DbError> {
        let text = |name: &str| row.try_get::<String, _>(name);
        let fail =
            |what: String| DbError::Unexpected { reason: format!("what the files touch cannot be read: {what}") };
        let (kind, path) = (text("kind")?, text("path")?);
        // The names of kinds in the query are those that files have.
        let kind = serde_json::from_value(kind.clone().into()).map_err(|_| fail(kind))?;
        let path = serde_json::from_str(&path).map_err(|_| fail(path))?;
        Ok(Self { side: text("side")?, key: ObjectKey { kind, path } })
    }
}

fn of(key: &ObjectKey, side: Side) -> Decided {
    Decided { object: key.clone(), side }
}

fn decided(touched: &[Touched], catalog: &Catalog) -> BTreeSet<Decided> {
    let mut found = BTreeSet::new();
    for Touched { side, key } in touched {
        match (side.as_str(), key.kind) {
            // Dropped by now, or an object of Postgres' own.
            ("rights", kind) if catalog.get(key).is_none() && kind != ObjectKind::DefaultPrivileges => {}
            ("rights", kind) => {
                found.insert(of(key, Side::Privileges));
                if kind.is_relation() {
                    // A right on a table is one on each of its columns.
                    let columns = catalog.objects.keys().filter(|it| it.kind == ObjectKind::Column);
                    let columns = columns.filter(|it| it.relation() == key.relation());
                    found.extend(columns.map(|it| of(it, Side::Privileges)));
                }
            }
            ("else", ObjectKind::Table) => {
                // The key under which catalogs keep the flags of a table.
                let path = [key.part(0), key.part(1), "row security"];
                found.insert(of(&ObjectKey::new(ObjectKind::RowSecurity, path), Side::Definition));
            }
            ("else", ObjectKind::View) => {
                found.insert(of(key, Side::Definition));
            }
            ("else" | "definition", kind) if kind.is_routine() || kind == ObjectKind::Policy => {
                found.insert(of(key, Side::Definition));
            }
            ("definition", ObjectKind::Schema) => {
                found.insert(of(key, Side::Definition));
            }
            ("comment", _) => {
                found.insert(of(key, Side::Comment));
            }
            _ => {}
        }
    }
    found
}

/// The roles that the files can know of: those that have a say anywhere in the database that they are for, and those that they
/// take rights from.
async fn roles(
    connection: &mut Connection,
    files: &[PolicyFile],
    catalog: &Catalog,
) -> Result<BTreeSet<String>, DeclareError> {
    let mut found = BTreeSet::from([String::new()]);
    for object in catalog.objects.values() {
        found.extend(object.owner.iter().cloned());
        found.extend(object.privileges.iter().flat_map(|it| it.others.keys().cloned()));
    }
    let mut named = BTreeSet::new();
    for file in files {
        for statement in split(&file.sql)?.iter().filter(|it| is_about_rights(it)) {
            let names = (0..statement.tokens.len()).filter_map(|it| statement.name_at(it));
            named.extend(names.map(|(name, _)| name.name().to_owned()));
        }
    }
    let names: Vec<String> =
        named.into_iter().filter_map(|it| Literal::new(it).ok()).map(|it| it.to_string()).collect();
    let sql =
        format!("select rolname::text from pg_catalog.pg_roles where rolname::text in ('', {})", names.join(", "));
    if !names.is_empty() {
        for row in batch(connection, &sql).await.map_err(|it| it.error)?.rows {
            found.insert(row.try_get::<String, _>(0).map_err(DbError::from)?);
        }
    }
    // Whose they are is another on every database.
    found.remove(&catalog.server.user);
    Ok(found)
}
