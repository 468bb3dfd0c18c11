//! Backups come back as they were.

use palisade_backup::{
    CreateOptions, Overwrite, Owners, RestoreError, RestoreOptions, RestoreProgress, RestoreTarget, Restored,
    TargetError, create, find, restore,
};
use palisade_db::ConnectSettings;
use palisade_embedded::ScratchDatabase;

use crate::support::{Place, ask, content, run};

fn target(database: &ScratchDatabase) -> RestoreTarget {
    RestoreTarget::url(ConnectSettings::new(database.url().clone()), &[]).unwrap()
}

async fn bring_back(
    place: &Place,
    id: &str,
    to: &ScratchDatabase,
    overwrite: Overwrite,
) -> Result<Restored, RestoreError> {
    let options = RestoreOptions {
        backup: find(&place.store(), id).unwrap().unwrap(),
        target: target(to),
        overwrite,
        owners: Owners::AsBackedUp,
        embedded: palisade_tests::settings(),
    };
    restore(&options, |_| ()).await
}

#[tokio::test]
async fn an_empty_database_becomes_what_the_backup_was() {
    let place = Place::new().await;
    let before = content(&mut place.connect().await).await;
    let manifest = place.backup().await.unwrap();
    run(&mut place.connect().await, "delete from people; drop policy p on people").await;

    let empty = palisade_tests::database().await;
    let mut steps = Vec::new();
    let options = RestoreOptions {
        backup: find(&place.store(), manifest.name.id()).unwrap().unwrap(),
        target: target(&empty),
        overwrite: Overwrite::Refuse,
        owners: Owners::AsBackedUp,
        embedded: palisade_tests::settings(),
    };
    let restored = restore(&options, |it| steps.push(it)).await.unwrap();
    assert_eq!((restored.manifest, restored.warnings), (manifest.clone(), Vec::new()));
    assert_eq!(content(&mut palisade_tests::connection(&empty).await).await, before);
    assert_eq!(steps[0], RestoreProgress::Verifying { bytes: manifest.bytes, of: manifest.bytes });
    assert!(matches!(steps.last(), Some(RestoreProgress::Restoring { .. })));
}

#[tokio::test]
async fn what_is_there_is_replaced_only_after_confirmation() {
    let place = Place::new().await;
    let before = content(&mut place.connect().await).await;
    let id = place.backup().await.unwrap().name.id().to_owned();
    run(&mut place.connect().await, "delete from people; drop policy p on people; create table mine (a int)").await;
    let changed = content(&mut place.connect().await).await;

    let error = bring_back(&place, &id, &place.database, Overwrite::Refuse).await.unwrap_err();
    assert!(matches!(&error, RestoreError::NotEmpty { objects, .. } if !objects.is_empty()), "{error}");
    assert_eq!(content(&mut place.connect().await).await, changed);

    bring_back(&place, &id, &place.database, Overwrite::Confirmed).await.unwrap();
    assert_eq!(content(&mut place.connect().await).await, before);
    let mine = ask(&mut place.connect().await, "select (to_regclass('mine') is null)::text").await;
    assert_eq!(mine, "true", "the database is what the backup was");
}

