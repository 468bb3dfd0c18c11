//! Finding Postgres.

use palisade_embedded::{EmbeddedSettings, Origin, dev, installation, installations};
use palisade_tests::archive;

use crate::project::Project;

#[tokio::test]
async fn the_newest_is_listed_first_and_each_once() {
    let project = Project::new().with_archive(&archive(17));
    let all = installations(&project).await;
    assert!(all.iter().any(|it| it.origin == Origin::Archive && it.version.major == 17), "{all:?}");
    assert!(all.iter().any(|it| it.origin != Origin::Archive), "{all:?}");
    assert!(all.is_sorted_by(|a, b| a.version >= b.version), "{all:?}");
    assert!(all.iter().all(|it| it.program("pg_dump").is_file()));
}

#[tokio::test]
async fn a_setting_wins_over_what_is_installed() {
    let project = Project::new();
    let installed = installation(&project).await.unwrap();
    let named = project.with(|it| EmbeddedSettings {
        pg_bin: Some(installed.bin.clone()),
        pg_archive: Some("/nonexistent.tar.gz".into()),
        ..it
    });
    let found = installation(&named).await.unwrap();
    assert_eq!((found.bin, found.origin), (installed.bin, Origin::Setting));
}

#[tokio::test]
async fn a_setting_without_a_server_is_explained() {
    let project = Project::new();
    let clients = project.directory().join("clients");
    std::fs::create_dir(&clients).unwrap();
    std::fs::write(clients.join("psql"), "").unwrap();
    let project = project.with(|it| EmbeddedSettings { pg_bin: Some(clients.clone()), ..it });
    let error = dev::start(&project).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`PALISADE_PG_BIN` is `{clients}`, which has no `initdb`, `pg_ctl`, `postgres`")
    );
    assert!(error.help().contains("/usr/lib/postgresql/17/bin"), "{}", error.help());
}

#[tokio::test]
async fn a_program_that_does_not_run_is_named() {
    let project = Project::new();
    let broken = project.directory().join("broken");
    std::fs::create_dir(&broken).unwrap();
    for program in ["initdb", "pg_ctl", "postgres"] {
        std::fs::write(broken.join(program), "").unwrap();
    }
    let project = project.with(|it| EmbeddedSettings { pg_bin: Some(broken.clone()), ..it });
    let error = installation(&project).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("`{broken}/postgres` does not run: ")), "{error}");
}

#[tokio::test]
async fn without_any_postgres_all_ways_out_are_named() {
    let project = Project::new();
    let clients = project.directory().join("clients");
    std::fs::create_dir(&clients).unwrap();
    std::fs::write(clients.join("pg_dump"), "").unwrap();
    // A version that nobody has.
    let project = project.with(|it| EmbeddedSettings {
        search_path: vec![clients.clone()],
        download: false,
        major: Some(15),
        pg_bin: None,
        pg_archive: None,
        ..it
    });
    let nobodys = project.clone().with_major(99);
    let error = installation(&nobodys).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("`{clients}` holds client programs only")), "{text}");
    for way in ["PALISADE_PG_BIN", "PALISADE_PG_ARCHIVE", "DATABASE_URL"] {
        assert!(error.help().contains(way), "{}", error.help());
    }
}
