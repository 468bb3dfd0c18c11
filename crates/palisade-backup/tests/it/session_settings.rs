//! What databases have set otherwise changes neither texts nor what is said of them.

use palisade_backup::{CreateOptions, EngineChoice, Laboratory, Level, create, verify};

use crate::support::{Place, ask, open, run};

const VALUES: &str = "create table public.odd (at timestamptz, raw bytea, took interval, part float8);
    insert into odd select '2026-03-29 00:30+00'::timestamptz + it * interval '1 h', decode(md5(it::text), 'hex'),
      it * interval '1 day 01:02:03', it / 7.0 from generate_series(1, 50) it;";

#[tokio::test]
async fn zones_and_forms_of_the_database_are_no_difference() {
    let place = Place::new().await;
    let mut connection = place.connect().await;
    run(&mut connection, VALUES).await;
    let name = ask(&mut connection, "select quote_ident(current_database())").await;
    let settings = [
        "timezone = 'Europe/Berlin'",
        "bytea_output = 'escape'",
        "intervalstyle = 'iso_8601'",
        "datestyle = 'German'",
        "quote_all_identifiers = on",
        "extra_float_digits = -3",
    ];
    for setting in settings {
        run(&mut connection, &format!("alter database {name} set {setting}")).await;
    }
    let (store, mut digests) = (open(place.store()), Vec::new());
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let manifest = create(&CreateOptions { engine, ..place.options() }, |_| ()).await.unwrap();
        let level = Level::Restored(Box::new(Laboratory { embedded: palisade_tests::settings(), checks: None }));
        let verdict = verify(&store, &manifest, None, &level, |_| ()).await.unwrap();
        assert_eq!(verdict.problems, Vec::<String>::new(), "{engine:?}");
        digests.push((manifest.fingerprint, manifest.tables));
    }
    assert_eq!(digests[0], digests[1]);
}

/// As after an upgrade of the C library, which sorts otherwise: the server says so to everybody who connects.
#[tokio::test]
async fn a_collation_of_another_version_is_a_warning() {
    let place = Place::new().await;
    let change = "update pg_database set datcollversion = '1.0' where datname = current_database()";
    run(&mut place.connect().await, change).await;
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let manifest = create(&CreateOptions { engine, ..place.options() }, |_| ()).await.unwrap();
        assert!(manifest.warnings.iter().any(|it| it.contains("collation version")), "{:?}", manifest.warnings);
    }
}
