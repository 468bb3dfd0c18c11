//! A restore that cannot have room is refused before it begins.

use palisade_backup::{
    Laboratory, Level, Manifest, Overwrite, Owners, RestoreError, RestoreOptions, RestoreTarget, Room, Selection,
    VerifyError, look, restore, restore_swapped, verify,
};
use palisade_db::ConnectSettings;

use crate::support::{Place, ask, content, open, run};

/// No disk has that.
const HUGE: u64 = 1 << 60;

/// A backup of everything that says its database was huge.
async fn huge(place: &Place) -> Manifest {
    let mut manifest = place.backup().await.unwrap();
    manifest.tables[0].bytes = HUGE;
    Manifest { database_bytes: HUGE, exclusions: Vec::new(), ..manifest }
}

async fn restoring(place: &Place, manifest: &Manifest) -> RestoreOptions {
    let overwrite = Overwrite::Confirmed;
    RestoreOptions { manifest: manifest.clone(), overwrite, ..place.restoring(manifest, &place.database).await }
}

/// Whether this machine may keep the server's files compressed, so that nobody knows how much room they need.
fn may_compress() -> bool {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    [" btrfs ", " zfs ", " bcachefs "].iter().any(|it| mounts.contains(it))
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_the_target_is_what_it_was() {
    let place = Place::new().await;
    let huge = huge(&place).await;
    let changed = "delete from people where id > 10; create table mine ()";
    run(&mut place.connect().await, changed).await;
    let before = content(&mut place.connect().await).await;
    let by_tcp = RestoreTarget::url(ConnectSettings::new(place.database.tcp_url().clone()), &[]).unwrap();
    let by_socket = restoring(&place, &huge).await;
    let honest = RestoreOptions { manifest: place.backup().await.unwrap(), ..by_socket.clone() };
    let Room { needed, free } = look(&honest).await.unwrap().room.unwrap();
    // Little is in it, and a database takes some megabytes in any case.
    assert_eq!(needed, honest.manifest.tables.iter().map(|it| it.bytes).sum::<u64>());
    // A database that is large because of rows that are dead.
    let bloated = Manifest { database_bytes: HUGE, ..honest.manifest.clone() };
    look(&RestoreOptions { manifest: bloated, ..honest.clone() }).await.unwrap();
    let Some(free) = free else {
        // Other tests make a tablespace on the same server.
        let more = "select (count(*) > 2)::text from pg_tablespace";
        let more = ask(&mut place.connect().await, more).await == "true";
        assert!(may_compress() || more, "the server is on this machine");
        return;
    };
    assert!(free.bytes > needed && free.place.is_dir(), "{free:?}");

    let all_at_once = [
        by_socket.clone(),
        RestoreOptions { target: by_tcp, ..by_socket.clone() },
        RestoreOptions { jobs: 2, ..by_socket.clone() },
        // The question whether something may be dropped would be asked in vain.
        RestoreOptions { overwrite: Overwrite::Refuse, ..by_socket.clone() },
    ];
    for options in all_at_once {
        for error in [restore(&options, |_| ()).await.unwrap_err(), look(&options).await.unwrap_err()] {
            assert!(matches!(&error, RestoreError::NoSpace { needed: HUGE, .. }), "{error}");
            assert!(error.help().contains("--schema"), "{}", error.help());
        }
    }
    let error = restore_swapped(&by_socket, true, |_| ()).await.unwrap_err();
    assert!(matches!(&error, RestoreError::NoSpace { .. }), "{error}");
    let mut connection = place.connect().await;
    assert_eq!(content(&mut connection).await, before);
    assert_eq!(ask(&mut connection, "select to_regclass('mine')::text").await, "mine");
    let beside = "select count(*)::text from pg_database where datname like current_database() || '\\_%'";
    assert_eq!(ask(&mut connection, beside).await, "0");

    let laboratory = Laboratory { embedded: palisade_tests::settings(), checks: None };
    let level = Level::Restored(Box::new(laboratory));
    let error = verify(&open(place.store()), &huge, None, &level, |_| ()).await.unwrap_err();
    let is_refused = matches!(&error, VerifyError::Restore(it) if matches!(**it, RestoreError::NoSpace { .. }));
    assert!(is_refused && error.help().contains("level 2"), "{error}");
}

#[tokio::test]
async fn what_is_not_known_refuses_nothing() {
    let place = Place::new().await;
    let huge = huge(&place).await;
    let mut connection = place.connect().await;
    let whole = restoring(&place, &huge).await;

    // A part: nobody knows how much of it all that is.
    let selection = Selection { schemas: vec!["public".to_owned()], ..Selection::default() };
    let part = RestoreOptions { selection, overwrite: Overwrite::Refuse, ..whole.clone() };
    assert_eq!(look(&part).await.unwrap().room, None);

    // What was left out was a part of the size.
    let realtime = place.backup().await.unwrap();
    assert!(!realtime.exclusions.is_empty());
    let manifest = Manifest { database_bytes: HUGE, ..realtime };
    look(&RestoreOptions { manifest, ..whole.clone() }).await.unwrap();

    // A role that may not know where the server keeps its files.
    let role = ask(&mut connection, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    run(&mut connection, &format!("create role {role} login password 'p'")).await;
    let mut url = place.database.tcp_url().clone();
    (url.user, url.password) = (role.clone(), Some("p".into()));
    let target = RestoreTarget::url(ConnectSettings::new(url), &[]).unwrap();
    let options = RestoreOptions { target, owners: Owners::Restorer, ..whole };
    let room = look(&options).await.unwrap().room.unwrap();
    assert_eq!(room, Room { needed: HUGE, free: None });
    run(&mut connection, &format!("drop role {role}")).await;
}
