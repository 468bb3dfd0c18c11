//! What a backup consists of.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use palisade_backup::{MANIFEST_FORMAT, Manifest, State, create, find, list, verify};

use crate::support::{Place, run};

#[tokio::test]
async fn a_backup_is_a_dump_and_a_manifest_that_says_what_is_true() {
    let place = Place::new().await;
    let mut seen = Vec::new();
    let manifest = create(&place.options(), |it| seen.push(it)).await.unwrap();

    assert_eq!(place.files(), [manifest.name.dump_file(), manifest.name.manifest_file()]);
    let dump = fs::read(place.store().join(manifest.name.dump_file())).unwrap();
    assert_eq!(dump.len() as u64, manifest.bytes);
    assert!(dump.starts_with(b"PGDMP"));
    let last = seen.last().unwrap();
    assert_eq!((last.bytes, last.database_bytes), (manifest.bytes, manifest.database_bytes));
    assert!(seen.is_sorted_by_key(|it| it.bytes));

    let mut connection = place.connect().await;
    assert_eq!(manifest.format, MANIFEST_FORMAT);
    assert_eq!(manifest.source.database, connection.facts().identity.database);
    assert_eq!(manifest.server_version, connection.server_version().to_string());
    assert!(manifest.objects > 10 && manifest.database_bytes > manifest.bytes);
    assert_eq!(manifest.warnings, Vec::<String>::new());
    let migrations: Vec<_> =
        manifest.migrations.iter().flatten().map(|it| (it.version, it.checksum.as_str())).collect();
    assert_eq!(migrations, [(20_260_101_000_000, "0102"), (20_260_102_000_000, "0304")]);

    let text = fs::read(place.store().join(manifest.name.manifest_file())).unwrap();
    assert_eq!(serde_json::from_slice::<Manifest>(&text).unwrap(), manifest);
    run(&mut connection, "drop schema palisade cascade").await;
    assert_eq!(place.backup().await.unwrap().migrations, None);
}

#[tokio::test]
async fn nobody_else_can_read_a_backup() {
    let place = Place::new().await;
    let name = place.backup().await.unwrap().name;
    let mode = |path: &str| fs::metadata(place.store().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode(&name.dump_file()), mode(&name.manifest_file())), (0o700, 0o600, 0o600));
}

#[tokio::test]
async fn the_list_shows_the_newest_first_and_what_is_wrong() {
    let place = Place::new().await;
    assert_eq!(list(&place.store()).unwrap(), []);
    let first = place.backup().await.unwrap();
    let older = place.store().join("dev-20200101T000000Z-abcdef.dump");
    fs::write(&older, "PGDMP").unwrap();
    fs::write(place.store().join("notes.txt"), "").unwrap();

    let entries = place.entries();
    let names: Vec<_> = entries.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, [first.name.to_string(), "dev-20200101T000000Z-abcdef".to_owned()]);
    assert_eq!(entries[0].manifest(), Some(&first));
    assert_eq!(entries[1].state, State::Damaged { reason: "the manifest is missing".to_owned() });

    for which in [first.name.to_string(), first.name.id().to_owned(), entries[0].dump.to_string()] {
        assert_eq!(find(&place.store(), &which).unwrap().unwrap(), entries[0], "{which}");
    }
    assert_eq!(find(&place.store(), "zzzzzz").unwrap(), None);

    let dump = &entries[0].dump;
    let mut bytes = fs::read(dump).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(dump, &bytes).unwrap();
    assert!(
        verify(&place.entries()[0], |_, _| ()).unwrap_err().to_string().contains("was changed after it was written")
    );
    fs::write(dump, &bytes[1..]).unwrap();
    assert!(matches!(&place.entries()[0].state, State::Damaged { reason } if reason.contains("its manifest says")));
    fs::write(place.store().join(first.name.manifest_file()), "{}").unwrap();
    assert!(
        matches!(&place.entries()[0].state, State::Damaged { reason } if reason.contains("manifest cannot be read"))
    );
    fs::remove_file(dump).unwrap();
    assert_eq!(place.entries()[0].state, State::Damaged { reason: "the dump is missing".to_owned() });
}

#[tokio::test]
async fn two_backups_at_once_do_not_disturb_each_other() {
    let place = Place::new().await;
    let (one, other) = tokio::join!(place.backup(), place.backup());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.name, other.name);
    assert_eq!(place.entries().iter().filter(|it| it.manifest().is_some()).count(), 2);
    assert_eq!(place.files().len(), 4);
}
