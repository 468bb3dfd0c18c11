//! Why somebody reaches a row: what is told is what happens.

use palisade_policy::Access;
use palisade_rls::explain::{Answer, Explanation, Question, RowExplained, explain};
use palisade_rls::testing::Verb;
use palisade_rls::trial::Mode;
use palisade_rls::{Personas, read_facts};

use crate::support::Database;

const SCHEMA: &str = r#"
create schema hidden;
create function hidden.is_admin() returns boolean language sql stable as $$ select auth.jwt() ->> 'level' = 'admin' $$;
grant execute on function hidden.is_admin() to authenticated;
create table friends (id uuid, friend uuid);
create table "odd Notes" (
  id int primary key, body text, owner uuid, "Open" boolean, tags text[] default '{"a,b","c\"d"}', twice int generated always as (id * 2) stored);
insert into "odd Notes" (id, body, owner, "Open") values
  (1, E'a''b\n"c"', '00000000-0000-4000-8000-00000000000a', false), (2, null, '00000000-0000-4000-8000-00000000000b', false),
  (3, '', '00000000-0000-4000-8000-00000000000c', null), (4, 'x', null, true);
insert into friends values ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000c');
alter table friends enable row level security; alter table "odd Notes" enable row level security;
grant select on friends to authenticated;
grant select, update (body), delete on "odd Notes" to authenticated;
create policy mine on friends for select to authenticated using (id = (select auth.uid()));
create policy own on "odd Notes" for select to authenticated using (
  owner = (select auth.uid()) or "Open" or (select hidden.is_admin())
  or exists (select from friends where friends.friend = "odd Notes".owner));
create policy floor on "odd Notes" as restrictive for all to authenticated using (id < 4);
create policy change on "odd Notes" for update to authenticated using (owner = (select auth.uid()));
create policy remove on "odd Notes" for delete to authenticated using (true);
"#;

async fn explained(command: Verb, mode: Mode) -> Explanation {
    let database = Database::new(SCHEMA).await;
    let mut connection = database.connect().await;
    let facts = read_facts(&mut connection).await.unwrap();
    let text = "a = { role = 'authenticated', claims = { sub = '00000000-0000-4000-8000-00000000000a' } }";
    let personas = Personas::parse("p.toml".into(), text).unwrap();
    let relation = facts.relations.values().find(|it| it.name == "odd Notes").unwrap();
    let question = Question { persona: &personas.all()[0], relation, filter: None, command };
    explain(&mut connection, &Access::new(&facts), question, mode).await.unwrap()
}

fn rows(told: &Explanation) -> Vec<(Option<bool>, Option<bool>)> {
    assert!(!told.rows.iter().any(RowExplained::is_contradicted), "{told:#?}");
    told.rows.iter().map(|it| (it.reachable, it.reached)).collect()
}

#[tokio::test]
async fn what_policies_say_of_a_row_is_what_happens() {
    let told = explained(Verb::Select, Mode::RolledBack).await;
    let both = |it: bool| (Some(it), Some(it));
    // Its own, a stranger's, that of a friend, an open one that the restrictive policy forbids.
    assert_eq!(rows(&told), [both(true), both(false), both(true), both(false)]);
    let strangers = told.rows[1].policies.iter().find(|it| it.policy == "own").unwrap();
    let parts: Vec<&Answer> = strangers.parts.iter().map(|it| &it.answer).collect();
    assert_eq!(parts, [&Answer::False, &Answer::False, &Answer::Null, &Answer::False]);
    assert_eq!(strangers.answer, Answer::Null);
    let floor = told.rows[3].policies.iter().find(|it| it.policy == "floor").unwrap();
    assert_eq!((floor.permissive, &floor.answer), (false, &Answer::False));

    let told = explained(Verb::Update, Mode::RolledBack).await;
    assert_eq!(rows(&told), [both(true), both(false), both(false), both(false)]);
    let told = explained(Verb::Delete, Mode::RolledBack).await;
    assert_eq!(rows(&told), [both(true), both(false), both(true), both(false)]);
    let told = explained(Verb::Insert, Mode::RolledBack).await;
    assert!(!told.gate.open && rows(&told).iter().all(|it| *it == both(false)));
}

#[tokio::test]
async fn a_database_that_is_only_read_is_explained_too() {
    let told = explained(Verb::Select, Mode::ReadOnly).await;
    // A condition that reads a table with row security is read again as the persona, who may not look into `hidden`; and so may
    // one be that the persona can name.
    assert!(told.rows.iter().all(|it| it.reached.is_some() && !it.is_contradicted()));
    let floor = |row: &RowExplained| row.policies.iter().find(|it| it.policy == "floor").unwrap().answer.clone();
    assert_eq!(
        told.rows.iter().map(floor).collect::<Vec<_>>(),
        [Answer::True, Answer::True, Answer::True, Answer::False]
    );
    let told = explained(Verb::Delete, Mode::ReadOnly).await;
    assert!(told.rows.iter().all(|it| it.reached.is_none() && it.not_tried.is_some()));
}
