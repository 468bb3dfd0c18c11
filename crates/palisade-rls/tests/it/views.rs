//! Which rows a role reaches, where the obvious answer is wrong: told from the catalog, and by the server.

use palisade_policy::{Access, AccessCommand, Verdict};
use palisade_rls::read_facts;
use palisade_tests::{connection, query, supabase_database};

const TABLE: &str = "create table public.t (id int, v text);
insert into public.t values (1, 'a'), (2, 'b');
alter table public.t enable row level security;
grant select on public.t to authenticated;";

/// What is told of reading `relation`, and how many rows of two the server shows.
async fn reading(sql: &str, relation: &str) -> (Verdict, String) {
    let database = supabase_database().await;
    let mut connection = connection(&database).await;
    query(&mut connection, &format!("{TABLE}\n{sql}")).await;
    let facts = read_facts(&mut connection).await.unwrap();
    let role = facts.role_named("authenticated").unwrap();
    let found = facts.relations.values().find(|it| it.name == relation && it.schema_name == "public").unwrap();
    let verdict = Access::new(&facts).cell(role, found, AccessCommand::Select).verdict;
    let count = format!("begin; set local role authenticated; select count(*)::text from public.{relation}; rollback");
    (verdict, query(&mut connection, &count).await.concat())
}

#[tokio::test]
async fn a_view_of_the_caller_in_a_view_of_its_owner_reads_as_the_caller() {
    let views = "create policy p on public.t for select using (v = 'a');
        create view public.inner_w with (security_invoker) as select * from public.t;
        create view public.outer_w as select * from public.inner_w;
        grant select on public.outer_w to authenticated";
    assert_eq!(reading(views, "outer_w").await, (Verdict::Some, "1".to_owned()));
}

#[tokio::test]
async fn a_view_of_its_owner_in_a_view_of_the_caller_reads_as_its_owner() {
    let views = "create policy p on public.t for select using (v = 'a');
        create view public.inner_w as select * from public.t;
        create view public.outer_w with (security_invoker) as select * from public.inner_w;
        grant select on public.inner_w, public.outer_w to authenticated";
    assert_eq!(reading(views, "outer_w").await, (Verdict::All, "2".to_owned()));
}

#[tokio::test]
async fn a_restrictive_policy_without_using_takes_no_row_away() {
    let policies = "create policy p on public.t for select using (true);
        create policy floor on public.t as restrictive with check (v <> 'c')";
    assert_eq!(reading(policies, "t").await, (Verdict::All, "2".to_owned()));
}

#[tokio::test]
async fn a_permissive_policy_without_using_admits_no_row() {
    let policy = "create policy p on public.t with check (true)";
    assert_eq!(reading(policy, "t").await, (Verdict::None, "0".to_owned()));
}
