//! What tests of row security mean, and what mutants they notice.

use palisade_policy::Access;
use palisade_rls::mutate::{MutationReport, mutate};
use palisade_rls::testing::{Outcome, check_tables, read_tests, run_tests};
use palisade_rls::{Personas, read_facts};
use palisade_tests::Directory;

use crate::support::Database;

const SCHEMA: &str = "
create table notes (
  id int primary key, body text not null check (body <> 'bad'), owner uuid, secret text, number serial);
insert into notes (id, body, owner) values
  (1, 'one', '00000000-0000-4000-8000-00000000000a'), (2, 'two', '00000000-0000-4000-8000-00000000000b');
revoke all on sequence notes_number_seq from public, anon, authenticated;
create table closed (id int);
insert into closed values (1);
create function private_check() returns boolean language sql as 'select true';
revoke execute on function private_check() from public;
create table guarded (id int);
insert into guarded values (1);
alter table notes enable row level security;
alter table guarded enable row level security;
grant select (id, body, owner), insert (id, body, owner), update (body, owner), delete on notes to authenticated;
grant select on guarded to authenticated;
create policy read on notes for select to authenticated using (owner = auth.uid());
create policy write on notes for insert to authenticated with check (owner = auth.uid());
create policy change on notes for update to authenticated using (true) with check (owner = auth.uid());
create policy remove on notes for delete to authenticated using (true);
create policy broken on guarded for select to authenticated using (private_check());
";

const PERSONAS: &str = "
a = { role = 'authenticated', claims = { sub = '00000000-0000-4000-8000-00000000000a' } }
b = { role = 'authenticated', claims = { sub = '00000000-0000-4000-8000-00000000000b' } }
";

fn tests(toml: &str) -> Vec<palisade_rls::testing::Test> {
    let directory = Directory::new();
    directory.write("a.toml", toml);
    let personas = Personas::parse("rls/personas.toml".into(), PERSONAS).unwrap();
    read_tests(directory.path(), &personas).unwrap()
}

/// One test of `notes` as `a` for each line of fields, and what became of it.
async fn outcomes(database: &Database, lines: &[&str]) -> Vec<String> {
    let one = |it: &&str| format!("[[test]]\n{}\n", it.replace(" ; ", "\n"));
    let toml = format!("as = 'a'\non = 'notes'\n{}", lines.iter().map(one).collect::<String>());
    let results = run_tests(&mut database.connect().await, &tests(&toml)).await.unwrap();
    let outcome = |it| match it {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Failed(got) => format!("failed: {got}"),
        Outcome::Broken(got) => format!("broken: {got}"),
    };
    results.into_iter().map(|it| outcome(it.outcome)).collect()
}

#[tokio::test]
async fn a_test_passes_for_its_own_reason_only() {
    let database = Database::new(SCHEMA).await;
    let lines = [
        ("can = 'select' ; where = 'id = 1'", "passed"),
        ("can = 'select'", "failed: 1 of 2 rows was reached"),
        ("can = 'select' ; rows = 1", "passed"),
        ("can = 'select' ; rows = 2", "failed: 1 of 2 rows was reached"),
        ("cannot = 'select' ; where = 'id = 2'", "passed"),
        ("cannot = 'select' ; where = 'id = 3'", "failed: there are no such rows, so the test says nothing"),
        (
            "cannot = 'select' ; where = 'nonsense'",
            "broken: the rows could not be counted: column \"nonsense\" does not exist (SQLSTATE 42703)",
        ),
        ("can = 'select' ; columns = ['body'] ; where = 'id = 1'", "passed"),
        (
            "can = 'select' ; columns = ['secret'] ; where = 'id = 1'",
            "failed: permission denied for table notes (SQLSTATE 42501)",
        ),
        ("cannot = 'select' ; columns = ['secret']", "passed"),
        // Deleting: a statement that reads a column is held by the policy for reading, a blind one is not.
        ("cannot = 'delete' ; where = 'id = 2'", "passed"),
        ("cannot = 'delete' ; where = 'id = 2' ; blind = true", "failed: 1 of 1 rows was reached"),
        ("can = 'delete' ; where = 'id = 2' ; blind = true", "passed"),
        // Updating: the policy lets every row through, and new rows in one's own name only.
        ("can = 'update' ; set = { body = 'x' } ; where = 'id = 1'", "passed"),
        ("cannot = 'update' ; set = { body = 'x' } ; where = 'id = 2' ; blind = true", "passed"),
        (
            "cannot = 'update' ; set = { body = 'x', owner = '$uuid' } ; where = 'id = 2' ; blind = true",
            "failed: 1 of 1 rows was reached",
        ),
        ("cannot = 'update' ; set = { owner = '$uuid(b)' } ; where = 'id = 1'", "passed"),
        ("cannot = 'update' ; set = { secret = 'x' } ; where = 'id = 1'", "passed"),
        (
            "cannot = 'update' ; set = { body = 'bad' } ; where = 'id = 1'",
            "failed: another error than one of row security: new row for relation \"notes\" violates check constraint \"notes_body_check\"",
        ),
        // Inserting: the sequence is not granted, which is another reason.
        (
            "can = 'insert' ; values = { id = 3, body = 'x', owner = '$uuid' }",
            "failed: permission denied for sequence notes_number_seq (SQLSTATE 42501)",
        ),
        (
            "can = 'insert' ; values = { id = 3, body = 'x', owner = '$uuid' } ; setup = 'grant usage on sequence notes_number_seq to authenticated'",
            "passed",
        ),
        (
            "cannot = 'insert' ; values = { id = 3, body = 'x', owner = '$uuid(b)' } ; setup = 'alter table notes alter number drop default, alter number drop not null'",
            "passed",
        ),
        (
            "cannot = 'insert' ; values = { id = 3, body = 'x', owner = '$uuid(b)' }",
            "failed: another error than one of row security: permission denied for sequence notes_number_seq (SQLSTATE 42501)",
        ),
        ("cannot = 'insert' ; error = '42501' ; values = { id = 3, body = 'x', owner = '$uuid' }", "passed"),
        (
            "cannot = 'insert' ; error = '23505' ; row = \"(id, body, owner) values (3, 'x', '$uuid')\"",
            "failed: permission denied for sequence notes_number_seq (SQLSTATE 42501)",
        ),
        (
            "can = 'select' ; setup = 'nonsense'",
            "broken: `setup` failed: syntax error at or near \"nonsense\" (SQLSTATE 42601)",
        ),
        ("cannot = 'select' ; on = 'closed'", "passed"),
        (
            "cannot = 'select' ; on = 'guarded'",
            "failed: another error than one of row security: permission denied for function private_check (SQLSTATE 42501)",
        ),
    ];
    let found = outcomes(&database, &lines.map(|(it, _)| it)).await;
    for ((line, expected), found) in lines.iter().zip(&found) {
        assert!(found == expected || expected.len() > 60 && found.starts_with(expected), "{line}\n{found}");
    }
    assert_eq!(found.len(), lines.len());
    let left = crate::support::ask(&mut database.connect().await, "select count(*)::text from notes").await;
    assert_eq!(left.unwrap(), "2", "everything was rolled back");
}

