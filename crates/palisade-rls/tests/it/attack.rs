//! Attacks on schemas that are sound, that leak, and that cannot be attacked.

use palisade_policy::Access;
use palisade_rls::attack::{AttackReport, State, attack};
use palisade_rls::read_facts;

use crate::support::Database;

async fn attacked(sql: &str) -> AttackReport {
    let database = Database::new(sql).await;
    let mut connection = database.connect().await;
    let facts = read_facts(&mut connection).await.unwrap();
    let schemas = ["public".to_owned()];
    attack(&mut connection, &Access::new(&facts), &schemas, "authenticated", "anon").await.unwrap()
}

fn crossings(report: &AttackReport) -> String {
    let line = |it: &palisade_rls::attack::Crossing| format!("{}: {} {}", it.table, it.attacker, it.what);
    report.crossings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Keys, checks, types and triggers that a row has to get past.
const DEMANDING: &str = "
create type plan as enum ('free', 'paid');
create domain slug as text check (value ~ '^[a-z0-9_-]{3,40}$');
create table profiles (
  id uuid primary key references auth.users (id), handle slug not null unique, email text not null check (email like '%@%.%'),
  plan plan not null, shout text generated always as (upper(email)) stored);
create table teams (
  id bigint generated always as identity primary key, name varchar(12) not null unique, currency char(3) not null,
  color text not null check (color ~ '^#[0-9a-f]{6}$'), level int not null check (level between 5 and 7));
create table members (
  team_id bigint not null references teams (id), user_id uuid not null references profiles (id),
  rank text not null check (rank in ('owner', 'member')), primary key (team_id, user_id));
create table projects (
  id uuid primary key default gen_random_uuid(), team_id bigint not null references teams (id), site text not null check (site ~ '^https://'),
  budget numeric(6,2) not null check (budget > 0), parent uuid references projects (id), tags text[] not null, spec jsonb not null check (jsonb_typeof(spec) = 'array'));
create table files (
  path text primary key, project_id uuid not null references projects (id), uploaded_by uuid references profiles (id), seen date not null);
create function private_teams() returns setof bigint language sql stable security definer set search_path = '' as
  'select team_id from public.members where user_id = (select auth.uid())';
create function new_profile() returns trigger language plpgsql security definer set search_path = '' as $$
  begin
    insert into public.profiles (id, handle, email, plan) values (new.id, 'new_' || left(new.id::text, 8), new.email, 'free');
    return new;
  end $$;
create trigger new_profile after insert on auth.users for each row execute function new_profile();
alter table profiles enable row level security; alter table teams enable row level security; alter table members enable row level security;
alter table projects enable row level security; alter table files enable row level security;
grant select, update (handle) on profiles to authenticated;
grant select, insert, update, delete on teams, members, projects, files to authenticated;
grant select on teams to anon;
create policy p on profiles to authenticated using (id = (select auth.uid()));
create policy p on teams to authenticated using (id in (select private_teams()));
create policy p on members for select to authenticated using (team_id in (select private_teams()));
create policy p on projects to authenticated using (team_id in (select private_teams()));
create policy p on files to authenticated using (exists (
  select from projects where projects.id = files.project_id and projects.team_id in (select private_teams())));
";

#[tokio::test]
async fn rows_please_every_constraint_and_a_sound_schema_stands() {
    let report = attacked(DEMANDING).await;
    for table in &report.tables {
        assert_eq!(table.state, State::Attacked, "{}", table.table);
    }
    assert_eq!(report.tables.len(), 5);
    insta::assert_snapshot!(crossings(&report), @"");
}

#[tokio::test]
async fn every_way_that_leads_to_others_is_shown() {
    let report = attacked(
        "create table notes (id int primary key, body text, owner uuid not null);
         create table orders (id int primary key, customer_id uuid);
         create table files (name text primary key, tenant_id text not null);
         create view all_notes as select body, owner from notes;
         create function find_note(id int) returns setof notes language sql security definer as 'select * from notes where id = $1';
         grant select on all_notes to authenticated;
         grant execute on function find_note to authenticated;
         alter table notes enable row level security; alter table orders enable row level security; alter table files enable row level security;
         grant select, insert, update, delete on notes, orders, files to authenticated;
         create policy s on notes for select to authenticated using (owner = auth.uid());
         create policy i on notes for insert to authenticated with check (true);
         create policy u on notes for update to authenticated using (owner = auth.uid()) with check (true);
         create policy d on notes for delete to authenticated using (true);
         create policy o on orders to authenticated using (customer_id is not distinct from auth.uid());
         create policy f on files to authenticated using (tenant_id = (auth.jwt() -> 'user_metadata' ->> 'tenant_id'));",
    )
    .await;
    assert_eq!(report.blind().next(), None);
    insta::assert_snapshot!(crossings(&report), @r"
    public.notes: another user deletes a row of somebody else, with all other rows
    public.notes: another user makes a row in the name of somebody else
    public.notes: another user gives all that they reach to somebody else
    public.orders: a token without a user reads a row of nobody
    public.orders: a token without a user deletes a row of nobody
    public.orders: a token without a user deletes a row of nobody and reads what it was
    public.orders: a token without a user deletes a row of nobody, with all other rows
    public.files: another user with forged user_metadata reads a row of somebody else
    public.files: another user with forged user_metadata deletes a row of somebody else
    public.files: another user with forged user_metadata deletes a row of somebody else and reads what it was
    public.files: another user with forged user_metadata deletes a row of somebody else, with all other rows
    public.files: another user with forged user_metadata makes a row in the name of somebody else
    public.files: another user with forged user_metadata gives all that they reach to somebody else
    public.notes: another user reads a row of somebody else through the view public.all_notes
    public.notes: another user reads a row of somebody else through the function public.find_note(id integer)
    ");
    let script = &report.crossings.iter().find(|it| it.what.starts_with("makes a row")).unwrap().script;
    assert!(script.contains("begin;\ninsert into ") && script.ends_with("rollback;"), "{script}");
}

#[tokio::test]
async fn an_attack_that_could_not_have_succeeded_says_so() {
    let report = attacked(
        "create table odd (id int primary key, user_id uuid, code text not null check (md5(code) = 'x'));
         create table closed (id int primary key, user_id uuid);
         create table public_pages (id int primary key, body text);
         alter table odd enable row level security; alter table closed enable row level security; alter table public_pages enable row level security;
         grant select on odd, public_pages to authenticated;
         create policy p on odd using (user_id = auth.uid());
         create policy p on public_pages using (true);",
    )
    .await;
    let states: Vec<String> = report.tables.iter().map(|it| format!("{}: {:?}", it.table, it.state)).collect();
    insta::assert_snapshot!(states.join("\n"), @r#"
    public.odd: Blind("rows could not be invented: new row for relation \"odd\" violates check constraint \"odd_code_check\" (SQLSTATE 23514)")
    public.closed: NothingToFind("no privilege on it is granted")
    public.public_pages: NothingToFind("it is only read, and nothing in a row says whose it is")
    "#);
    assert_eq!(report.blind().map(|it| it.0).collect::<Vec<_>>(), ["public.odd"]);
}

#[tokio::test]
async fn a_link_that_is_followed_too_far_leads_to_others() {
    let schema = |sees: &str| {
        format!(
            "create table teams (id int primary key, name text not null);
             create table members (team_id int not null references teams (id), user_id uuid not null references auth.users (id), unique (team_id, user_id));
             create table documents (id int primary key, team_id int not null references teams (id), body text);
             create function seen_teams() returns setof int language sql stable security definer set search_path = '' as '{sees}';
             alter table teams enable row level security; alter table members enable row level security; alter table documents enable row level security;
             grant select on teams, members, documents to authenticated;
             create policy p on teams to authenticated using (id in (select seen_teams()));
             create policy p on members to authenticated using (user_id = (select auth.uid()));
             create policy p on documents to authenticated using (team_id in (select seen_teams()));"
        )
    };
    let own = "select team_id from public.members where user_id = (select auth.uid())";
    let report = attacked(&schema(own)).await;
    assert_eq!((crossings(&report).as_str(), report.blind().next()), ("", None));
    // All teams of whoever is in one of mine.
    let too_far = "select theirs.team_id from public.members mine join public.members other using (team_id) \
                   join public.members theirs on theirs.user_id = other.user_id where mine.user_id = (select auth.uid())";
    let report = attacked(&schema(too_far)).await;
    insta::assert_snapshot!(crossings(&report), @r"
    public.teams: another user reads a row of somebody else
    public.documents: another user reads a row of somebody else
    ");
    // Pasted into psql, the script shows the row.
    let mut connection = Database::new(&schema(too_far)).await.connect().await;
    for crossing in &report.crossings {
        let done = palisade_db::batch(&mut connection, &crossing.script).await.unwrap();
        let last: String = palisade_db::Row::get_unchecked(done.rows.last().unwrap(), 0);
        assert_eq!(last, "1", "{}", crossing.script);
    }
}
