//! Restores with several connections.

use palisade_backup::{
    Content, CreateOptions, EngineChoice, Overwrite, Owners, RestoreError, RestoreOptions, RestoreTarget, Selection,
    Stage, create, restore,
};
use palisade_db::ConnectSettings;
use palisade_embedded::{EmbeddedSettings, GrantRegime, Layer, Scratch};

use crate::content::{HARD, assert_same};
use crate::support::{CONTENT, Place, ask, content, key, options, run};

const ENGINES: [EngineChoice; 2] = [EngineChoice::Single, EngineChoice::Parallel];

/// Sums over every column of every table that is hard to carry.
const ROWS: &str = "select concat_ws(' ',
    (select md5(string_agg(t::text, ',' order by \"co l\")) from \"Odd \"\"schema\"\"\".\"tab'le\nline\" t),
    (select md5(string_agg(p::text, ',' order by id)) from parts p), (select count(*) from parent), (select md5(c::text) from child c),
    (select md5(string_agg(c::text, ',' order by a)) from calculated c), (select count(*) from nothing),
    (select count(*) from only parent), (select a from quick), (select md5(string_agg(o::text, ',')) from one o),
    (select md5(string_agg(u::text, ',' order by id)) from people u))";

#[tokio::test]
async fn everything_comes_back() {
    let place = Place::new().await;
    run(&mut place.connect().await, HARD).await;
    let before = ask(&mut place.connect().await, ROWS).await;
    for engine in ENGINES {
        let (identities, recipients) = key();
        let manifest = create(&CreateOptions { engine, recipients, ..place.options() }, |_| ()).await.unwrap();
        let empty = palisade_tests::database().await;
        let restoring =
            RestoreOptions { jobs: 2, identities: Some(identities), ..place.restoring(&manifest, &empty).await };
        let mut seen = 0;
        let restored = restore(&restoring, |it| seen = it.bytes).await.unwrap();
        assert!(restored.warnings.iter().all(|it| it.contains("CVE")), "{:?}", restored.warnings);
        assert!(seen > 0);
        assert_same(&place.database, &empty).await;
        assert_eq!(ask(&mut palisade_tests::connection(&empty).await, ROWS).await, before);

        let error = restore(&restoring, |_| ()).await.unwrap_err();
        assert!(matches!(error, RestoreError::NotEmpty { .. }), "{error}");
        run(&mut palisade_tests::connection(&empty).await, "create table mine (); delete from people").await;
        restore(&RestoreOptions { overwrite: Overwrite::Confirmed, ..restoring }, |_| ()).await.unwrap();
        assert_same(&place.database, &empty).await;
        assert_eq!(ask(&mut palisade_tests::connection(&empty).await, ROWS).await, before);
        empty.close().await.unwrap();
    }
}

/// Archives of other versions hold large objects and rights differently.
#[tokio::test]
async fn everything_comes_back_on_newer_servers() {
    let rest = "select concat_ws(' ', (select count(*) from pg_constraint), (select count(*) from pg_index), (select count(*) from pg_policy),
        (select count(*) from pg_trigger), (select count(*) from pg_class where relacl is not null), (select count(*) from pg_description),
        (select string_agg(oid || md5(lo_get(oid)), ',' order by oid) from pg_largeobject_metadata), (select last_value from counter))";
    for major in [16, 17, 18] {
        let embedded = EmbeddedSettings {
            pg_bin: None,
            pg_archive: Some(palisade_tests::archive(major)),
            ..palisade_tests::settings()
        };
        let scratch = Scratch::open(&embedded).await.unwrap();
        let source = scratch.database(&[Layer::supabase(GrantRegime::After)]).await.unwrap();
        let mut connection = source.connect().await.unwrap();
        run(&mut connection, CONTENT).await;
        run(&mut connection, HARD).await;
        let before = (ask(&mut connection, ROWS).await, ask(&mut connection, rest).await);
        for engine in ENGINES {
            let directory = palisade_tests::Directory::new();
            let creating = options(directory.path().join("backups"), source.url().clone(), embedded.clone());
            let creating = CreateOptions { engine, ..creating };
            let manifest = create(&creating, |_| ()).await.unwrap();
            let target = scratch.database(&[]).await.unwrap();
            let restoring = RestoreOptions {
                store: creating.store,
                manifest,
                identities: None,
                target: RestoreTarget::url(ConnectSettings::new(target.url().clone()), &[]).unwrap(),
                overwrite: Overwrite::Refuse,
                owners: Owners::AsBackedUp,
                selection: Selection::default(),
                jobs: 2,
                embedded: embedded.clone(),
            };
            restore(&restoring, |_| ()).await.unwrap();
            let mut connection = target.connect().await.unwrap();
            assert_eq!(
                (ask(&mut connection, ROWS).await, ask(&mut connection, rest).await),
                before,
                "{major} {engine:?}"
            );
        }
    }
}

/// What nobody may have yet where rows are not known to be good.
const REST: &str = "select concat_ws(' ', (select count(*) from pg_constraint where contype in ('p', 'f') and conrelid::regclass::text = 'people'),
    (select count(*) from pg_policy), (select count(*) from pg_class where relname = 'people' and relacl is not null))";

