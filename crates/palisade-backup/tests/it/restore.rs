//! Backups come back as they were.

use palisade_backup::{
    CreateOptions, FetchError, Manifest, Overwrite, Owners, RestoreError, RestoreOptions, RestoreTarget, Selection,
    TargetError, create, restore,
};
use palisade_db::ConnectSettings;

use crate::support::{Place, ask, content, run};

#[tokio::test]
async fn an_empty_database_becomes_what_the_backup_was() {
    let place = Place::new().await;
    let before = content(&mut place.connect().await).await;
    let manifest = place.backup().await.unwrap();
    run(&mut place.connect().await, "delete from people; drop policy p on people").await;

    let empty = palisade_tests::database().await;
    let mut steps = Vec::new();
    let restored = restore(&place.restoring(&manifest, &empty).await, |it| steps.push(it)).await.unwrap();
    let told = |it: &String| !it.contains("CVE");
    assert!(!restored.warnings.iter().any(told), "{:?}", restored.warnings);
    assert_eq!(content(&mut palisade_tests::connection(&empty).await).await, before);
    assert_eq!(steps.last().unwrap().of_bytes, manifest.bytes());
}

#[tokio::test]
async fn what_is_there_is_replaced_only_after_confirmation() {
    let place = Place::new().await;
    let before = content(&mut place.connect().await).await;
    let manifest = place.backup().await.unwrap();
    run(&mut place.connect().await, "delete from people; drop policy p on people; create table mine (a int)").await;
    let changed = content(&mut place.connect().await).await;

    let error = place.bring_back(&manifest, &place.database, Overwrite::Refuse).await.unwrap_err();
    assert!(matches!(&error, RestoreError::NotEmpty { objects, .. } if !objects.is_empty()), "{error}");
    assert_eq!(content(&mut place.connect().await).await, changed);

    place.bring_back(&manifest, &place.database, Overwrite::Confirmed).await.unwrap();
    assert_eq!(content(&mut place.connect().await).await, before);
    let mine = ask(&mut place.connect().await, "select (to_regclass('mine') is null)::text").await;
    assert_eq!(mine, "true", "the database is what the backup was");
}

/// A backup with rights for a role that is gone.
async fn backup_with_missing_role(place: &Place) -> (Manifest, String) {
    let role = ask(&mut place.connect().await, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    run(&mut place.connect().await, &format!("create role {role}; grant select on teams to {role}")).await;
    let manifest = place.backup().await.unwrap();
    run(&mut place.connect().await, &format!("drop owned by {role}; drop role {role}")).await;
    (manifest, role)
}

#[tokio::test]
async fn a_restore_that_fails_changes_nothing_and_names_the_missing_role() {
    let place = Place::new().await;
    let (manifest, role) = backup_with_missing_role(&place).await;
    run(&mut place.connect().await, "update teams set name = 'new ' || id; create table mine ()").await;
    let changed = content(&mut place.connect().await).await;
    let error = place.bring_back(&manifest, &place.database, Overwrite::Confirmed).await.unwrap_err();
    assert!(matches!(&error, RestoreError::RolesMissing { roles } if *roles == [role]), "{error}");
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
        let options = RestoreOptions { owners, ..place.restoring(&manifest, &empty).await };
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
async fn a_program_that_dies_in_the_middle_commits_nothing() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let script = "head -c 20000 | \"$REAL\" \"$@\"\nkill -9 $$";
    let options = RestoreOptions {
        overwrite: Overwrite::Confirmed,
        embedded: place.with_program("pg_restore", script).await,
        ..place.restoring(&manifest, &place.database).await
    };
    let before = content(&mut place.connect().await).await;
    let error = restore(&options, |_| ()).await.unwrap_err();
    assert!(matches!(&error, RestoreError::Restore { .. }), "{error}");
    assert_eq!(content(&mut place.connect().await).await, before);
}

/// Every byte of a part is looked at before anything is committed, also the last.
#[tokio::test]
async fn a_changed_part_is_not_restored() {
    let place = Place::new().await;
    for engine in [palisade_backup::EngineChoice::Single, palisade_backup::EngineChoice::Parallel] {
        let manifest = create(&CreateOptions { engine, ..place.options() }, |_| ()).await.unwrap();
        for part in manifest.parts.iter().filter(|it| it.content != palisade_backup::Content::Roles) {
            let path = place.file(&manifest, &part.file);
            let stored = std::fs::read(&path).unwrap();
            for at in [0, stored.len() / 2, stored.len() - 1] {
                let mut changed = stored.clone();
                changed[at] ^= 1;
                std::fs::write(&path, changed).unwrap();
                let empty = palisade_tests::database().await;
                let error = place.bring_back(&manifest, &empty, Overwrite::Refuse).await.unwrap_err();
                assert!(matches!(&error, RestoreError::Fetch(it) if it.is_damage()), "{} {at}: {error}", part.file);
                let there = "select coalesce(to_regclass('people')::text, '')";
                assert_eq!(ask(&mut palisade_tests::connection(&empty).await, there).await, "");
                empty.close().await.unwrap();
            }
            std::fs::write(&path, stored).unwrap();
        }
    }
}

#[tokio::test]
async fn a_part_of_a_backup_can_be_restored() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let mut options = place.restoring(&manifest, &place.database).await;
    run(&mut place.connect().await, "truncate people, teams").await;
    options.selection = Selection { data_only: true, schemas: vec!["public".to_owned()], ..Selection::default() };
    restore(&options, |_| ()).await.unwrap();
    let counts = "select (select count(*) from people) || ' ' || (select count(*) from teams)";
    assert_eq!(ask(&mut place.connect().await, counts).await, "5000 20");
    run(&mut place.connect().await, "drop table people").await;
    options.selection = Selection { tables: vec!["people".to_owned()], ..Selection::default() };
    restore(&options, |_| ()).await.unwrap();
    assert_eq!(ask(&mut place.connect().await, counts).await, "5000 20");
}

