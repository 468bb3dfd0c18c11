//! Scratch databases in good times.

use palisade_config::GrantRegime;
use palisade_db::batch;
use palisade_embedded::{EmbeddedError, Layer, Scratch, ScratchError, stop_scratch};
use palisade_tests::{archive, connection, database, database_with, scratch};

use crate::project::{Project, ask, ask_at};

/// SQL that nobody ran before, and whose result tells one run from another.
fn unique(table: &str) -> Layer {
    let salt: u64 = rand::random();
    Layer::new(table, format!("/* {salt} */ create table {table} as select gen_random_uuid() as id"))
}

#[tokio::test]
async fn databases_are_separate_and_go_when_closed() {
    let scratch = scratch().await;
    let (one, two) = (scratch.database(&[]).await.unwrap(), scratch.database(&[]).await.unwrap());
    batch(&mut connection(&one).await, "create table t ()").await.unwrap();
    let exists = "select (to_regclass('t') is not null)::text";
    assert_eq!(ask_at(one.url(), exists).await, "true");
    assert_eq!(ask_at(two.url(), exists).await, "false");

    let name = one.url().database.clone();
    let count = format!("select count(*) from pg_database where datname = '{name}'");
    assert_eq!(ask_at(two.url(), &count).await, "1");
    let _still_connected = connection(&one).await;
    one.close().await.unwrap();
    assert_eq!(ask_at(two.url(), &count).await, "0");

    let name = two.url().database.clone();
    drop(two);
    let three = scratch.database(&[]).await.unwrap();
    let count = format!("select count(*) from pg_database where datname = '{name}'");
    assert_eq!(ask_at(three.url(), &count).await, "0", "dropped without being closed");
}

#[tokio::test]
async fn both_urls_lead_there() {
    let database = database().await;
    let name = "select current_database()";
    assert_eq!(ask_at(database.url(), name).await, ask_at(database.tcp_url(), name).await);
}

#[tokio::test]
async fn the_longest_known_beginning_is_not_built_again() {
    let (a, b, c, d) = (unique("a"), unique("b"), unique("c"), unique("d"));
    let abc = database_with(&[a.clone(), b.clone(), c.clone()]).await;
    let again = database_with(&[a.clone(), b.clone(), c.clone()]).await;
    let ids = "select concat_ws(' ', (select id from a), (select id from b), (select id from c))";
    let first = ask_at(abc.url(), ids).await;
    assert_eq!(ask_at(again.url(), ids).await, first);

    // One more at the end; and another one instead of the last.
    let abcd = database_with(&[a.clone(), b.clone(), c, d]).await;
    assert_eq!(ask_at(abcd.url(), ids).await, first);
    let abx = database_with(&[a, b, unique("c")]).await;
    let other = ask_at(abx.url(), ids).await;
    assert_ne!(other, first);
    assert_eq!(other.split(' ').take(2).collect::<Vec<_>>(), first.split(' ').take(2).collect::<Vec<_>>());
}

