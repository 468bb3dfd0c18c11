//! What a backup consists of.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use palisade_backup::{
    Content, CreateOptions, EngineChoice, FindError, MANIFEST_FORMAT, Manifest, State, create, delete, find,
};

use crate::broken::wait_for_lock;
use crate::support::{Place, ask, open, run};

#[tokio::test]
async fn a_backup_is_parts_and_a_manifest_that_says_what_is_true() {
    let place = Place::new().await;
    let mut seen = Vec::new();
    let manifest = create(&place.options(), |it| seen.push(it)).await.unwrap();

    assert_eq!(place.files(), ["everything.dump.zst", "manifest.json", "roles.sql.zst"]);
    for part in &manifest.parts {
        assert_eq!(fs::metadata(place.file(&manifest, &part.file)).unwrap().len(), part.bytes);
    }
    let everything = manifest.parts.iter().find(|it| it.content == Content::Everything).unwrap();
    assert_eq!(seen.last().unwrap().bytes, everything.plain_bytes);
    assert!(seen.is_sorted_by_key(|it| it.bytes));

    let mut connection = place.connect().await;
    assert_eq!(manifest.format, MANIFEST_FORMAT);
    assert_eq!(manifest.source.database, connection.facts().identity.database);
    assert_eq!(manifest.server_version, connection.server_version().to_string());
    assert!(manifest.snapshot.lsn.is_some() && manifest.database_bytes > manifest.bytes());
    let migrations: Vec<_> =
        manifest.migrations.iter().flatten().map(|it| (it.version, it.checksum.as_str())).collect();
    assert_eq!(migrations, [(20_260_101_000_000, "0102"), (20_260_102_000_000, "0304")]);
    let rows = |name: &str| manifest.tables.iter().find(|it| it.name == name).map(|it| it.rows);
    assert_eq!((rows("people"), rows("teams"), rows("migrations")), (Some(5000), Some(20), Some(3)));

    let text = fs::read(place.file(&manifest, "manifest.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Manifest>(&text).unwrap(), manifest);
    run(&mut connection, "drop schema palisade cascade").await;
    assert_eq!(place.backup().await.unwrap().migrations, None);
}

#[tokio::test]
async fn several_connections_write_an_object_for_each_table_with_rows() {
    let place = Place::new().await;
    let mut seen = Vec::new();
    let options = CreateOptions { engine: EngineChoice::Parallel, ..place.options() };
    let manifest = create(&options, |it| seen.push(it)).await.unwrap();
    let with_rows = manifest.tables.iter().filter(|it| it.rows > 0).count();
    let parts = manifest.parts.iter().filter(|it| matches!(it.content, Content::Rows { .. })).count();
    assert_eq!(parts, with_rows);
    let last = seen.last().unwrap();
    assert_eq!((last.tables, last.of_tables), (manifest.tables.len(), manifest.tables.len()));
}

#[tokio::test]
async fn every_stage_is_measured() {
    let place = Place::new().await;
    let mut connection = place.connect().await;
    run(&mut connection, "select lo_from_bytea(4242, 'large')").await;
    let single: &[&str] = &["schema", "data"];
    let parallel: &[&str] = &["pre-data", "post-data", "large-objects", "rows"];
    for (engine, stages) in [(EngineChoice::Single, single), (EngineChoice::Parallel, parallel)] {
        run(&mut connection, "begin; lock table people in access exclusive mode").await;
        let options = CreateOptions { engine, ..place.options() };
        let started = Instant::now();
        let (made, ()) = tokio::join!(create(&options, |_| ()), async {
            wait_for_lock(&place).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            run(&mut connection, "commit").await;
        });
        let (manifest, elapsed) = (made.unwrap(), started.elapsed());
        let names: Vec<&str> = manifest.stages.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(names, [&["connect", "locks", "catalog", "programs"], stages, &["roles"]].concat());
        assert!(manifest.stages[1].milliseconds >= 500, "{:?}", manifest.stages);
        let sum: u64 = manifest.stages.iter().map(|it| it.milliseconds).sum();
        assert!(u128::from(sum) <= elapsed.as_millis(), "{:?}", manifest.stages);
    }
}

#[tokio::test]
async fn a_backup_of_before_stages_were_measured_is_one() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let path = place.file(&manifest, "manifest.json");
    let mut text: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert!(text.as_object_mut().unwrap().remove("stages").is_some());
    fs::write(&path, text.to_string()).unwrap();
    assert_eq!(place.entries().await[0].manifest(), Some(&Manifest { stages: Vec::new(), ..manifest }));
}

#[tokio::test]
async fn nobody_else_can_read_a_backup() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let mode = |path: camino::Utf8PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.file(&manifest, "")), 0o700);
    assert_eq!((mode(place.store()), mode(place.file(&manifest, "manifest.json"))), (0o700, 0o600));
    assert_eq!(mode(place.file(&manifest, &manifest.parts[0].file)), 0o600);
}

