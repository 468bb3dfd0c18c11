//! What is wrong with a backup is found.

use std::fs;

use palisade_backup::{CreateOptions, EngineChoice, FetchError, Laboratory, Level, VerifyError, create, verify};

use crate::support::{Place, open};

/// Each block of 64 KiB of each part with one bit flipped, and each part cut at twenty places and at both ends.
#[tokio::test]
async fn flipped_bits_and_cuts_are_found_at_level_one_and_two() {
    let place = Place::new().await;
    let (identities, recipients) = crate::support::key();
    let store = open(place.store());
    let options = CreateOptions { engine: EngineChoice::Parallel, recipients, ..place.options() };
    let manifest = create(&options, |_| ()).await.unwrap();
    for part in &manifest.parts {
        let path = place.file(&manifest, &part.file);
        let stored = fs::read(&path).unwrap();
        let blocks = (0..stored.len()).step_by(64 * 1024);
        let flipped = blocks.map(|at| {
            let mut changed = stored.clone();
            changed[at] ^= 0x20;
            changed
        });
        let cuts = (0..stored.len()).step_by((stored.len() / 20).max(1)).chain([1, stored.len() - 1]);
        for changed in flipped.chain(cuts.map(|at| stored[..at].to_vec())) {
            fs::write(&path, changed).unwrap();
            for level in [Level::Sums, Level::Contents] {
                let verdict = verify(&store, &manifest, Some(&identities), &level, |_| ()).await.unwrap();
                assert!(!verdict.problems.is_empty(), "{} at level {}", part.file, level.number());
            }
        }
        fs::write(&path, &stored).unwrap();
    }
    let verdict = verify(&store, &manifest, Some(&identities), &Level::Contents, |_| ()).await.unwrap();
    assert_eq!(verdict.problems, Vec::<String>::new());
    fs::remove_file(place.file(&manifest, &manifest.parts[0].file)).unwrap();
    let verdict = verify(&store, &manifest, Some(&identities), &Level::Sums, |_| ()).await.unwrap();
    assert_eq!(verdict.problems.len(), 1, "{:?}", verdict.problems);
}

/// A look that is less close refutes nothing, however often.
#[tokio::test]
async fn what_was_found_wrong_stays_wrong_until_somebody_looks_as_closely() {
    let place = Place::new().await;
    let store = open(place.store());
    let manifest = place.backup().await.unwrap();
    let mut other = manifest.clone();
    other.tables[0].rows += 1;
    let look = async |manifest, level| verify(&store, manifest, None, &level, |_| ()).await.unwrap().problems.len();
    assert_eq!(look(&other, Level::Contents).await, 1);
    for _ in 0..4 {
        assert_eq!(look(&manifest, Level::Sums).await, 0);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let entry = place.entries().await.remove(0);
    assert_eq!((entry.verified_level(), entry.problem().map(|it| it.level)), (None, Some(2)));
    assert_eq!(look(&manifest, Level::Contents).await, 0);
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        look(&manifest, Level::Sums).await;
    }
    let entry = place.entries().await.remove(0);
    assert_eq!((entry.verified_level(), entry.problem()), (Some(2), None));
}

#[tokio::test]
async fn a_missing_key_is_no_damage() {
    let place = Place::new().await;
    let (_, recipients) = crate::support::key();
    let (other, _) = crate::support::key();
    let store = open(place.store());
    let manifest = create(&CreateOptions { recipients, ..place.options() }, |_| ()).await.unwrap();
    assert_eq!(verify(&store, &manifest, None, &Level::Sums, |_| ()).await.unwrap().problems, Vec::<String>::new());
    let without = verify(&store, &manifest, None, &Level::Contents, |_| ()).await.unwrap_err();
    assert!(matches!(without, VerifyError::Fetch(FetchError::NoKey)), "{without}");
    let wrong = verify(&store, &manifest, Some(&other), &Level::Contents, |_| ()).await.unwrap_err();
    assert!(matches!(wrong, VerifyError::Fetch(FetchError::WrongKey)), "{wrong}");
}

#[tokio::test]
async fn checks_are_queries_that_must_return_nothing() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    place.directory.write("checks/1_good.sql", "select 1 from people where team not in (select id from teams)");
    let checks = Some(place.directory.path().join("checks"));
    let laboratory = Laboratory { embedded: palisade_tests::settings(), checks };
    let level = Level::Restored(Box::new(laboratory));
    let store = open(place.store());
    let verdict = verify(&store, &manifest, None, &level, |_| ()).await.unwrap();
    assert_eq!(verdict.problems, Vec::<String>::new());
    place.directory.write("checks/2_bad.sql", "select 1 from teams where id < 3");
    place.directory.write("checks/3_wrong.sql", "select 1 from nowhere");
    let verdict = verify(&store, &manifest, None, &level, |_| ()).await.unwrap();
    assert_eq!(verdict.problems.len(), 2, "{:?}", verdict.problems);
    assert_eq!(verdict.problems[0], "the check `2_bad.sql` returned 2 rows");
}
