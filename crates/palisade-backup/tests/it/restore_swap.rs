//! Restores that take the place of a database.

use palisade_backup::{CreateOptions, EngineChoice, RestoreError, RestoreOptions, create, restore_swapped};
use palisade_db::ConnectSettings;
use palisade_embedded::{Scratch, ScratchDatabase};

use crate::support::{Place, ask, content, run};

/// A database of this test alone, that is not one of the scratch server's, which follow their own names.
struct Named {
    scratch: ScratchDatabase,
    name: String,
}

impl Named {
    async fn new() -> Self {
        let scratch = palisade_tests::database().await;
        let mut connection = palisade_tests::connection(&scratch).await;
        let name = ask(&mut connection, "select 'swap \"' || replace(gen_random_uuid()::text, '-', '')").await;
        run(&mut connection, &format!("create database {} template template0 connection limit 50", quoted(&name)))
            .await;
        Self { scratch, name }
    }

    fn settings(&self, name: &str) -> ConnectSettings {
        ConnectSettings::new(self.scratch.url().with_database(name))
    }

    async fn connect(&self, name: &str) -> palisade_db::Connection {
        palisade_db::connect(&self.settings(name)).await.unwrap()
    }

    async fn options(&self, place: &Place, engine: EngineChoice) -> RestoreOptions {
        let manifest = create(&CreateOptions { engine, ..place.options() }, |_| ()).await.unwrap();
        let options = place.restoring(&manifest, &self.scratch).await;
        let target = palisade_backup::RestoreTarget::url(self.settings(&self.name), &[]).unwrap();
        RestoreOptions { target, jobs: 2, ..options }
    }

    /// All databases that were made of this one.
    async fn all(&self) -> Vec<String> {
        let mut connection = palisade_tests::connection(&self.scratch).await;
        let like = self.name.replace('\'', "''");
        palisade_tests::query(
            &mut connection,
            &format!(
                "select datname from pg_database where starts_with(datname, '{like}') order by length(datname), datname"
            ),
        )
        .await
    }

    async fn drop(self) {
        let mut connection = palisade_tests::connection(&self.scratch).await;
        for name in self.all().await {
            run(&mut connection, &format!("drop database {} with (force)", quoted(&name))).await;
        }
    }
}

fn quoted(name: &str) -> String {
    palisade_sql::Ident::new(name).unwrap().to_string()
}

const KIND: &str = "select concat_ws(' ', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit,
      datacl::text, shobj_description(oid, 'pg_database'),
      (select string_agg(setrole || setconfig::text, ',' order by setrole) from pg_db_role_setting where setdatabase = d.oid))
    from pg_database d where datname = current_database()";

#[tokio::test]
async fn the_new_takes_the_place_of_the_old_with_all_that_it_is() {
    let place = Place::new().await;
    let before = content(&mut place.connect().await).await;
    let named = Named::new().await;
    let database = quoted(&named.name);
    let mut connection = named.connect(&named.name).await;
    run(
        &mut connection,
        &format!(
            "create table mine (); comment on database {database} is 'it''s mine';
             alter database {database} set search_path = \"$user\", public, \"a b\", 'it''s';
             alter database {database} set app.odd_name = 'x = y'; alter role anon in database {database} set work_mem = '5MB';
             alter database {database} set default_transaction_read_only = off;
             revoke all on database {database} from public; grant connect on database {database} to anon with grant option;"
        ),
    )
    .await;
    let kind = ask(&mut connection, KIND).await;
    connection.close().await;
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let options = named.options(&place, engine).await;
        let swapped = Box::pin(restore_swapped(&options, false, |_| ())).await.unwrap();
        assert_eq!(swapped.database, named.name);
        let mut new = named.connect(&named.name).await;
        assert_eq!((content(&mut new).await, ask(&mut new, KIND).await), (before.clone(), kind.clone()));
        assert_eq!(ask(&mut new, "select (to_regclass('mine') is null)::text").await, "true");
        let mut old = named.connect(&swapped.before).await;
        assert_eq!(ask(&mut old, "select 1::text").await, "1");
        new.close().await;
        old.close().await;
        // The time in the names has to go on.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    }
    assert_eq!(named.all().await.len(), 3);
    named.drop().await;
}

