//! What a run reports, and that a second one has nothing to do.

use palisade_rls::{Orphans, is_current};

use crate::support::{Database, ask, lines, script};

const TABLE: &str = "create table public.t (id int primary key, owner uuid); revoke all on public.t from anon, authenticated; grant select, insert, update, delete on public.t to anon, authenticated;";
const FILES: [(&str, &str); 2] = [
    (
        "rls/private/f.sql",
        "create schema if not exists private;
         create or replace function private.yes() returns boolean language sql stable return true;
         revoke all on function private.yes() from public;",
    ),
    (
        "rls/public/t.sql",
        "alter table t enable row level security;
         revoke all on t from anon, authenticated;
         grant select, update (owner) on t to authenticated;
         drop policy if exists \"Own rows\" on t;
         create policy \"Own rows\" on t for select to authenticated using (owner = (select auth.uid()));",
    ),
];

#[tokio::test]
async fn the_first_run_tells_what_it_did_and_the_second_has_nothing_to_do() {
    let database = Database::new(TABLE).await;
    let first = database.apply(&FILES).await.unwrap();
    insta::assert_snapshot!(lines(&first), @r#"
    ~ row security on public.t: off → on
    + policy "Own rows" on public.t
    ~ grants on private.yes()
    ~ grants on public.t
    + function private.yes()
    + schema private
    "#);
    assert_eq!(first.tries, 1);
    let second = database.apply(&FILES).await.unwrap();
    assert_eq!((second.changes.len(), second.tries), (0, 0));
}

#[tokio::test]
async fn a_run_with_nothing_to_do_gets_in_nobodys_way() {
    let database = Database::new(TABLE).await;
    database.apply(&FILES).await.unwrap();
    let mut other = database.connect().await;
    // Stands no lock but that of a reader.
    ask(&mut other, "begin; lock table t in exclusive mode").await.unwrap();
    assert_eq!(database.apply(&FILES).await.unwrap().tries, 0);
}

#[tokio::test]
async fn what_somebody_changed_by_hand_is_noticed_and_put_right() {
    let database = Database::new(TABLE).await;
    database.apply(&FILES).await.unwrap();
    for (by_hand, put_right) in [
        ("drop policy \"Own rows\" on t", "+ policy \"Own rows\" on public.t"),
        ("alter policy \"Own rows\" on t using (true)", "~ policy \"Own rows\" on public.t"),
        ("alter table t disable row level security", "~ row security on public.t: off → on"),
        ("grant update on t to anon", "~ grants on public.t"),
        ("grant update (id) on t to authenticated", "~ grants on public.t"),
        (
            "create or replace function private.yes() returns boolean language sql stable return false",
            "~ function private.yes()",
        ),
        ("grant execute on function private.yes() to anon, public", "~ grants on private.yes()"),
    ] {
        database.run(by_hand).await;
        let applied = database.apply(&FILES).await.unwrap();
        assert!(lines(&applied).contains(put_right), "{by_hand}: {}", lines(&applied));
    }
}

#[tokio::test]
async fn an_edited_file_changes_only_what_it_changes() {
    let database = Database::new(TABLE).await;
    database.apply(&FILES).await.unwrap();
    let edited = FILES[1].1.replace("owner = (select auth.uid())", "true");
    let applied = database.apply(&[FILES[0], (FILES[1].0, &edited)]).await.unwrap();
    insta::assert_snapshot!(lines(&applied), @r#"~ policy "Own rows" on public.t"#);
    let before = applied.changes[0].before.as_deref().unwrap();
    insta::assert_snapshot!(before, @r"
    permissive for select
    to authenticated
    using (owner = ( SELECT auth.uid() AS uid))
    ");
}

#[tokio::test]
async fn looking_at_what_is_to_do_leaves_everything_as_it_is() {
    let database = Database::new(TABLE).await;
    insta::assert_snapshot!(database.statements(&FILES, Orphans::Keep).await, @r#"
    CREATE SCHEMA private
    CREATE OR REPLACE FUNCTION private.yes()
     RETURNS boolean
     LANGUAGE sql
     STABLE
    RETURN true
    REVOKE EXECUTE ON FUNCTION private.yes() FROM PUBLIC
    REVOKE INSERT, DELETE, SELECT, UPDATE ON public.t FROM anon
    REVOKE INSERT, DELETE, UPDATE ON public.t FROM authenticated
    GRANT UPDATE (owner) ON public.t TO authenticated
    ALTER TABLE public.t ENABLE ROW LEVEL SECURITY
    CREATE POLICY "Own rows" ON public.t FOR SELECT TO authenticated USING ((owner = ( SELECT auth.uid() AS uid)))
    "#);
    let mut connection = database.connect().await;
    assert!(!is_current(&mut connection, &script(&FILES)).await.unwrap());
    let found = "select count(*)::text from pg_namespace where nspname in ('palisade', 'private')";
    for mut connection in [database.connect().await, database.connect_to_twin().await] {
        assert_eq!(ask(&mut connection, found).await.unwrap(), "0");
    }
}

#[tokio::test]
async fn search_path_ends_with_its_file() {
    let database = Database::new("create schema other; create table other.t (); create table public.t ();").await;
    let files = [
        ("rls/a.sql", "set local search_path = other; alter table t enable row level security"),
        ("rls/b.sql", "alter table t enable row level security"),
    ];
    insta::assert_snapshot!(lines(&database.apply(&files).await.unwrap()), @r"
    ~ row security on other.t: off → on
    ~ row security on public.t: off → on
    ");
}

#[tokio::test]
async fn no_files_are_no_work() {
    let database = Database::new("").await;
    assert_eq!(lines(&database.apply(&[]).await.unwrap()), "");
}
