//! A password is never told.

use std::time::Duration;

use palisade_config::{DatabaseUrl, SecretString};
use palisade_db::{ConnectProblem, ConnectSettings, connect};
use palisade_tests::{Proxy, ServerFiles};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::url;

/// Whatever people have for passwords, with something in it that no message has by chance.
fn passwords() -> impl Strategy<Value = String> {
    let exotic = any::<String>().prop_filter("Postgres has no NUL", |it| !it.contains('\0'));
    let simple = "[ -~]{0,20}";
    let text =
        prop_oneof![exotic.boxed(), simple.boxed(), "[0-9]{1,12}".boxed(), "[%@:/?#\\[\\]'\"\\\\\n]{1,8}".boxed()];
    text.prop_map(|it| format!("{it}Ζ§{it}"))
}

/// All forms in which it could get out.
fn assert_hidden(password: &str, text: &str) {
    let debug = format!("{password:?}");
    let encoded = password.bytes().map(|it| format!("%{it:02X}")).collect::<Vec<_>>().concat();
    for form in [password, debug.trim_matches('"'), &encoded, "Ζ§"] {
        assert!(!text.contains(form), "{form:?} is in {text}");
    }
}

proptest! {
    #[test]
    fn settings_do_not_show_it(password in passwords()) {
        let url = DatabaseUrl { password: Some(SecretString::from(password.clone())), ..url("db.example.com", 5432) };
        let settings = ConnectSettings::new(url);
        assert_hidden(&password, &format!("{settings:?} {settings:#?}"));
    }
}

/// The same for connections that were opened, and for errors of those that were not.
#[tokio::test]
async fn connections_and_errors_do_not_show_it() {
    let access = ServerFiles { access: "host all all 127.0.0.1/32 scram-sha-256", ..ServerFiles::default() };
    let server = palisade_tests::Server::start(&access).await;
    let mut admin = crate::support::open(server.socket_url()).await;
    let proxy = Proxy::new(&server.tcp_url()).await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..24 {
        let password = passwords().new_tree(&mut runner).unwrap().current();
        let literal = palisade_sql::Literal::new(password.as_str()).unwrap();
        palisade_tests::query(
            &mut admin,
            &format!("drop role if exists ann; create role ann login password {literal}"),
        )
        .await;
        let url = |url: &DatabaseUrl, password: &str| DatabaseUrl {
            user: "ann".to_owned(),
            password: Some(SecretString::from(password.to_owned())),
            ..url.clone()
        };
        let right = url(&server.tcp_url(), &password);
        let opened = connect(&ConnectSettings::new(right.clone())).await;
        assert_hidden(&password, &format!("{opened:?} {opened:#?}"));
        match opened {
            Ok(connection) => connection.close().await,
            Err(error) => assert_eq!(error.problem, ConnectProblem::PasswordCharacters, "{password:?}"),
        }

        let other = url(&server.tcp_url(), &format!("x{password}"));
        let mut errors = vec![connect(&ConnectSettings::new(other)).await.unwrap_err()];
        let nowhere = right.with_database("nowhere");
        errors.push(connect(&ConnectSettings::new(nowhere)).await.unwrap_err());
        proxy.when_sends("n,,n=", palisade_tests::Fault::CutBehind);
        errors.push(connect(&ConnectSettings::new(url(proxy.url(), &password))).await.unwrap_err());
        proxy.when_sends("n,,n=", palisade_tests::Fault::BlackHole);
        let short = ConnectSettings {
            connect_timeout: Duration::from_millis(50),
            ..ConnectSettings::new(url(proxy.url(), &password))
        };
        errors.push(connect(&short).await.unwrap_err());
        for error in errors {
            assert_hidden(&password, &format!("{error} {error:?} {error:#?} {}", error.help()));
        }
    }
}
