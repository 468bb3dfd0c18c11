//! How long it takes to read catalogs and to compare them.
//!
//! `cargo bench -p palisade-diff`, with `PALISADE_PG_BIN` for a certain version. Four sizes are made, the largest with about half
//! a million rows in the server's own catalogs: times that grow with more than the size show in those per object. `pg_dump --schema-only` of the same database, in the same run, is the
//! peer: it reads what we read.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};
use palisade_db::{ConnectSettings, Connection, Row as _, batch, introspect};
use palisade_diff::{Options, diff};
use palisade_embedded::dump_schema;
use palisade_tests::settings;

const TIMES: usize = 15;

/// `pg_dump` locks all tables at a time, which are too many for a server that is set up as usual.
const MOST_DUMPED: usize = 1500;

/// How many rows there are in what we read.
const ROWS: &str =
    "select (select count(*) from pg_class) + (select count(*) from pg_attribute) + (select count(*) from pg_type)
     + (select count(*) from pg_constraint) + (select count(*) from pg_index) + (select count(*) from pg_attrdef)
     + (select count(*) from pg_trigger) + (select count(*) from pg_depend) + (select count(*) from pg_description)
     + (select count(*) from pg_proc) + (select count(*) from pg_rewrite) + (select count(*) from pg_sequence)";

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let scratch = palisade_tests::scratch().await;
        let installation = palisade_embedded::installation(&settings()).await?;
        for tables in [150, 500, 1500, 5000] {
            let database = scratch.database(&[]).await?;
            let mut connection = database.connect().await?;
            fill(&mut connection, tables).await?;
            let mut read = Vec::new();
            let mut catalog = Catalog::default();
            for _ in 0..TIMES {
                let started = Instant::now();
                catalog = introspect::everything(&mut connection).await?;
                read.push(started.elapsed());
            }
            let objects = catalog.objects.len();
            let rows = batch(&mut connection, ROWS).await.map_err(|it| it.error)?.rows;
            let rows: String = rows[0].try_get_unchecked(0)?;
            println!("{tables} tables, {objects} objects, {rows} rows");
            let shown = |what: &str, times| shown(what, times, objects);
            shown("read", read);
            if tables <= MOST_DUMPED {
                let target = ConnectSettings::new(database.url().clone());
                let mut dumped = Vec::new();
                for _ in 0..3 {
                    let started = Instant::now();
                    dump_schema(&settings(), &installation, &target, &[]).await?;
                    dumped.push(started.elapsed());
                }
                shown("pg_dump", dumped);
            }
            let mut changed = catalog.clone();
            retype(&mut changed);
            shown("diff, nothing changed", time(&catalog, &catalog)?);
            shown("diff, one change", time(&catalog, &changed)?);
            shown("diff, from empty", time(&Catalog::default(), &catalog)?);
            connection.close().await;
            database.close().await?;
        }
        Ok(())
    })
}

fn time(from: &Catalog, to: &Catalog) -> Result<Vec<Duration>, palisade_diff::DiffError> {
    let once = |_| {
        let started = Instant::now();
        let script = diff(from, to, &Options::ALL)?;
        std::hint::black_box(script);
        Ok(started.elapsed())
    };
    (0..TIMES).map(once).collect()
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn shown(what: &str, mut times: Vec<Duration>, objects: usize) {
    times.sort();
    let median = times[times.len() / 2];
    let each = median.as_secs_f64() * 1e6 / f64::from(u32::try_from(objects).unwrap_or(u32::MAX));
    println!(
        "  {what:<24} {:>10.2?} .. {median:>10.2?} .. {:>10.2?}  {each:>6.2} µs per object",
        times[0],
        times[times.len() - 1]
    );
}

fn retype(catalog: &mut Catalog) {
    let key = ObjectKey::new(ObjectKind::Column, ["public", "t7", "c3"]);
    if let Some(object) = catalog.objects.get_mut(&key)
        && let Definition::Column(column) = &mut object.definition
    {
        "bigint".clone_into(&mut column.data_type);
    }
}

/// Tables as applications have them: ten columns, keys to each other, indexes, checks, a view for every fifth.
async fn fill(connection: &mut Connection, tables: usize) -> Result<(), palisade_db::DbError> {
    let mut sql =
        String::from("create function touch() returns trigger language plpgsql as $$ begin return new; end $$;\n");
    for table in 0..tables {
        // A transaction can hold so many locks only.
        if table % 100 == 0 {
            batch(connection, &std::mem::take(&mut sql)).await.map_err(|it| it.error)?;
        }
        let other = table / 2;
        let _ = write!(
            sql,
            "create table t{table} (id bigint generated always as identity primary key, c1 text not null default 'x', \
             c2 varchar(20), c3 integer check (c3 > 0), c4 timestamptz default now(), c5 jsonb, c6 numeric(10, 2), \
             c7 uuid default gen_random_uuid() unique, c8 boolean not null default false, parent bigint{});\n\
             create index on t{table} (c1, c4);\ncreate index on t{table} (lower(c1)) where c3 > 1;\n\
             create trigger touch before update on t{table} for each row execute function touch();\n\
             comment on table t{table} is 'table {table}';\n",
            if table == 0 { String::new() } else { format!(" references t{other}") }
        );
        if table % 5 == 0 {
            let _ = writeln!(sql, "create view v{table} as select id, c1, c3 * 2 as twice from t{table} where c8;");
        }
    }
    batch(connection, &sql).await.map_err(|it| it.error)?;
    batch(connection, "analyze").await.map(drop).map_err(|it| it.error)
}
