//! An environment that nothing protects.

use palisade_plan::Answer;

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
