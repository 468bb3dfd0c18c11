//! An environment that nothing protects.

use palisade_plan::Answer;
use palisade_rls::Orphans;

use crate::fixture::Fixture;

#[tokio::test]
async fn a_push_migrates_and_secures_and_a_second_one_has_nothing_to_do() {
    let it = Fixture::new().await;
    let done = it.push("dev", |_| Answer::None).await.unwrap();
    assert_eq!(done.migrations.len(), 1);
    assert!(!done.row_security.is_empty());
    assert_eq!(it.propose("dev").await.unwrap().steps, []);
    let kinds = it.query("dev", "select kind || ' ' || state from palisade.attempts order by id").await;
    assert_eq!(kinds, ["apply done", "row-security done"]);
}

#[tokio::test]
async fn a_changed_policy_alone_is_a_step() {
    let it = Fixture::new().await;
    it.push("dev", |_| Answer::None).await.unwrap();
    it.write(
        "rls/public/notes.sql",
        "alter table notes enable row level security; drop policy if exists own on notes;",
    );
    let done = it.push("dev", |_| Answer::None).await.unwrap();
    assert_eq!(done.migrations, []);
    assert_eq!(done.row_security.len(), 1);
}

#[tokio::test]
async fn a_target_without_migrations_is_copied() {
    let it = Fixture::new().await;
    std::fs::remove_file(it.root.join("migrations/1_notes.sql")).unwrap();
    it.query("dev", "create table notes (id int primary key, owner uuid)").await;
    let done = it.push("dev", |_| Answer::None).await.unwrap();
    assert_eq!(done.row_security.len(), 3, "{:?}", done.row_security);
    assert_eq!(it.propose("dev").await.unwrap().steps, []);
}

#[tokio::test]
async fn policies_may_speak_of_what_was_made_by_hand() {
    let it = Fixture::new().await;
    it.push("dev", |_| Answer::None).await.unwrap();
    it.query("dev", "alter table notes add team text").await;
    it.write(
        "rls/public/notes.sql",
        "drop policy if exists own on notes; create policy own on notes to authenticated using (team = 'a');",
    );
    let done = it.push("dev", |_| Answer::None).await.unwrap();
    assert_eq!(done.row_security.len(), 1, "{:?}", done.row_security);
}

#[tokio::test]
async fn what_no_file_creates_is_told_and_goes_only_on_request() {
    let mut it = Fixture::new().await;
    it.push("dev", |_| Answer::None).await.unwrap();
    it.query("dev", "create policy stray on notes using (true)").await;
    let told = it.push("dev", |_| Answer::None).await.unwrap();
    assert_eq!((told.row_security.len(), told.orphans.as_slice()), (0, &["policy public.notes.stray".to_owned()][..]));
    it.orphans = Orphans::Drop;
    let dropped = it.push("dev", |_| Answer::None).await.unwrap();
    assert_eq!((dropped.row_security.len(), dropped.orphans.len()), (1, 0));
}
