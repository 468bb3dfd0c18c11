//! Encrypted connections.

use palisade_config::{DatabaseUrl, Host, SslMode};
use palisade_db::{ConnectProblem, ConnectSettings, connect};
use palisade_tests::{Directory, Server, ServerFiles, query};

use crate::certificates::Certificates;
use crate::support::{refused, stable};

fn settings(url: &DatabaseUrl, mode: SslMode) -> ConnectSettings {
    ConnectSettings { ssl_mode: Some(mode), ..ConnectSettings::new(url.clone()) }
}

fn at(host: &str, url: &DatabaseUrl) -> DatabaseUrl {
    DatabaseUrl { host: Host::Tcp(host.to_owned()), ..url.clone() }
}

async fn encrypted(settings: &ConnectSettings) -> bool {
    let mut connection = connect(settings).await.unwrap();
    let sql = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()";
    query(&mut connection, sql).await == ["true"]
}

#[tokio::test]
async fn asked_for_and_not_offered() {
    let database = palisade_tests::database().await;
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        let error = refused(&settings(database.tcp_url(), mode)).await;
        assert_eq!(error.problem, ConnectProblem::NoTls, "{mode:?}");
        assert!(error.to_string().ends_with("the server offers no TLS, which is asked for"), "{error}");
    }
    for mode in [SslMode::Disable, SslMode::Prefer] {
        assert!(!encrypted(&settings(database.tcp_url(), mode)).await);
    }
}

#[tokio::test]
async fn a_certificate_is_checked() {
    let certificates = Certificates::for_host("localhost");
    let directory = Directory::new();
    let root = directory.write("root.crt", &certificates.root);
    let stranger = directory.write("stranger.crt", Certificates::for_host("localhost").root);
    let server = Server::start(&ServerFiles {
        configuration: "ssl = on",
        access: "hostssl all all 127.0.0.1/32 trust",
        files: &[("server.crt", &certificates.certificate), ("server.key", &certificates.key)],
    })
    .await;
    let (address, localhost) = (server.tcp_url(), at("localhost", &server.tcp_url()));
    let trusting = |url: &DatabaseUrl, mode, root: &camino::Utf8Path| ConnectSettings {
        root_certificate: Some(root.to_owned()),
        ..settings(url, mode)
    };

    assert!(encrypted(&settings(&address, SslMode::Prefer)).await);
    assert!(encrypted(&settings(&address, SslMode::Require)).await);
    assert!(encrypted(&trusting(&localhost, SslMode::VerifyFull, &root)).await);
    assert!(encrypted(&trusting(&address, SslMode::VerifyCa, &root)).await, "the name does not matter");
    let in_url = DatabaseUrl {
        parameters: [("sslmode", "verify-full"), ("sslrootcert", root.as_str())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..localhost.clone()
    };
    assert!(encrypted(&ConnectSettings::new(in_url)).await, "the URL can say all of it");

    let without = refused(&settings(&localhost, SslMode::VerifyFull)).await;
    assert!(matches!(without.problem, ConnectProblem::Tls { .. }), "{without:?}");
    assert!(without.help().contains("root-certificate"), "{}", without.help());

    let wrong_root = refused(&trusting(&localhost, SslMode::VerifyFull, &stranger)).await;
    assert!(matches!(wrong_root.problem, ConnectProblem::Tls { .. }), "{wrong_root:?}");

    let wrong_name = refused(&trusting(&address, SslMode::VerifyFull, &root)).await;
    assert!(matches!(wrong_name.problem, ConnectProblem::Tls { .. }), "{wrong_name:?}");

    // The server insists; whoever says `disable` is told by the server.
    let disabled = refused(&settings(&address, SslMode::Disable)).await;
    assert!(matches!(disabled.problem, ConnectProblem::NotAllowed { .. }), "{disabled:?}");

    let missing = refused(&trusting(&localhost, SslMode::VerifyFull, &directory.path().join("none.crt"))).await;
    assert!(matches!(missing.problem, ConnectProblem::CertificateFile { .. }), "{missing:?}");
    let nonsense = directory.write("nonsense.crt", "no certificate");
    let nonsense = refused(&trusting(&localhost, SslMode::VerifyFull, &nonsense)).await;
    assert!(matches!(nonsense.problem, ConnectProblem::CertificateFile { .. }), "{nonsense:?}");

    let said = [(&without, &localhost), (&wrong_root, &localhost), (&wrong_name, &address), (&disabled, &address)];
    let said = said.into_iter().chain([(&missing, &localhost), (&nonsense, &localhost)]);
    let said: Vec<_> =
        said.map(|(error, url)| stable(error, url).replace(directory.path().as_str(), "DIRECTORY")).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    cannot connect to localhost:PORT, database `postgres`, as `postgres`: TLS failed: invalid peer certificate: UnknownIssuer
    cannot connect to localhost:PORT, database `postgres`, as `postgres`: TLS failed: invalid peer certificate: BadSignature
    cannot connect to 127.0.0.1:PORT, database `postgres`, as `postgres`: TLS failed: invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("localhost")
    cannot connect to 127.0.0.1:PORT, database `postgres`, as `postgres`: no pg_hba.conf entry for host "127.0.0.1", user "postgres", database "postgres", no encryption
    cannot connect to localhost:PORT, database `postgres`, as `postgres`: `DIRECTORY/none.crt` cannot be used: No such file or directory (os error 2)
    cannot connect to localhost:PORT, database `postgres`, as `postgres`: `DIRECTORY/nonsense.crt` cannot be used: it holds no `-----BEGIN CERTIFICATE-----`, so it is no PEM file of that sort
    "#);
}