#[tokio::test]
async fn the_list_shows_the_newest_first_and_what_is_wrong() {
    let place = Place::new().await;
    assert_eq!(place.entries().await, []);
    let first = place.backup().await.unwrap();
    let second = place.backup().await.unwrap();
    fs::create_dir_all(place.store().join("dev-01KAXH9ZD4R0V6M3T8QJ5C2NYE")).unwrap();
    fs::write(place.store().join("dev-01KAXH9ZD4R0V6M3T8QJ5C2NYE/everything.dump.zst"), "x").unwrap();
    fs::write(place.store().join("notes.txt"), "").unwrap();

    let entries = place.entries().await;
    let names: Vec<_> = entries.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, [second.name.to_string(), first.name.to_string(), "dev-01KAXH9ZD4R0V6M3T8QJ5C2NYE".to_owned()]);
    assert_eq!(entries[0].manifest(), Some(&second));
    assert_eq!(entries[2].state, State::Unfinished);

    let store = open(place.store());
    for which in [first.name.to_string(), first.name.id(), first.name.id()[18..].to_ascii_lowercase()] {
        assert_eq!(find(&store, &which).await.unwrap(), entries[1], "{which}");
    }
    assert_eq!(find(&store, "latest").await.unwrap(), entries[0]);
    assert!(matches!(find(&store, "zzzzzz").await, Err(FindError::None { .. })));

    fs::remove_file(place.file(&first, "roles.sql.zst")).unwrap();
    let state = find(&store, &first.name.id()).await.unwrap().state;
    assert_eq!(state, State::Damaged { reason: "roles.sql.zst is missing".to_owned() });
    delete(&store, &first.name).await.unwrap();
    assert!(matches!(find(&store, &first.name.id()).await, Err(FindError::None { .. })));
}

#[tokio::test]
async fn two_at_once_do_not_meet() {
    let place = Place::new().await;
    let (one, other) = tokio::join!(place.backup(), place.backup());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.name, other.name);
    assert_eq!(one.tables, other.tables);
}

/// What we ask has to be understood in every encoding.
#[tokio::test]
async fn databases_need_not_be_in_utf8() {
    let place = Place::new().await;
    let mut admin = place.connect().await;
    let name = ask(&mut admin, "select 'latin_' || replace(gen_random_uuid()::text, '-', '')").await;
    run(&mut admin, &format!("create database {name} template template0 encoding latin1 locale 'C'")).await;
    let mut options = place.options();
    options.connect.url = place.database.url().with_database(&name);
    let mut connection = palisade_db::connect(&options.connect).await.unwrap();
    run(&mut connection, "create table t (a text); insert into t values ('gr\u{fc}n')").await;
    connection.close().await;
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let manifest = create(&CreateOptions { engine, ..options.clone() }, |_| ()).await.unwrap();
        let laboratory = palisade_backup::Laboratory { embedded: palisade_tests::settings(), checks: None };
        let level = palisade_backup::Level::Restored(Box::new(laboratory));
        let verdict = palisade_backup::verify(&options.store, &manifest, None, &level, |_| ()).await.unwrap();
        assert_eq!(verdict.problems, Vec::<String>::new());
    }
    run(&mut admin, &format!("drop database {name} with (force)")).await;
}
