//! Catalogs that are kept.

use palisade_catalog::{ObjectKey, ObjectKind};
use palisade_embedded::{EmbeddedSettings, GrantRegime, Layer};
use palisade_source::{Base, Workbench, grant_regime, is_supabase};
use palisade_tests::{Directory, scratch, settings};

use crate::support::files;

/// The scratch server of all tests, and a cache of catalogs that nobody else has.
fn kept_in(cache: &Directory, base: Base) -> Workbench {
    Workbench::new(settings(), base).kept_in(cache.path())
}

#[tokio::test]
async fn what_was_made_before_needs_no_server() {
    let cache = Directory::new();
    let layers = [Layer::new("1.sql", "create table public.one ();")];
    let texts = files(&[("a.sql", "create table public.one ();")]);
    let made = kept_in(&cache, Base::Plain);
    let (migrated, loaded) = (made.migrated(&layers).await.unwrap(), made.loaded(&texts).await.unwrap());
    // No server can be started where this one would be.
    let nowhere = EmbeddedSettings { cache_dir: cache.path().join("no/such/directory"), download: false, ..settings() };
    let again = Workbench::new(nowhere, Base::Plain).kept_in(cache.path());
    assert_eq!(again.migrated(&layers).await.unwrap(), migrated);
    assert_eq!(again.loaded(&texts).await.unwrap(), loaded);
}

#[tokio::test]
async fn a_new_database_is_what_the_project_has() {
    let cache = Directory::new();
    let plain = kept_in(&cache, Base::Plain).empty().await.unwrap();
    assert!(!is_supabase(&plain));
    for regime in [GrantRegime::Before, GrantRegime::After] {
        let catalog = kept_in(&cache, Base::Supabase(regime)).empty().await.unwrap();
        assert!(is_supabase(&catalog));
        assert_eq!(grant_regime(&catalog), regime);
    }
}

#[tokio::test]
async fn another_server_can_lend_databases_and_has_them_no_longer_afterwards() {
    let cache = Directory::new();
    let lender = scratch().await.database(&[]).await.unwrap();
    let settings = palisade_db::ConnectSettings::new(lender.tcp_url().clone());
    let lent = "select datname::text from pg_database where datname like 'palisade_shadow_%' order by 1";
    let mut connection = lender.connect().await.unwrap();
    let before = palisade_tests::query(&mut connection, lent).await;
    let workbench = kept_in(&cache, Base::Plain).on(Some(settings));
    let made = workbench.loaded(&files(&[("a.sql", "create table public.one ();")])).await.unwrap();
    assert!(made.get(&ObjectKey::new(ObjectKind::Table, ["public", "one"])).is_some());
    // Nothing is left on a server that is somebody's.
    let error =
        workbench.loaded(&files(&[("a.sql", "create table t (); grant select on t to palisade_nobody;")])).await;
    assert!(error.unwrap_err().to_string().starts_with("role \"palisade_nobody\" does not exist"));
    assert_eq!(palisade_tests::query(&mut connection, lent).await, before);
}
