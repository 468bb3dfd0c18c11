//! How long a run takes that has nothing to do, and one that changes a single policy: `cargo bench --package palisade-rls`.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use palisade_db::{Connection, batch};
use palisade_embedded::{GrantRegime, Layer};
use palisade_plan::{Answer, ApprovedPlan, Declared, Expectation, Plan, Step, Target};
use palisade_rls::{
    ApplyContext, ApplySettings, Orphans, Personas, PolicyFile, PolicyScript, apply, declare, is_current,
};

const TABLES: usize = 50;
const TIMES: usize = 15;

fn files(edited: bool) -> PolicyScript {
    let file = |table: usize| {
        let mut sql =
            format!("alter table t{table} enable row level security;\ngrant all on t{table} to authenticated;\n");
        for command in ["select", "insert", "update", "delete"] {
            let says = if edited && table == 0 && command == "select" { "owner is not null and" } else { "" };
            let clause = if command == "insert" { "with check" } else { "using" };
            let _ = writeln!(
                sql,
                "drop policy if exists p_{command} on t{table};\ncreate policy p_{command} on t{table} for {command} \
                 to authenticated {clause} ({says} owner = (select auth.uid()));"
            );
        }
        PolicyFile { path: format!("rls/t{table}.sql").into(), sql }
    };
    PolicyScript::from_files((0..TABLES).map(file).collect()).unwrap()
}

fn approved(connection: &Connection, script: &PolicyScript, declared: &Declared) -> ApprovedPlan {
    let target = Target {
        environment: "dev".to_owned(),
        protected: false,
        identity: connection.facts().identity.clone(),
        protected_by: Vec::new(),
    };
    let steps = vec![Step::RowSecurity(script.to_step(declared.clone(), Orphans::Keep, None))];
    let plan = Plan { target, expects: Expectation { applied: Vec::new(), catalog: None }, steps };
    plan.approve(&[], &Answer::None).unwrap()
}

fn main() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run());
}

async fn run() {
    let layers = [Layer::supabase(GrantRegime::After)];
    let (target, twin) = (palisade_tests::database_with(&layers).await, palisade_tests::database_with(&layers).await);
    let mut connection = palisade_tests::connection(&target).await;
    let mut scratch = palisade_tests::connection(&twin).await;
    let tables: String = (0..TABLES)
        .fold(String::new(), |sql, it| sql + &format!("create table t{it} (id int primary key, owner uuid);"));
    for connection in [&mut connection, &mut scratch] {
        batch(connection, &tables).await.unwrap();
    }
    let (same, other) = (files(false), files(true));
    let started = Instant::now();
    let declared = declare(&mut scratch, &same).await.unwrap();
    shown("declare, not cached", vec![started.elapsed()]);
    let changed = declare(&mut scratch, &other).await.unwrap();
    let (personas, settings) = (Personas::usual(), ApplySettings::default());
    let context = ApplyContext { schemas: &[], personas: &personas, settings };
    let (same_plan, other_plan) = (approved(&connection, &same, &declared), approved(&connection, &other, &changed));
    apply(&mut connection, &same_plan, context).await.unwrap();
    let (mut current, mut nothing, mut one) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let started = Instant::now();
        assert!(is_current(&mut connection, &same).await.unwrap());
        current.push(started.elapsed());
        let started = Instant::now();
        assert_eq!(apply(&mut connection, &same_plan, context).await.unwrap().tries, 0);
        nothing.push(started.elapsed());
        let started = Instant::now();
        assert_eq!(apply(&mut connection, &other_plan, context).await.unwrap().changes.len(), 1);
        one.push(started.elapsed());
        apply(&mut connection, &same_plan, context).await.unwrap();
    }
    shown("nothing changed, as noted", current);
    shown("nothing changed, compared", nothing);
    shown("one policy changed", one);
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn shown(what: &str, mut times: Vec<Duration>) {
    times.sort();
    println!(
        "{what:<28} {:>10.2?} .. {:>10.2?} .. {:>10.2?}",
        times[0],
        times[times.len() / 2],
        times[times.len() - 1]
    );
}
