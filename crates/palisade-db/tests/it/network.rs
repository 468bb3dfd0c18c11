//! Addresses without a server.

use std::time::Duration;

use palisade_config::{DatabaseUrl, Host, SslMode};
use palisade_db::{ConnectProblem, ConnectSettings};
use palisade_tests::Directory;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{refused, refused_at, stable, url};

async fn listener() -> (TcpListener, DatabaseUrl) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, url("127.0.0.1", port))
}

#[tokio::test]
async fn nobody_listens() {
    let (listener, url) = listener().await;
    drop(listener);
    let error = refused_at(&url).await;
    assert_eq!(error.problem, ConnectProblem::Refused);
    insta::assert_snapshot!(stable(&error, &url), @"cannot connect to 127.0.0.1:PORT, database `shop`, as `ann`: nobody listens there (connection refused)");
}

#[tokio::test]
async fn no_socket() {
    let directory = Directory::new();
    let url = DatabaseUrl { host: Host::Socket(directory.path().to_owned()), ..url("", 5432) };
    let error = refused_at(&url).await;
    assert_eq!(error.problem, ConnectProblem::NoSocket);
    insta::assert_snapshot!(stable(&error, &url), @"cannot connect to socket DIRECTORY/.s.PGSQL.PORT, database `shop`, as `ann`: there is no socket of this port in that directory");
}

#[tokio::test]
async fn a_name_without_address() {
    let url = url("nowhere.invalid", 5432);
    let error = refused_at(&url).await;
    // What the resolver says depends on the network.
    let ConnectProblem::NameNotFound { reason } = &error.problem else { panic!("{error:?}") };
    insta::assert_snapshot!(stable(&error, &url).replace(reason, "REASON"), @"cannot connect to nowhere.invalid:PORT, database `shop`, as `ann`: the host name has no address (REASON)");
    insta::assert_snapshot!(error.help(), @"check the host name for a typing error, and the network (DNS)");
}

#[tokio::test]
async fn a_listener_that_never_answers() {
    let (listener, url) = listener().await;
    let settings = ConnectSettings { connect_timeout: Duration::from_millis(200), ..ConnectSettings::new(url.clone()) };
    let error = refused(&settings).await;
    assert_eq!(error.problem, ConnectProblem::TimedOut { after: Duration::from_millis(200) });
    insta::assert_snapshot!(stable(&error, &url), @"cannot connect to 127.0.0.1:PORT, database `shop`, as `ann`: no answer within 0.2 s");
    drop(listener);
}

/// Answers the first bytes of every connection.
async fn answer(listener: TcpListener, text: &'static [u8]) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut received = [0; 1024];
        let _count = stream.read(&mut received).await.unwrap();
        stream.write_all(text).await.unwrap();
        stream.shutdown().await.unwrap();
        // Until the other side has gone, so that it reads the answer rather than a reset.
        while stream.read(&mut received).await.is_ok_and(|count| count > 0) {}
    }
}

#[tokio::test]
async fn something_else_listens() {
    let (listener, url) = listener().await;
    tokio::spawn(answer(listener, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    for mode in [SslMode::Disable, SslMode::Prefer, SslMode::VerifyFull] {
        let settings = ConnectSettings { ssl_mode: Some(mode), ..ConnectSettings::new(url.clone()) };
        let error = refused(&settings).await;
        assert_eq!(error.problem, ConnectProblem::NotPostgres, "{mode:?}");
        assert!(error.to_string().ends_with("what answers there is not Postgres"), "{error}");
    }
}

#[tokio::test]
async fn something_that_hangs_up() {
    let (listener, url) = listener().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _count = stream.read(&mut [0; 1024]).await.unwrap();
        }
    });
    let settings = ConnectSettings { ssl_mode: Some(SslMode::Disable), ..ConnectSettings::new(url.clone()) };
    let error = refused(&settings).await;
    assert!(matches!(error.problem, ConnectProblem::Broken { .. }), "{error:?}");
}
