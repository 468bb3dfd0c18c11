//! Passwords reach `pg_dump` and nobody else.

use std::fs;

use palisade_backup::{CreateOptions, create};
use palisade_config::SecretString;

use crate::support::{Place, ask, options, run};

/// Notes its arguments and its environment, then does its work.
const CURIOUS: &str = "DIR=$(dirname \"$0\")
tr '\\0' '\\n' < /proc/$$/cmdline > \"$DIR/seen\"
tr '\\0' '\\n' < /proc/$$/environ >> \"$DIR/seen\"
exec \"$REAL\" \"$@\"";

/// Backs up as a role with this password, and gives back what the child saw.
async fn backup_as(place: &Place, password: &str) -> String {
    let role = ask(&mut place.connect().await, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    let quoted = palisade_sql::Literal::new(password).unwrap();
    run(&mut place.connect().await, &format!("create role {role} superuser login password {quoted}")).await;
    let mut url = place.database.tcp_url().clone();
    url.user = role.clone();
    url.password = Some(SecretString::from(password));
    let embedded = place.with_program("pg_dump", CURIOUS).await;
    let made = create(&options(place.store(), url, embedded), |_| ()).await;
    run(&mut place.connect().await, &format!("drop role {role}")).await;
    let manifest = made.unwrap();
    let text = fs::read_to_string(place.file(&manifest, "manifest.json")).unwrap();
    assert!(!text.contains(password));
    fs::read_to_string(place.directory.path().join("bin/seen")).unwrap()
}

#[tokio::test]
async fn a_password_is_neither_in_the_arguments_nor_in_the_environment() {
    let place = Place::new().await;
    let password = r#"p:a\s's" %41 ü$HOME`x`#@/?="#;
    let seen = backup_as(&place, password).await;
    assert!(seen.contains("--format=custom") && seen.contains("PGPASSFILE="), "{seen}");
    for piece in [password, "p:a", "%41", "$HOME`"] {
        assert!(!seen.contains(piece), "{seen}");
    }
    let file = seen.lines().find_map(|it| it.strip_prefix("PGPASSFILE=")).unwrap();
    assert!(!std::path::Path::new(file).exists());
}

#[tokio::test]
async fn nothing_of_our_environment_reaches_the_child_but_what_it_needs() {
    let seen = backup_as(&Place::new().await, "a password of its own").await;
    let names = seen.lines().skip_while(|it| !it.starts_with("--dbname")).skip(1).filter_map(|it| it.split_once('='));
    for (name, _) in names {
        let known = ["PATH", "TZ", "HOME", "LC_ALL", "PWD", "LD_LIBRARY_PATH"].contains(&name);
        assert!(known || name.starts_with("PG"), "{name}");
    }
}

#[tokio::test]
async fn a_database_name_is_not_read_as_settings() {
    let place = Place::new().await;
    let name = format!("host=nowhere 'x\\{}", ask(&mut place.connect().await, "select gen_random_uuid()::text").await);
    let ident = palisade_sql::Ident::new(name.clone()).unwrap();
    run(&mut place.connect().await, &format!("create database {ident}")).await;
    let connect = palisade_db::ConnectSettings::new(place.database.url().with_database(&name));
    let made = create(&CreateOptions { connect, ..place.options() }, |_| ()).await;
    run(&mut place.connect().await, &format!("drop database {ident}")).await;
    assert_eq!(made.unwrap().source.database, name);
}
