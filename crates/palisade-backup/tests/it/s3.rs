//! Backups in a bucket.

mod denied;
mod faults;
mod killed;
mod memory;

use std::fs;

use palisade_backup::{
    CreateOptions, EngineChoice, Identities, Level, Manifest, Overwrite, Owners, RestoreOptions, RestoreTarget,
    Selection, State, create, delete, find, list, restore, verify,
};
use palisade_db::ConnectSettings;
use palisade_embedded::{Layer, ScratchDatabase};
use palisade_store::Store;
use palisade_tests::Directory;

use crate::server::Server;
use crate::support::{Place, content, key};

/// Rows that do not fit into one part of an upload, however well they are compressed.
const MUCH: &str = "
    create table public.much (id int primary key, noise text);
    alter table public.much alter noise set storage external;
    insert into public.much select row, (select string_agg(md5((row * 200 + it)::text), '') from generate_series(1, 128) it)
      from generate_series(1, 10000) row;";

/// Both engines, by the names that the example program knows.
const ENGINES: [(EngineChoice, &str); 2] = [(EngineChoice::Single, "single"), (EngineChoice::Parallel, "parallel")];

/// A database with [`MUCH`] in it.
async fn much() -> Place {
    let database = palisade_tests::database_with(&[Layer::new("much", MUCH)]).await;
    Place { database, directory: Directory::new() }
}

fn options(place: &Place, store: &Store, engine: EngineChoice) -> CreateOptions {
    CreateOptions { store: store.clone(), engine, ..place.options() }
}

/// What verification at level 2 finds wrong.
async fn problems(store: &Store, manifest: &Manifest, identities: Option<&Identities>) -> Vec<String> {
    verify(store, manifest, identities, &Level::Contents, |_| ()).await.unwrap().problems
}

/// That there are no backups, nor anything that could become one.
async fn assert_nothing(store: &Store, what: &str) {
    let keys: Vec<_> = store.list(None).await.unwrap().into_iter().map(|it| it.key.to_string()).collect();
    assert_eq!(keys, Vec::<String>::new(), "{what}");
}

async fn bring_back(store: &Store, manifest: &Manifest, identities: Option<Identities>, to: &ScratchDatabase) {
    let options = RestoreOptions {
        manifest: manifest.clone(),
        store: store.clone(),
        identities,
        target: RestoreTarget::url(ConnectSettings::new(to.url().clone()), &[]).unwrap(),
        overwrite: Overwrite::Refuse,
        owners: Owners::AsBackedUp,
        selection: Selection::default(),
        jobs: 1,
        embedded: palisade_tests::settings(),
    };
    restore(&options, |_| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goes_and_comes_back() {
    let (place, server) = (Place::new().await, Server::start().await);
    let store = server.store();
    let before = content(&mut place.connect().await).await;
    for (engine, name) in ENGINES {
        let (identities, recipients) = key();
        let options = CreateOptions { recipients, ..options(&place, &store, engine) };
        let manifest = create(&options, |_| ()).await.unwrap();
        let entry = find(&store, "latest").await.unwrap();
        assert_eq!(entry.state, State::Complete(Box::new(manifest.clone())), "{name}");
        assert_eq!(problems(&store, &manifest, Some(&identities)).await, Vec::<String>::new(), "{name}");
        assert_eq!(list(&store).await.unwrap()[0].verified_level(), Some(2), "{name}");

        let target = palisade_tests::database().await;
        bring_back(&store, &manifest, Some(identities), &target).await;
        assert_eq!(content(&mut palisade_tests::connection(&target).await).await, before, "{name}");

        delete(&store, &manifest.name).await.unwrap();
        assert_nothing(&store, name).await;
        assert_eq!((server.layer.uploads.lock().unwrap().len(), server.parts()), (0, 0), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_are_two_backups() {
    let (place, server) = (Place::new().await, Server::start().await);
    let store = server.store();
    let [one, other] = ENGINES.map(|it| options(&place, &store, it.0));
    let (one, other) = tokio::join!(create(&one, |_| ()), create(&other, |_| ()));
    let entries = list(&store).await.unwrap();
    assert_eq!(entries.len(), 2);
    for manifest in [one.unwrap(), other.unwrap()] {
        assert!(entries.iter().any(|it| it.manifest() == Some(&manifest)));
        assert_eq!(problems(&store, &manifest, None).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_lost_its_end_is_found() {
    let (place, server) = (Place::new().await, Server::start().await);
    let store = server.store();
    for (engine, name) in ENGINES {
        let manifest = create(&options(&place, &store, engine), |_| ()).await.unwrap();
        for part in &manifest.parts {
            let path = server
                .files()
                .into_iter()
                .find(|it| it.ends_with(&format!("{}/{}", manifest.name, part.file)))
                .unwrap();
            let whole = fs::read(&path).unwrap();
            fs::write(&path, &whole[..whole.len() - 1]).unwrap();
            let entry = find(&store, &manifest.name.id()).await.unwrap();
            assert!(matches!(entry.state, State::Damaged { .. }), "{name}: {:?}", entry.state);
            for level in [Level::Sums, Level::Contents] {
                let verdict = verify(&store, &manifest, None, &level, |_| ()).await.unwrap();
                assert_ne!(verdict.problems, Vec::<String>::new(), "{name}, {}, level {}", part.file, level.number());
            }
            fs::write(&path, &whole).unwrap();
        }
    }
}
