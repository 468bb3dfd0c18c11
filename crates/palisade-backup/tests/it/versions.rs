//! Servers of other versions, from the archives that `PALISADE_TEST_PG_ARCHIVES` names.

use palisade_backup::{Overwrite, Owners, RestoreError, RestoreOptions, RestoreTarget, Selection, create, restore};
use palisade_db::ConnectSettings;
use palisade_embedded::{EmbeddedSettings, GrantRegime, Layer, Scratch, ScratchDatabase};
use palisade_tests::Directory;

use crate::support::{CONTENT, content, options, run};

fn settings(major: u32) -> EmbeddedSettings {
    EmbeddedSettings { pg_bin: None, pg_archive: Some(palisade_tests::archive(major)), ..palisade_tests::settings() }
}

async fn database(major: u32, layers: &[Layer]) -> ScratchDatabase {
    Scratch::open(&settings(major)).await.unwrap().database(layers).await.unwrap()
}

/// Backs up a server of one version and restores onto one of another, with programs of a third.
async fn carry(from: u32, to: u32, programs: u32) -> Result<(), RestoreError> {
    let directory = Directory::new();
    let source = database(from, &[Layer::supabase(GrantRegime::After)]).await;
    let mut connection = source.connect().await.unwrap();
    run(&mut connection, CONTENT).await;
    let before = content(&mut connection).await;
    let options = options(directory.path().join("backups"), source.url().clone(), settings(programs));
    let manifest = create(&options, |_| ()).await.unwrap();

    let target = database(to, &[]).await;
    let options = RestoreOptions {
        store: options.store.clone(),
        manifest,
        identities: None,
        selection: Selection::default(),
        jobs: 1,
        target: RestoreTarget::url(ConnectSettings::new(target.url().clone()), &[]).unwrap(),
        overwrite: Overwrite::Refuse,
        owners: Owners::AsBackedUp,
        embedded: settings(programs),
    };
    restore(&options, |_| ()).await?;
    let mut connection = target.connect().await.unwrap();
    assert_eq!(content(&mut connection).await, before);
    // What is there now can be replaced, on every version.
    restore(&RestoreOptions { overwrite: Overwrite::Confirmed, ..options }, |_| ()).await?;
    assert_eq!(content(&mut connection).await, before);
    Ok(())
}

#[tokio::test]
async fn each_version_is_dumped_and_restored_by_its_own_programs() {
    for major in [15, 16, 17, 18] {
        carry(major, major, major).await.unwrap();
    }
}

#[tokio::test]
async fn a_backup_moves_to_a_newer_server() {
    carry(15, 17, 17).await.unwrap();
    carry(16, 18, 18).await.unwrap();
}

#[tokio::test]
async fn a_backup_does_not_move_to_an_older_server() {
    let error = carry(17, 15, 17).await.unwrap_err();
    assert!(matches!(error, RestoreError::OlderServer { server: 15, .. }), "{error}");
}

#[tokio::test]
async fn newer_programs_back_an_older_server_up_and_say_that_they_cannot_restore_into_it() {
    // No program of 16 is here but the server of this test, and `PALISADE_PG_ARCHIVE` keeps one from being fetched.
    let error = carry(16, 16, 18).await.unwrap_err();
    assert!(matches!(error, RestoreError::Programs { programs: 18, server: 16 }), "{error}");
    assert!(error.help().contains("postgresql-client-16"), "{}", error.help());
}