#[tokio::test]
async fn parallel_builders_of_one_template_build_it_once() {
    let layers = [unique("a"), unique("b")];
    let databases = futures_util::future::join_all((0..6).map(|_| database_with(&layers))).await;
    let mut ids = Vec::new();
    for database in &databases {
        ids.push(ask_at(database.url(), "select a.id || ' ' || b.id from a, b").await);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[tokio::test]
async fn tasks_share_one_scratch() {
    let scratch = scratch().await;
    let layers = [unique("a")];
    let databases = futures_util::future::join_all((0..6).map(|_| scratch.database(&layers))).await;
    for database in databases {
        assert_eq!(ask_at(database.unwrap().url(), "select count(*) from a").await, "1");
    }
}

#[tokio::test]
async fn layers_do_not_see_the_settings_of_those_before() {
    let layers = [
        Layer::new("one", "create schema s; set search_path = s; set role anon; reset role; create temp table x ()"),
        Layer::new("two", "create table t ()"),
    ];
    let database = database_with(&[vec![Layer::supabase(GrantRegime::After)], layers.to_vec()].concat()).await;
    assert_eq!(ask_at(database.url(), "select (to_regclass('public.t') is not null)::text").await, "true");
}

#[tokio::test]
async fn statements_that_need_no_transaction_get_none() {
    let layer = Layer {
        transactional: false,
        ..Layer::new("concurrent", "create table t (id int);\ncreate index concurrently i on t (id);\nvacuum t;")
    };
    let database = database_with(&[layer]).await;
    assert_eq!(
        ask_at(database.url(), "select indisvalid::text from pg_index where indrelid = 't'::regclass").await,
        "true"
    );
}

#[tokio::test]
async fn roles_of_other_databases_are_not_in_the_way() {
    let project = Project::with_cache().await;
    let scratch = Scratch::open(&project).await.unwrap();
    let create = "create role clerk; create table t (); grant select on t to clerk";
    let first = scratch.database(&[Layer::new("first", create)]).await.unwrap();
    first.close().await.unwrap();
    // An edited migration that still creates the role.
    let edited = Layer::new("edited", format!("{create}; comment on table t is 'edited'"));
    let second = scratch.database(std::slice::from_ref(&edited)).await.unwrap();
    assert_eq!(ask_at(second.url(), "select has_table_privilege('clerk', 't', 'select')::text").await, "true");
    second.close().await.unwrap();

    // But two migrations that create the same one are an error, as is one that creates one of Supabase's.
    for sql in ["create role clerk", "create role anon"] {
        let error = scratch.database(&[edited.clone(), Layer::new("again", sql)]).await.unwrap_err();
        assert!(matches!(error, EmbeddedError::Scratch(ScratchError::Layer { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn a_failing_layer_is_shown_with_its_place() {
    for transactional in [true, false] {
        let sql = "-- ü\ncreate table t (id int);\nselect nonsense from t;";
        let layer = Layer { transactional, ..Layer::new("migrations/1_a.sql", sql) };
        let error = scratch().await.database(&[layer]).await.unwrap_err();
        let EmbeddedError::Scratch(ScratchError::Layer { layer, source }) = &error else { panic!("{error:?}") };
        assert_eq!(layer, "migrations/1_a.sql");
        let shown = source.to_string();
        assert!(shown.contains("migrations/1_a.sql:3:8"), "transactional {transactional}: {shown}");
        assert!(error.help().contains("migrations/1_a.sql"));
    }
}

#[tokio::test]
async fn other_versions_have_servers_of_their_own() {
    let layers = [Layer::supabase(GrantRegime::After)];
    let installed = database_with(&layers).await;
    for major in [17, 18] {
        let project = Project::with_cache().await.with_archive(&archive(major));
        let other = Scratch::open(&project).await.unwrap().database(&layers).await.unwrap();
        let version = ask_at(other.url(), "show server_version").await;
        assert!(version.starts_with(&format!("{major}.")), "{version}");
        assert_ne!(
            ask_at(installed.url(), "show data_directory").await,
            ask_at(other.url(), "show data_directory").await
        );
    }
}

#[tokio::test]
async fn stopping_it_ends_it_and_the_next_one_starts_it() {
    let project = Project::with_cache().await;
    let layers = [unique("a")];
    assert_eq!(stop_scratch(&project).await.unwrap(), 0);
    let first = Scratch::open(&project).await.unwrap().database(&layers).await.unwrap();
    let id = ask_at(first.url(), "select id from a").await;
    assert_eq!(stop_scratch(&project).await.unwrap(), 1);
    assert_eq!(stop_scratch(&project).await.unwrap(), 0);
    let again = Scratch::open(&project).await.unwrap().database(&layers).await.unwrap();
    assert_eq!(ask_at(again.url(), "select id from a").await, id, "templates survive");
}

#[tokio::test]
async fn old_templates_are_pruned() {
    let project = Project::with_cache().await;
    let scratch = Scratch::open(&project).await.unwrap();
    let kept = [unique("kept")];
    let database = scratch.database(&kept).await.unwrap();
    for _ in 0..25 {
        scratch.database(&[unique("a")]).await.unwrap();
    }
    let mut main = crate::project::open(&database.url().with_database("postgres")).await;
    let templates = "select count(*) from pg_database where datname like 'palisade\\_template\\_%'";
    assert_eq!(ask(&mut main, templates).await, "20");
    // Whoever wants a pruned one gets it built again.
    let again = scratch.database(&kept).await.unwrap();
    assert_eq!(ask_at(again.url(), "select count(*) from kept").await, "1");
}