#[tokio::test]
async fn who_is_connected_is_named_and_stays_unless_told_otherwise() {
    let place = Place::new().await;
    let named = Named::new().await;
    let options = named.options(&place, EngineChoice::Single).await;
    let settings = ConnectSettings { application_name: "a shop".to_owned(), ..named.settings(&named.name) };
    let mut connected = palisade_db::connect(&settings).await.unwrap();
    let pid = ask(&mut connected, "select pg_backend_pid()::text").await;
    let error = Box::pin(restore_swapped(&options, false, |_| ())).await.unwrap_err();
    let RestoreError::InUse { sessions, .. } = &error else { panic!("{error}") };
    assert!(sessions.len() == 1 && sessions[0].contains(&pid) && sessions[0].contains("a shop"), "{sessions:?}");
    assert_eq!(ask(&mut connected, "select 1::text").await, "1");
    assert_eq!(named.all().await, std::slice::from_ref(&named.name));

    Box::pin(restore_swapped(&options, true, |_| ())).await.unwrap();
    assert!(palisade_db::batch(&mut connected, "select 1").await.is_err());
    assert_eq!(named.all().await.len(), 2);
    named.drop().await;
}

#[tokio::test]
async fn what_a_killed_one_has_left_is_named() {
    let place = Place::new().await;
    let named = Named::new().await;
    let options = named.options(&place, EngineChoice::Single).await;
    let left = format!("{}_restore_01kaxh9z", named.name);
    let mut connection = palisade_tests::connection(&named.scratch).await;
    for name in [&left, &format!("{left}x"), &format!("{}_restored", named.name)] {
        run(&mut connection, &format!("create database {} template template0", quoted(name))).await;
    }
    let swapped = Box::pin(restore_swapped(&options, false, |_| ())).await.unwrap();
    let warnings = swapped.restored.warnings.iter().filter(|it| it.contains("was killed")).collect::<Vec<_>>();
    assert!(warnings.len() == 1 && warnings[0].starts_with(&format!("`{left}` ")), "{warnings:?}");
    named.drop().await;
}

/// Somebody comes while it is restored: the work was in vain, and nothing of it stays.
#[tokio::test]
async fn who_comes_meanwhile_keeps_it_from_being_swapped() {
    let place = Place::new().await;
    let named = Named::new().await;
    let options = named.options(&place, EngineChoice::Single).await;
    let settings = named.settings(&named.name);
    let mut connection = named.connect(&named.name).await;
    run(&mut connection, "create table mine ()").await;
    connection.close().await;
    let connecting = std::sync::Mutex::new(None);
    let error = Box::pin(restore_swapped(&options, false, |_| {
        let settings = settings.clone();
        connecting.lock().unwrap().get_or_insert_with(|| {
            tokio::spawn(async move {
                let connected = palisade_db::connect(&settings).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_mins(1)).await;
                drop(connected);
            })
        });
    }))
    .await
    .unwrap_err();
    assert!(matches!(error, RestoreError::InUse { .. }), "{error}");
    assert_eq!(named.all().await, std::slice::from_ref(&named.name));
    let mut connection = named.connect(&named.name).await;
    assert_eq!(ask(&mut connection, "select to_regclass('mine')::text").await, "mine");
    connecting.into_inner().unwrap().unwrap().abort();
    named.drop().await;
}