#[tokio::test]
async fn a_changed_part_is_not_stored_and_nothing_is_built_on_it() {
    let place = Place::new().await;
    run(
        &mut place.connect().await,
        "select lo_from_bytea(4242, decode(repeat('ab', 300000), 'hex')); grant select on people to anon",
    )
    .await;
    for engine in ENGINES {
        let manifest = create(&CreateOptions { engine, ..place.options() }, |_| ()).await.unwrap();
        for part in manifest.parts.iter().filter(|it| it.content != Content::Roles) {
            let path = place.file(&manifest, &part.file);
            let stored = std::fs::read(&path).unwrap();
            let mut changed = stored.clone();
            *changed.last_mut().unwrap() ^= 1;
            std::fs::write(&path, changed).unwrap();
            let empty = palisade_tests::database().await;
            let restoring = RestoreOptions { jobs: 2, ..place.restoring(&manifest, &empty).await };
            let error = restore(&restoring, |_| ()).await.unwrap_err();
            let mut connection = palisade_tests::connection(&empty).await;
            if matches!(part.content, Content::PreData | Content::PostData) {
                let is_unchanged = matches!(&error, RestoreError::Stage { stage: Stage::Contents, .. });
                assert!(is_unchanged || matches!(&error, RestoreError::Fetch(_)), "{} {error}", part.file);
                assert_eq!(ask(&mut connection, "select coalesce(to_regclass('people')::text, '')").await, "");
            } else {
                assert!(matches!(&error, RestoreError::Incomplete { stage: Stage::Rows, .. }), "{} {error}", part.file);
                assert!(error.help().contains("again"), "{}", error.help());
                assert_eq!(ask(&mut connection, REST).await, "0 0 0", "{}", part.file);
            }
            if let Content::Rows { table, .. } = &part.content {
                let name = if table == "migrations" { format!("palisade.{table}") } else { table.clone() };
                assert_eq!(ask(&mut connection, &format!("select count(*)::text from {name}")).await, "0", "{table}");
            }
            std::fs::write(&path, stored).unwrap();
            // It can be restored onto what is left.
            let again = RestoreOptions { overwrite: Overwrite::Confirmed, ..restoring };
            restore(&again, |_| ()).await.unwrap();
            let before = content(&mut place.connect().await).await;
            assert_eq!(content(&mut connection).await, before);
            empty.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_program_that_dies_is_said_with_its_stage() {
    let dies_at = [
        ("case \"$*\" in *--jobs*) exec \"$REAL\" \"$@\" ;; esac\nkill -9 $$", Stage::Schema),
        ("case \"$*\" in *--jobs*) kill -9 $$ ;; esac\nexec \"$REAL\" \"$@\"", Stage::Rest),
    ];
    for (script, expected) in dies_at {
        let place = Place::new().await;
        let manifest = place.backup().await.unwrap();
        let empty = palisade_tests::database().await;
        let embedded = place.with_program("pg_restore", script).await;
        let restoring = RestoreOptions { jobs: 2, embedded, ..place.restoring(&manifest, &empty).await };
        let error = restore(&restoring, |_| ()).await.unwrap_err();
        let mut connection = palisade_tests::connection(&empty).await;
        let there = ask(&mut connection, "select (to_regclass('people') is not null)::text").await;
        match error {
            RestoreError::Stage { stage, .. } => assert_eq!((stage, there.as_str()), (expected, "false")),
            RestoreError::Incomplete { stage, .. } => assert_eq!((stage, there.as_str()), (expected, "true")),
            other => panic!("{other}"),
        }
        empty.close().await.unwrap();
    }
}

/// Rows that the server refuses are named with their table.
#[tokio::test]
async fn a_row_that_is_refused_is_told() {
    let place = Place::new().await;
    run(
        &mut place.connect().await,
        "create function never() returns bool language sql as 'select current_setting(''test.never'', true) is not null';
         create table guarded (a int, check (never())); set test.never = 'x'; insert into guarded values (1)",
    )
    .await;
    for engine in ENGINES {
        let manifest = create(&CreateOptions { engine, ..place.options() }, |_| ()).await.unwrap();
        let empty = palisade_tests::database().await;
        let restoring = RestoreOptions { jobs: 2, ..place.restoring(&manifest, &empty).await };
        let error = restore(&restoring, |_| ()).await.unwrap_err();
        let RestoreError::Incomplete { stage: Stage::Rows, cause, .. } = error else { panic!("{error}") };
        assert!(matches!(&*cause, RestoreError::Rows { table, .. } if table == "public.guarded"), "{cause}");
        empty.close().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_runs_on_when_nobody_waits() {
    let place = Place::new().await;
    run(
        &mut place.connect().await,
        "create table slow as select it from generate_series(1, 10) it; create function wait(int) returns int
         immutable language sql as 'select $1 from pg_sleep(0.4)'; create index on slow (wait(it))",
    )
    .await;
    let manifest = place.backup().await.unwrap();
    let empty = palisade_tests::database().await;
    let restoring = RestoreOptions { jobs: 2, ..place.restoring(&manifest, &empty).await };
    let mut watcher = palisade_tests::connection(&empty).await;
    let others =
        "select count(*)::text from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend'";
    let building = "select count(*)::text from pg_stat_activity where datname = current_database() and query like 'CREATE INDEX%wait%'
        and state = 'active'";
    tokio::select! {
        result = restore(&restoring, |_| ()) => panic!("{result:?}"),
        () = async { while ask(&mut watcher, building).await == "0" { tokio::task::yield_now().await } } => {}
    }
    let dropped = std::time::Instant::now();
    while ask(&mut watcher, others).await != "0" {
        tokio::task::yield_now().await;
    }
    assert!(dropped.elapsed() < std::time::Duration::from_secs(2), "{:?}", dropped.elapsed());
}

#[tokio::test]
async fn a_part_of_a_backup_is_for_one_transaction() {
    let place = Place::new().await;
    let manifest = place.backup().await.unwrap();
    let selection = Selection { data_only: true, ..Selection::default() };
    let restoring = RestoreOptions { jobs: 2, selection, ..place.restoring(&manifest, &place.database).await };
    let error = restore(&restoring, |_| ()).await.unwrap_err();
    assert!(matches!(error, RestoreError::WholeOnly { .. }), "{error}");
}
