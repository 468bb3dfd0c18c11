//! The development server in good times.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use palisade_config::{ExposeSecret as _, GrantRegime};
use palisade_db::batch;
use palisade_embedded::{EmbeddedSettings, dev};

use crate::process;
use crate::project::{Project, ask_at, open};

#[tokio::test]
async fn it_outlives_commands_and_keeps_url_and_data() {
    let project = Project::new();
    assert_eq!(dev::url(&project).await.unwrap(), None);
    assert!(!dev::stop(&project).await.unwrap());
    assert!(!project.state_dir.exists(), "looking must not write");

    let first = dev::start(&project).await.unwrap();
    assert!(!first.already_running);
    assert_eq!(ask_at(&first.url, "create table t (id int); insert into t values (7); select id from t").await, "7");

    let second = dev::start(&project).await.unwrap();
    assert!(second.already_running);
    assert_eq!(second.url, first.url);
    assert_eq!(dev::url(&project).await.unwrap().as_ref(), Some(&first.url));

    assert!(dev::stop(&project).await.unwrap());
    assert!(!dev::stop(&project).await.unwrap());
    assert_eq!(dev::url(&project).await.unwrap(), None);

    let third = dev::start(&project).await.unwrap();
    assert!(!third.already_running);
    assert_eq!(third.moved_from, None);
    assert_eq!(third.url, first.url);
    assert_eq!(ask_at(&third.url, "select id from t").await, "7");
}

#[tokio::test]
async fn it_is_durable_and_speaks_utf8_and_utc() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    for (setting, value) in [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("wal_level", "logical"),
        ("listen_addresses", "127.0.0.1"),
        ("server_encoding", "UTF8"),
        ("timezone", "UTC"),
        ("lc_messages", "C"),
    ] {
        assert_eq!(ask_at(&url, &format!("show {setting}")).await, value, "{setting}");
    }
    assert_eq!(ask_at(&url, "select upper('äé') || ('a' < 'B')::text").await, "ÄÉfalse");
}

#[tokio::test]
async fn nobody_else_can_read_the_password() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    let password = url.password.unwrap();
    let password = password.expose_secret();
    assert!(password.len() >= 32);

    let mode = |path: &str| fs::metadata(project.home().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("."), mode("password"), mode("server.json")), (0o700, 0o600, 0o600));
    assert_eq!(fs::read_to_string(project.state_dir.join(".gitignore")).unwrap(), "*\n");

    // Every process of the server, and everything that it wrote.
    let pid = process::postmaster(&project.home().join("data")).unwrap();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(line) = fs::read(entry.path().join("cmdline")) else { continue };
        assert!(!String::from_utf8_lossy(&line).contains(password));
    }
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let names: BTreeSet<_> = String::from_utf8_lossy(&environment)
        .split('\0')
        .filter_map(|it| it.split_once('=').map(|(name, _)| name.to_owned()))
        .collect();
    // `PGDATA`, `PG_GRANDPARENT_PID`, `PGLOCALEDIR`: set by `pg_ctl` itself; the rest by the shell that it starts.
    let known = ["DYLD_LIBRARY_PATH", "HOME", "LC_ALL", "LD_LIBRARY_PATH", "OLDPWD", "PATH", "PWD", "SHLVL", "TZ", "_"];
    assert!(names.iter().all(|it| known.contains(&it.as_str()) || it.starts_with("PG")), "{names:?}");
    assert!(!fs::read_to_string(project.home().join("server.log")).unwrap().contains(password));
}

#[tokio::test]
async fn a_password_file_open_to_others_is_closed() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    let file = project.home().join("password");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(dev::start(&project).await.unwrap().url, url);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_missing_password_file_is_said_to_be_missing() {
    let project = Project::new();
    dev::start(&project).await.unwrap();
    fs::remove_file(project.home().join("password")).unwrap();
    let error = dev::url(&project).await.unwrap_err();
    assert!(error.to_string().contains("password` is missing") || error.to_string().contains("is missing"), "{error}");
    assert!(error.help().contains("db-stop"), "{}", error.help());
}

#[tokio::test]
async fn parallel_starts_make_one_server() {
    let project = Project::new();
    let starts = (0..4).map(|_| dev::start(&project));
    let started = futures_util::future::join_all(starts).await;
    let started: Vec<_> = started.into_iter().map(Result::unwrap).collect();
    assert_eq!(started.iter().filter(|it| !it.already_running).count(), 1);
    assert!(started.iter().all(|it| it.url == started[0].url));
}

#[tokio::test]
async fn two_projects_have_two_servers() {
    let (one, two) = (Project::new(), Project::new());
    let (one, two) = tokio::join!(dev::start(&one), dev::start(&two));
    let (one, two) = (one.unwrap().url, two.unwrap().url);
    assert_ne!(one.port, two.port);
    let identifier = "select system_identifier from pg_control_system()";
    assert_ne!(ask_at(&one, identifier).await, ask_at(&two, identifier).await);
}

#[tokio::test]
async fn servers_run_as_the_owner_of_their_files() {
    let project = Project::new();
    dev::start(&project).await.unwrap();
    let data = project.home().join("data");
    let owner = fs::metadata(&data).unwrap().uid();
    assert_ne!(owner, 0);
    let pid = process::postmaster(&data).unwrap();
    assert_eq!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), owner);
}

#[tokio::test]
async fn databases_look_like_supabase_also_those_made_later() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    assert_eq!(ask_at(&url, "select (auth.uid() is null)::text || count(*) from auth.users").await, "true0");
    batch(&mut open(&url).await, "create database later").await.unwrap();
    assert_eq!(ask_at(&url.with_database("later"), "select (auth.uid() is null)::text").await, "true");
}

#[tokio::test]
async fn the_grant_regime_can_be_changed_while_it_runs() {
    let project = Project::new();
    let url = dev::start(&project).await.unwrap().url;
    let granted = "create table t%1 (); select has_table_privilege('anon', 't%1', 'select')::text";
    assert_eq!(ask_at(&url, &granted.replace("%1", "1")).await, "false");
    let project = project.with(|it| EmbeddedSettings { grants: GrantRegime::Before, ..it });
    assert!(dev::start(&project).await.unwrap().already_running);
    assert_eq!(ask_at(&url, &granted.replace("%1", "2")).await, "true");
}