#[tokio::test]
async fn a_table_that_is_not_there_is_shown_with_the_most_similar_one() {
    let database = Database::new(SCHEMA).await;
    let tests = tests("[[test]]\nas = 'a'\non = 'public.note'\ncan = 'select'\n");
    let error = check_tables(&mut database.connect().await, &tests).await.unwrap_err().to_string();
    insta::assert_snapshot!(error, @r"
    rls/tests/a.toml:3:6: there is no table or view `public.note`; did you mean `public.notes`?
    3 | on = 'public.note'
      |      ^
    ");
}

async fn report(database: &Database, toml: &str) -> MutationReport {
    let mut connection = database.connect().await;
    let facts = read_facts(&mut connection).await.unwrap();
    mutate(&mut connection, &Access::new(&facts), &["public".to_owned()], &tests(toml)).await.unwrap()
}

#[tokio::test]
async fn only_changes_that_make_a_difference_count() {
    let database = Database::new(
        "create table t (id int, owner uuid, open boolean not null default false);
         insert into t values (1, '00000000-0000-4000-8000-00000000000a'), (2, '00000000-0000-4000-8000-00000000000b');
         alter table t enable row level security;
         grant select, update (open) on t to authenticated;
         create policy p on t for select to authenticated using (open or owner = (select auth.uid()));
         create policy q on t for update to public using (owner = (select auth.uid()) and (1 = 1 and owner is not null));",
    )
    .await;
    let toml = "on = 't'\n[[test]]\nas = 'a'\ncan = 'select'\nwhere = 'id = 1'\n[[test]]\nas = 'a'\ncannot = 'select'\nwhere = 'id = 2'\n";
    let found = report(&database, toml).await;
    let lines = |all: &[palisade_rls::mutate::Mutant]| {
        let line = |it: &palisade_rls::mutate::Mutant| format!("{}: {}", it.policy.as_deref().unwrap_or("-"), it.what);
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(found.impossible, []);
    insta::assert_snapshot!(lines(&found.survivors), @r"
    p: USING is without `open`
    q: USING is true
    q: USING is negated: NOT ((owner = ( SELECT auth.uid() AS uid)) AND ((1 = 1) AND (owner IS NOT NULL)))
    q: USING is without `(owner = ( SELECT auth.uid() AS uid))`
    q: it is gone
    ");
    // Nobody else may read it; and what equals something is not null.
    insta::assert_snapshot!(lines(&found.equivalent), @r"
    p: it is TO PUBLIC
    q: USING is without `((1 = 1) AND (owner IS NOT NULL))`
    ");
    assert_eq!((found.killed, found.mutants), (5, 10));
}

#[tokio::test]
async fn a_test_of_another_table_notices_what_it_reads() {
    let database = Database::new(
        "create table members (team int, uid uuid); create table projects (team int);
         insert into members values (1, '00000000-0000-4000-8000-00000000000a'); insert into projects values (1);
         create function teams() returns setof int language sql stable as 'select team from members';
         alter table members enable row level security; alter table projects enable row level security;
         grant select on members, projects to authenticated;
         create policy m on members for select to authenticated using (uid = (select auth.uid()));
         create policy p on projects for select to authenticated using (team in (select teams()));",
    )
    .await;
    let found = report(&database, "[[test]]\nas = 'a'\non = 'projects'\ncan = 'select'\n").await;
    let survivors: Vec<&str> =
        found.survivors.iter().filter(|it| it.table == "public.members").map(|it| it.what.as_str()).collect();
    // What hides members hides projects; what shows more of them goes unnoticed.
    assert_eq!(survivors, ["row security is off", "USING is true"]);
}