#[tokio::test]
async fn without_the_key_nothing_is_begun() {
    let place = Place::new().await;
    let (_, recipients) = crate::support::key();
    let (other, _) = crate::support::key();
    let manifest = create(&CreateOptions { recipients, ..place.options() }, |_| ()).await.unwrap();
    let empty = palisade_tests::database().await;
    let mut options = place.restoring(&manifest, &empty).await;
    assert!(matches!(restore(&options, |_| ()).await, Err(RestoreError::Fetch(FetchError::NoKey))));
    options.identities = Some(other);
    assert!(matches!(restore(&options, |_| ()).await, Err(RestoreError::Fetch(FetchError::WrongKey))));
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
    let manifest = create(&options, |_| ()).await.unwrap();
    // Known by its TCP address, reached by its socket.
    let (known, by_socket) = (place.database.tcp_url().identity(), place.database.url().clone());
    assert_ne!(by_socket.identity(), known);
    let protected = [("prod".parse().unwrap(), known)];
    let restoring = place.restoring(&manifest, &place.database).await;
    let options = |target| RestoreOptions { target, overwrite: Overwrite::Confirmed, ..restoring.clone() };
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
async fn what_is_chosen_has_to_be_in_the_backup() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let empty = palisade_tests::database().await;
    let tables = |name: &str| Selection { tables: vec![name.to_owned()], ..Selection::default() };
    let schemas = |name: &str| Selection { schemas: vec![name.to_owned()], ..Selection::default() };
    for selection in [tables("public.people"), tables("Teams"), schemas("Public"), schemas("nowhere")] {
        let options = RestoreOptions { selection, ..place.restoring(&manifest, &empty).await };
        let error = restore(&options, |_| ()).await.unwrap_err();
        assert!(matches!(error, RestoreError::NotInBackup { .. }), "{error}");
    }
    // Nor is anything dropped for a part.
    let selection = schemas("public");
    let overwrite = Overwrite::Confirmed;
    let options = RestoreOptions { selection, overwrite, ..place.restoring(&manifest, &place.database).await };
    let error = restore(&options, |_| ()).await.unwrap_err();
    assert!(matches!(error, RestoreError::WholeOnly { .. }), "{error}");
}

#[tokio::test]
async fn a_part_waits_no_longer_for_locks_than_it_may() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let mut holder = place.connect().await;
    run(&mut holder, "begin; lock table teams in access exclusive mode").await;
    let selection = Selection { tables: vec!["teams".to_owned()], data_only: true, ..Selection::default() };
    let mut options = RestoreOptions { selection, ..place.restoring(&manifest, &place.database).await };
    let mut settings = ConnectSettings::new(place.database.url().clone());
    settings.lock_timeout = std::time::Duration::from_millis(300);
    options.target = RestoreTarget::url(settings, &[]).unwrap();
    let error = restore(&options, |_| ()).await.unwrap_err().to_string();
    assert!(error.contains("lock timeout"), "{error}");
}

#[tokio::test]
async fn a_subscription_is_replaced_and_its_password_never_shown() {
    let place = Place::new().await;
    let name = ask(&mut place.connect().await, "select 's' || replace(gen_random_uuid()::text, '-', '')").await;
    let create = format!(
        "create subscription {name} connection 'host=h user=u password=topsecret' publication p with (connect = false)"
    );
    run(&mut place.connect().await, &create).await;
    let manifest = place.backup().await.unwrap();
    for jobs in [1, 2] {
        let overwrite = Overwrite::Confirmed;
        let options = RestoreOptions { overwrite, jobs, ..place.restoring(&manifest, &place.database).await };
        restore(&options, |_| ()).await.unwrap();
        let found = format!("select count(*)::text from pg_subscription where subname = '{name}'");
        assert_eq!(ask(&mut place.connect().await, &found).await, "1");
    }
    let error = place.bring_back(&manifest, &palisade_tests::database().await, Overwrite::Refuse).await;
    // Names of subscriptions are unique in a database only.
    assert!(error.is_ok_and(|it| !it.warnings.join("").contains("topsecret")));
    let gone = "alter subscription {} disable; alter subscription {} set (slot_name = none); drop subscription {}";
    run(&mut place.connect().await, &gone.replace("{}", &name)).await;
}
