//! How long it takes to say who can do what, and to find what is wrong.
//!
//! `cargo bench -p palisade-rls --bench access`: three sizes, the largest four times the smallest, so that times which grow with the
//! square would show. The largest has 1,000 tables with 4,000 policies, indexes, foreign keys and helper functions.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use palisade_db::batch;
use palisade_embedded::{GrantRegime, Layer};
use palisade_policy::{Access, Compare, Facts, Oid, access_difference, access_lock, lint};
use palisade_rls::read_facts;

const TIMES: usize = 7;

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for tables in [250, 500, 1000] {
            let database = palisade_tests::database_with(&[Layer::supabase(GrantRegime::After)]).await;
            let mut connection = database.connect().await?;
            batch(&mut connection, &filled(tables)).await?;
            let mut facts = Facts::default();
            let mut read = Vec::new();
            for _ in 0..TIMES {
                let started = Instant::now();
                facts = read_facts(&mut connection).await?;
                read.push(started.elapsed());
            }
            println!("{tables} tables, {} policies", facts.policies.len());
            shown("read", read);
            measure(&facts);
            connection.close().await;
            database.close().await?;
        }
        Ok(())
    })
}

fn measure(facts: &Facts) {
    let relations: Vec<Oid> =
        facts.relations.values().filter(|it| it.schema_name == "public").map(|it| it.oid).collect();
    let names = ["anon", "authenticated", "service_role"];
    let roles: Vec<Oid> = names.iter().filter_map(|it| facts.role_named(it)).collect();
    let schemas = BTreeSet::from(["public".to_owned()]);
    shown("conclusions", times(|| Access::new(facts)));
    let access = Access::new(facts);
    shown("matrix", times(|| access.matrix(&roles, &relations)));
    shown("ways around", times(|| access.doors(&roles, &relations)));
    shown("lint", times(|| lint(&access, &relations, &roles, &schemas)));
    shown("lock", times(|| access_lock(&access, &roles, &relations)));
    let tables: BTreeSet<String> = relations.iter().map(|it| facts.relation_name(*it)).collect();
    let application = names.map(str::to_owned);
    let what = Compare { tables: &tables, roles: &[], application: &application };
    shown("difference of equals", times(|| access_difference(facts, facts, &what)));
}

fn times<T>(run: impl Fn() -> T) -> Vec<Duration> {
    let once = |_| {
        let started = Instant::now();
        std::hint::black_box(run());
        started.elapsed()
    };
    (0..TIMES).map(once).collect()
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn shown(what: &str, mut times: Vec<Duration>) {
    times.sort();
    println!(
        "  {what:<24} {:>10.2?} .. {:>10.2?} .. {:>10.2?}",
        times[0],
        times[times.len() / 2],
        times[times.len() - 1]
    );
}

fn filled(tables: usize) -> String {
    let mut sql = "create table public.members (team_id int, user_id uuid, role text, primary key (team_id, user_id));
        alter table public.members enable row level security;
        grant select on public.members to authenticated;
        create index on public.members (user_id);
        create policy own on public.members for select to authenticated using (user_id = (select auth.uid()));
        create function public.my_teams() returns setof int language sql stable security definer set search_path = ''
            as $$ select team_id from public.members where user_id = (select auth.uid()) $$;\n"
        .to_owned();
    for table in 0..tables {
        let _ = writeln!(
            sql,
            "create table public.t{table} (id int generated always as identity primary key, team_id int, author uuid not null,
                parent int{}, published bool not null default false, status text, body text, deleted_at timestamptz);
             create index on public.t{table} (team_id); create index on public.t{table} (author);
             alter table public.t{table} enable row level security;
             grant select on public.t{table} to anon; grant select, insert, update, delete on public.t{table} to authenticated;
             create policy \"public read\" on public.t{table} for select to anon using (published and deleted_at is null);
             create policy \"team read\" on public.t{table} for select to authenticated
                using (published or author = (select auth.uid()) or team_id in (select public.my_teams()));
             create policy \"own insert\" on public.t{table} for insert to authenticated
                with check (author = (select auth.uid()) and team_id in (select m.team_id from public.members m
                    where m.user_id = (select auth.uid()) and m.role in ('owner', 'writer')));
             create policy \"own write\" on public.t{table} for update to authenticated
                using (author = (select auth.uid()) and status <> 'locked')
                with check (author = (select auth.uid()));",
            if table > 0 { format!(" references public.t{} on delete cascade", table - 1) } else { String::new() }
        );
    }
    sql
}
