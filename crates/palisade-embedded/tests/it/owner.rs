//! What a killed process leaves on the scratch server.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use camino::Utf8PathBuf;
use palisade_embedded::Layer;
use palisade_tests::{database, scratch};

use crate::process;
use crate::project::ask_at;

/// Runs this same test in a process of its own until it tells something, then kills it.
fn killed_after_telling(test: &str, role: &str) -> String {
    let binary = Utf8PathBuf::from_path_buf(std::env::current_exe().unwrap()).unwrap();
    let mut child = process::same_test(&binary, test, role).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines.map(Result::unwrap).find_map(|line| process::told(&line).map(str::to_owned));
    child.kill().unwrap();
    child.wait().unwrap();
    told.unwrap()
}

#[tokio::test]
async fn its_database_is_dropped_by_the_next_user() {
    if process::role().is_some() {
        let database = database().await;
        process::tell(&database.url().database);
        std::future::pending::<()>().await;
    }
    let name = killed_after_telling("owner::its_database_is_dropped_by_the_next_user", "owner");
    assert!(name.starts_with("palisade_scratch_"), "{name}");
    let other = database().await;
    let sql = format!("select count(*) from pg_database where datname = '{name}'");
    // The server notices a moment after we do that its client is gone.
    while ask_at(other.url(), &sql).await != "0" {
        scratch().await;
    }
}

#[tokio::test]
async fn its_half_built_template_is_dropped_and_built_by_the_next_user() {
    let marker: String = match process::role() {
        Some(marker) => marker,
        None => format!("{:016x}", rand::random::<u64>()),
    };
    let table = Layer::new("table", format!("create table t_{marker} (id int)"));
    if process::role().is_some() {
        let endless = Layer::new("endless", format!("select /* {marker} */ pg_sleep(1000000)"));
        let watch = async {
            let other = database().await;
            let building = format!(
                "select coalesce(min(datname), '') from pg_stat_activity \
                 where datname like 'palisade\\_build\\_%' and query like '%{marker}%' and pid <> pg_backend_pid()"
            );
            loop {
                let name = ask_at(other.url(), &building).await;
                if !name.is_empty() {
                    process::tell(&name);
                }
            }
        };
        let scratch = scratch().await;
        let layers = [table.clone(), endless];
        let (_built, ()) = tokio::join!(scratch.database(&layers), watch);
    }
    let test = "owner::its_half_built_template_is_dropped_and_built_by_the_next_user";
    let name = killed_after_telling(test, &marker);
    assert!(name.starts_with("palisade_build_"), "{name}");

    // The lock of the killed builder is gone with him, so that nobody waits for him.
    let next = scratch().await.database(&[table, Layer::new("quick", "select 1")]).await.unwrap();
    assert_eq!(ask_at(next.url(), &format!("select count(*) from t_{marker}")).await, "0");
    let sql = format!("select count(*) from pg_database where datname = '{name}'");
    while ask_at(next.url(), &sql).await != "0" {
        scratch().await;
    }
}
