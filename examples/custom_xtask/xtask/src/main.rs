//! `cargo xtask` of a shop: Palisade's commands, and one of its own.

use palisade_cli::{CliRunner, CommandError, Context, Outcome, clap};
use palisade_db::{Row, batch};
use std::process::ExitCode;

fn main() -> ExitCode {
    CliRunner::new().command("db-size", db_size).run()
}

/// Show how large the database is
#[derive(clap::Args)]
struct DbSize {}

async fn db_size(context: &mut Context, _: DbSize) -> Result<Outcome, CommandError> {
    let mut connection = context.connect().await?;
    let answer = batch(&mut connection, "select pg_size_pretty(pg_database_size(current_database())) as size").await?;
    let size: String = answer.rows[0].try_get("size")?;
    Ok(Outcome::done(format!("The database takes {size}")))
}
