//! Servers that let nobody in, or not us.

use palisade_config::{DatabaseUrl, SecretString};
use palisade_db::ConnectProblem;
use palisade_tests::{Server, ServerFiles, query};

use crate::support::{PASSWORD, open, refused_at, stable};

fn with(url: &DatabaseUrl, user: &str, password: Option<&str>, database: &str) -> DatabaseUrl {
    DatabaseUrl {
        user: user.to_owned(),
        password: password.map(SecretString::from),
        database: database.to_owned(),
        ..url.clone()
    }
}

#[tokio::test]
async fn the_server_says_no() {
    let server = Server::start(&ServerFiles {
        configuration: "",
        access: "host all ben 127.0.0.1/32 reject\n\
                 host shop all 127.0.0.1/32 scram-sha-256\nhost nowhere all 127.0.0.1/32 scram-sha-256\n\
                 host closed all 127.0.0.1/32 scram-sha-256",
        ..ServerFiles::default()
    })
    .await;
    let mut admin = open(server.socket_url()).await;
    for sql in [
        "create role ann login password 'right'",
        "create role one login password 'right' connection limit 0",
        "create role cannot nologin password 'right'",
        "create database shop",
        "create database closed connection limit 0",
    ] {
        query(&mut admin, sql).await;
    }
    let tcp = server.tcp_url();

    let url = with(&tcp, "ann", Some("right"), "shop");
    open(&url).await;

    let mut said = Vec::new();
    let mut check = async |url: DatabaseUrl, fits: fn(&ConnectProblem) -> bool| {
        let error = refused_at(&url).await;
        assert!(fits(&error.problem), "{error:?}");
        said.push(format!("{}\n  {}", stable(&error, &url), error.help()));
    };
    let wrong = |it: &ConnectProblem| *it == ConnectProblem::WrongPassword { given: true };
    check(with(&tcp, "ann", Some(PASSWORD), "shop"), wrong).await;
    // Whether the role exists is not told to strangers.
    check(with(&tcp, "stranger", Some(PASSWORD), "shop"), wrong).await;
    check(with(&tcp, "ann", None, "shop"), |it| *it == ConnectProblem::WrongPassword { given: false }).await;
    check(with(&tcp, "ann", Some("a\nb"), "shop"), |it| *it == ConnectProblem::PasswordCharacters).await;

    let not_allowed = |it: &ConnectProblem| matches!(it, ConnectProblem::NotAllowed { .. });
    check(with(&tcp, "ann", Some(PASSWORD), "postgres"), not_allowed).await;
    check(with(&tcp, "ben", Some(PASSWORD), "shop"), not_allowed).await;
    check(with(&tcp, "cannot", Some("right"), "shop"), not_allowed).await;
    check(with(server.socket_url(), "stranger", None, "shop"), not_allowed).await;

    check(with(&tcp, "ann", Some("right"), "nowhere"), |it| *it == ConnectProblem::NoDatabase).await;

    let too_many = |it: &ConnectProblem| matches!(it, ConnectProblem::TooManyConnections { .. });
    check(with(&tcp, "one", Some("right"), "shop"), too_many).await;
    check(with(&tcp, "ann", Some("right"), "closed"), too_many).await;
    insta::assert_snapshot!(said.join("\n"), @r#"
    cannot connect to 127.0.0.1:PORT, database `shop`, as `ann`: the password is wrong
      check the password in the URL (special characters are percent-encoded: `@` is `%40`), or reset it at your provider; `cargo xtask doctor` shows where the URL comes from
    cannot connect to 127.0.0.1:PORT, database `shop`, as `stranger`: the password is wrong
      check the password in the URL (special characters are percent-encoded: `@` is `%40`), or reset it at your provider; `cargo xtask doctor` shows where the URL comes from
    cannot connect to 127.0.0.1:PORT, database `shop`, as `ann`: the server wants a password and none is set
      check the password in the URL (special characters are percent-encoded: `@` is `%40`), or reset it at your provider; `cargo xtask doctor` shows where the URL comes from
    cannot connect to 127.0.0.1:PORT, database `shop`, as `ann`: the password has a control character, such as a line break, which our driver cannot send
      does the file or command that it comes from add a line break? otherwise give the role another password: psql and pg_dump could send this one, the driver that runs everything else could not
    cannot connect to 127.0.0.1:PORT, database `postgres`, as `ann`: no pg_hba.conf entry for host "127.0.0.1", user "ann", database "postgres", no encryption
      allow this machine's address at the provider (network restrictions) or in `pg_hba.conf`, and use TLS if the server insists
    cannot connect to 127.0.0.1:PORT, database `shop`, as `ben`: pg_hba.conf rejects connection for host "127.0.0.1", user "ben", database "shop", no encryption
      allow this machine's address at the provider (network restrictions) or in `pg_hba.conf`, and use TLS if the server insists
    cannot connect to 127.0.0.1:PORT, database `shop`, as `cannot`: role "cannot" is not permitted to log in
      check the user in the URL; a role that logs in is made by `create role … login password …`
    cannot connect to socket DIRECTORY/.s.PGSQL.PORT, database `shop`, as `stranger`: role "stranger" does not exist
      check the user in the URL; a role that logs in is made by `create role … login password …`
    cannot connect to 127.0.0.1:PORT, database `nowhere`, as `ann`: there is no such database
      check the name behind the last `/` of the URL; `postgres` is there on Supabase
    cannot connect to 127.0.0.1:PORT, database `shop`, as `one`: too many connections for role "one"
      close idle clients or wait; the session pooler has few places, the direct address may have more
    cannot connect to 127.0.0.1:PORT, database `closed`, as `ann`: too many connections for database "closed"
      close idle clients or wait; the session pooler has few places, the direct address may have more
    "#);
}

#[tokio::test]
async fn the_operating_system_does_not_vouch_for_us() {
    // Debian's servers ask for `peer` on their socket.
    let server = Server::start(&ServerFiles {
        files: &[("pg_hba.conf", "local all all peer\nhost all all 127.0.0.1/32 trust\n")],
        ..ServerFiles::default()
    })
    .await;
    let mut admin = open(&server.tcp_url()).await;
    query(&mut admin, "create role ann login").await;
    let url = with(server.socket_url(), "ann", None, "postgres");
    let error = refused_at(&url).await;
    assert!(matches!(error.problem, ConnectProblem::NotAllowed { .. }), "{error:?}");
    insta::assert_snapshot!(format!("{}\n{}", stable(&error, &url), error.help()), @r#"
    cannot connect to socket DIRECTORY/.s.PGSQL.PORT, database `postgres`, as `ann`: Peer authentication failed for user "ann"
    on this socket the server takes only the role that is named as your system user: connect to `localhost` with a password, or change `peer` in `pg_hba.conf`
    "#);
}

#[tokio::test]
async fn all_places_are_taken() {
    let server = Server::start(&ServerFiles {
        configuration: "max_connections = 4\nsuperuser_reserved_connections = 1\nautovacuum = off\nmax_wal_senders = 0",
        ..ServerFiles::default()
    })
    .await;
    let url = server.socket_url().clone();
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(open(&url).await);
    }
    let error = refused_at(&url).await;
    assert!(matches!(error.problem, ConnectProblem::TooManyConnections { .. }), "{error:?}");
    insta::assert_snapshot!(stable(&error, &url), @"cannot connect to socket DIRECTORY/.s.PGSQL.PORT, database `postgres`, as `postgres`: sorry, too many clients already");
}

#[tokio::test]
async fn the_server_recovers() {
    // A standby that lets nobody read.
    let server = Server::start(&ServerFiles {
        configuration: "hot_standby = off",
        files: &[("standby.signal", "")],
        ..ServerFiles::default()
    })
    .await;
    let error = refused_at(server.socket_url()).await;
    assert!(matches!(error.problem, ConnectProblem::NotReady { .. }), "{error:?}");
    insta::assert_snapshot!(error.help(), @"wait a moment and run the command again");
}