#[tokio::test]
async fn a_restore_that_fails_leaves_no_new_database() {
    let place = Place::new().await;
    let named = Named::new().await;
    let options = named.options(&place, EngineChoice::Parallel).await;
    let part = options.manifest.parts.iter().find(|it| it.file.starts_with("rows-")).unwrap();
    let path = place.file(&options.manifest, &part.file);
    let mut changed = std::fs::read(&path).unwrap();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(&path, changed).unwrap();
    for jobs in [1, 2] {
        let error =
            Box::pin(restore_swapped(&RestoreOptions { jobs, ..options.clone() }, false, |_| ())).await.unwrap_err();
        assert!(matches!(error, RestoreError::Fetch(_) | RestoreError::Incomplete { .. }), "{error}");
        assert_eq!(named.all().await, std::slice::from_ref(&named.name));
    }
    named.drop().await;
}

/// Other versions have other locales.
#[tokio::test]
async fn locales_of_every_version_are_carried_over() {
    for major in [16, 17, 18] {
        let settings = palisade_embedded::EmbeddedSettings {
            pg_bin: None,
            pg_archive: Some(palisade_tests::archive(major)),
            ..palisade_tests::settings()
        };
        let scratch = Scratch::open(&settings).await.unwrap();
        let source = scratch.database(&[]).await.unwrap();
        let mut connection = source.connect().await.unwrap();
        let name = ask(&mut connection, "select 'swap' || replace(gen_random_uuid()::text, '-', '')").await;
        let locale =
            if major >= 17 { "locale_provider builtin builtin_locale 'C.UTF-8'" } else { "locale_provider libc" };
        run(
            &mut connection,
            &format!("create database {name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C' {locale}"),
        )
        .await;
        let directory = palisade_tests::Directory::new();
        let creating =
            crate::support::options(directory.path().join("backups"), source.url().clone(), settings.clone());
        let manifest = create(&creating, |_| ()).await.unwrap();
        let target = ConnectSettings::new(source.url().with_database(&name));
        let options = RestoreOptions {
            store: creating.store.clone(),
            manifest,
            identities: None,
            target: palisade_backup::RestoreTarget::url(target.clone(), &[]).unwrap(),
            overwrite: palisade_backup::Overwrite::Refuse,
            owners: palisade_backup::Owners::AsBackedUp,
            selection: palisade_backup::Selection::default(),
            jobs: 2,
            embedded: settings,
        };
        let kind = "select to_jsonb(d) - 'oid' - 'datname' - 'datfrozenxid' - 'datminmxid' from pg_database d where datname = current_database()";
        let mut before = palisade_db::connect(&target).await.unwrap();
        let expected = ask(&mut before, kind).await;
        before.close().await;
        let swapped = Box::pin(restore_swapped(&options, false, |_| ())).await.unwrap();
        let mut new = palisade_db::connect(&target).await.unwrap();
        assert_eq!(ask(&mut new, kind).await, expected);
        for name in [swapped.database, swapped.before] {
            run(&mut connection, &format!("drop database {name} with (force)")).await;
        }
    }
}

/// On hosted servers nobody is a superuser.
#[tokio::test]
async fn an_owner_who_may_create_databases_is_enough() {
    let place = Place::new().await;
    let named = Named::new().await;
    let (database, mut admin) = (quoted(&named.name), palisade_tests::connection(&named.scratch).await);
    let role = ask(&mut admin, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    run(
        &mut admin,
        &format!("create role {role} login createdb password 'p'; alter database {database} owner to {role}"),
    )
    .await;
    let url = palisade_config::DatabaseUrl {
        user: role.clone(),
        password: Some("p".into()),
        ..named.scratch.tcp_url().with_database(&named.name)
    };
    let options = named.options(&place, EngineChoice::Single).await;
    let target = palisade_backup::RestoreTarget::url(ConnectSettings::new(url), &[]).unwrap();
    let options = RestoreOptions { target, owners: palisade_backup::Owners::Fitting, ..options };
    let result = Box::pin(restore_swapped(&options, false, |_| ())).await;
    // What is in this backup takes more; to make the database does not.
    assert!(!matches!(&result, Err(RestoreError::NewDatabase { .. })), "{result:?}");
    named.drop().await;
    run(&mut admin, &format!("drop role {role}")).await;
}
