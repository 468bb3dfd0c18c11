//! How long whole commands take, from the start of the process to its end.
//!
//! `cargo bench -p palisade-cli`, with `PALISADE_PG_BIN` for a certain version.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use palisade_db::batch;
use palisade_embedded::ScratchDatabase;
use palisade_tests::{CommandProject, database};

const TIMES: usize = 15;

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let schema = tables(500);
    let project = CommandProject::example();
    time("db-generate, nothing changed, warm cache", &project, &["db-generate", "--check"]);
    let large = CommandProject::new();
    large.write("migrations/1_tables.sql", &schema);
    large.write("schema/tables.sql", &schema);
    time("the same with 500 tables", &large, &["db-generate", "--check"]);
    let (one, other) = runtime.block_on(async {
        let (one, other) = (filled(&schema).await?, filled(&schema).await?);
        let mut connection = other.connect().await?;
        batch(&mut connection, "alter table public.t7 alter column c3 type bigint").await.map_err(|it| it.error)?;
        connection.close().await;
        Ok::<_, Box<dyn std::error::Error>>((one, other))
    })?;
    let project = CommandProject::new().database("ONE", &one).database("OTHER", &other);
    time("db-diff of two databases of 500 tables", &project, &["db-diff", "--from", "url:ONE", "--to", "url:OTHER"]);
    runtime.block_on(async {
        one.close().await?;
        other.close().await
    })?;
    Ok(())
}

/// Runs a command until everything is warm, and then some times more.
#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn time(what: &str, project: &CommandProject, arguments: &[&str]) {
    project.expect(0, arguments);
    project.expect(0, arguments);
    let once = |_| {
        let started = Instant::now();
        project.expect(0, arguments);
        started.elapsed()
    };
    let mut times: Vec<Duration> = (0..TIMES).map(once).collect();
    times.sort();
    println!("{what:<42} {:>8.1?} .. {:>8.1?} .. {:>8.1?}", times[0], times[TIMES / 2], times[TIMES - 1]);
}

async fn filled(schema: &str) -> Result<ScratchDatabase, Box<dyn std::error::Error>> {
    let database = database().await;
    let mut connection = database.connect().await?;
    batch(&mut connection, schema).await.map_err(|it| it.error)?;
    batch(&mut connection, "analyze").await.map_err(|it| it.error)?;
    connection.close().await;
    Ok(database)
}

/// Tables as applications have them.
fn tables(count: usize) -> String {
    let mut sql = String::new();
    for table in 0..count {
        let other = if table == 0 { String::new() } else { format!(" references public.t{}", table / 2) };
        let _ = write!(
            sql,
            "create table public.t{table} (id bigint generated always as identity primary key, c1 text not null default 'x', \
             c2 varchar(20), c3 integer check (c3 > 0), c4 timestamptz default now(), c5 jsonb, c6 numeric(10, 2), \
             c7 uuid default gen_random_uuid() unique, c8 boolean not null default false, parent bigint{other});\n\
             create index on public.t{table} (c1, c4);\ncreate index on public.t{table} (lower(c1)) where c3 > 1;\n"
        );
    }
    sql
}