/// A backup with rights for a role that is gone.
async fn backup_with_missing_role(place: &Place) -> (String, String) {
    let role = ask(&mut place.connect().await, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    run(&mut place.connect().await, &format!("create role {role}; grant select on teams to {role}")).await;
    let id = place.backup().await.unwrap().name.id().to_owned();
    run(&mut place.connect().await, &format!("drop owned by {role}; drop role {role}")).await;
    (id, role)
}

#[tokio::test]
async fn a_restore_that_fails_changes_nothing_and_names_the_missing_role() {
    let place = Place::new().await;
    let (id, role) = backup_with_missing_role(&place).await;
    run(&mut place.connect().await, "update teams set name = 'new ' || id; create table mine ()").await;
    let changed = content(&mut place.connect().await).await;
    let error = bring_back(&place, &id, &place.database, Overwrite::Confirmed).await.unwrap_err();
    assert!(matches!(error, RestoreError::Restore { .. }), "{error}");
    assert!(error.help().contains(&role), "{error}\n{}", error.help());
    assert_eq!(content(&mut place.connect().await).await, changed);
    assert_eq!(ask(&mut place.connect().await, "select to_regclass('mine')::text").await, "mine");
}

#[tokio::test]
async fn objects_belong_to_whom_they_did_or_to_the_restorer() {
    let place = Place::new().await;
    let role = ask(&mut place.connect().await, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    run(&mut place.connect().await, &format!("create role {role}; alter table teams owner to {role}")).await;
    let manifest = place.backup().await.unwrap();
    let owner = "select relowner::regrole::text from pg_class where relname = 'teams'";
    let superuser = ask(&mut place.connect().await, "select current_user::text").await;
    for (owners, expected) in [(Owners::AsBackedUp, &role), (Owners::Restorer, &superuser)] {
        let empty = palisade_tests::database().await;
        let options = RestoreOptions {
            backup: find(&place.store(), manifest.name.id()).unwrap().unwrap(),
            target: target(&empty),
            overwrite: Overwrite::Refuse,
            owners,
            embedded: palisade_tests::settings(),
        };
        restore(&options, |_| ()).await.unwrap();
        assert_eq!(ask(&mut palisade_tests::connection(&empty).await, owner).await, *expected);
        empty.close().await.unwrap();
    }
    run(
        &mut place.connect().await,
        &format!("reassign owned by {role} to current_user; drop owned by {role}; drop role {role}"),
    )
    .await;
}

#[tokio::test]
async fn half_a_dump_is_not_committed() {
    let place = Place::new().await;
    let id = place.backup().await.unwrap().name.id().to_owned();
    // It ends between two statements, where nothing is wrong with what came so far.
    let script = "case $1 in --list) exec \"$REAL\" \"$@\" ;; esac\n\"$REAL\" \"$@\" | sed '/^CREATE TABLE/q' | sed '$d'\nkill -9 $$";
    let options = RestoreOptions {
        backup: find(&place.store(), &id).unwrap().unwrap(),
        target: target(&place.database),
        overwrite: Overwrite::Confirmed,
        owners: Owners::AsBackedUp,
        embedded: place.with_program("pg_restore", script).await,
    };
    let before = content(&mut place.connect().await).await;
    let error = restore(&options, |_| ()).await.unwrap_err();
    assert!(matches!(&error, RestoreError::Restore { status, .. } if status.contains('9')), "{error}");
    assert_eq!(content(&mut place.connect().await).await, before);
}

#[tokio::test]
async fn a_changed_dump_is_not_restored() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let dump = place.store().join(manifest.name.dump_file());
    let mut bytes = std::fs::read(&dump).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&dump, bytes).unwrap();
    let empty = palisade_tests::database().await;
    let error = bring_back(&place, manifest.name.id(), &empty, Overwrite::Refuse).await.unwrap_err();
    assert!(matches!(error, RestoreError::Verify(_)), "{error}");
    assert_eq!(
        ask(&mut palisade_tests::connection(&empty).await, "select coalesce(to_regclass('people')::text, '')").await,
        ""
    );
}

#[tokio::test]
async fn a_protected_database_is_no_target_under_any_address() {
    let place = Place::new().await;
    let protected = [("prod".parse().unwrap(), place.database.tcp_url().identity())];
    let settings = ConnectSettings::new(place.database.tcp_url().clone());
    let error = RestoreTarget::url(settings, &protected).unwrap_err();
    assert_eq!(error, TargetError::Protected { environment: "prod".parse().unwrap() });
}

#[tokio::test]
async fn a_backup_of_a_protected_database_does_not_go_back_there_by_an_address_that_nobody_knows() {
    let place = Place::new().await;
    let options = CreateOptions { environment: "prod".parse().unwrap(), ..place.options() };
    let id = create(&options, |_| ()).await.unwrap().name.id().to_owned();
    // Known by its TCP address, reached by its socket.
    let (known, by_socket) = (place.database.tcp_url().identity(), place.database.url().clone());
    assert_ne!(by_socket.identity(), known);
    let protected = [("prod".parse().unwrap(), known)];
    let options = |target| RestoreOptions {
        backup: find(&place.store(), &id).unwrap().unwrap(),
        target,
        overwrite: Overwrite::Confirmed,
        owners: Owners::AsBackedUp,
        embedded: palisade_tests::settings(),
    };
    let before = content(&mut place.connect().await).await;
    let target = RestoreTarget::url(ConnectSettings::new(by_socket), &protected).unwrap();
    let error = restore(&options(target), |_| ()).await.unwrap_err();
    assert!(matches!(error, RestoreError::Target(TargetError::Protected { .. })), "{error}");
    assert_eq!(content(&mut place.connect().await).await, before);
    // Any other database may have it.
    let other = palisade_tests::database().await;
    let target = RestoreTarget::url(ConnectSettings::new(other.url().clone()), &protected).unwrap();
    restore(&options(target), |_| ()).await.unwrap();
}

#[tokio::test]
async fn git_leaves_a_new_store_alone() {
    let place = Place::new().await;
    place.backup().await.unwrap();
    assert_eq!(std::fs::read_to_string(place.store().join(".gitignore")).unwrap(), "*\n");
}
