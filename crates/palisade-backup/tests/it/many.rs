//! Very many tables.

use palisade_backup::{CreateError, CreateOptions, EngineChoice, Level, create, verify};
use palisade_db::{ConnectSettings, Connection, connect};
use palisade_tests::{Directory, Server, ServerFiles};

use crate::support::{open, options, run};

const MANY: usize = 10_000;

/// Tables `t1` to `t{count}`. Every tenth holds a row.
async fn tables(connection: &mut Connection, count: usize) {
    // Not all at once: whoever makes a table holds locks on it to the end of the transaction.
    for first in (1..=count).step_by(50) {
        let last = count.min(first + 49);
        run(
            connection,
            &format!(
                "do $$ begin for it in {first}..{last} loop execute format('create table t%s (id int)', it);
                   if it % 10 = 0 then execute format('insert into t%s values (%s)', it, it); end if; end loop; end $$"
            ),
        )
        .await;
    }
}

struct Place {
    server: Server,
    directory: Directory,
}

impl Place {
    /// A server with this configuration and so many tables.
    async fn new(configuration: &str, count: usize) -> Self {
        let access = "host all all 127.0.0.1/32 trust";
        let server = Server::start(&ServerFiles { configuration, access, files: &[] }).await;
        let mut connection = connect(&ConnectSettings::new(server.socket_url().clone())).await.unwrap();
        tables(&mut connection, count).await;
        Self { server, directory: Directory::new() }
    }

    fn options(&self, engine: EngineChoice) -> CreateOptions {
        let store = self.directory.path().join("backups");
        let options = options(store, self.server.tcp_url(), palisade_tests::settings());
        CreateOptions { engine, ..options }
    }
}

#[tokio::test]
async fn ten_thousand_tables() {
    let place = Place::new("max_connections = 20\nmax_locks_per_transaction = 1024\nautovacuum = off", MANY).await;
    let mut seen = Vec::new();
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let options = place.options(engine);
        let manifest = create(&options, |_| ()).await.unwrap();
        assert_eq!((manifest.tables.len(), manifest.rows()), (MANY, MANY as u64 / 10));
        let verdict = verify(&options.store, &manifest, None, &Level::Contents, |_| ()).await.unwrap();
        assert_eq!(verdict.problems, Vec::<String>::new());
        seen.push((manifest.tables, manifest.fingerprint));
    }
    assert!(seen[0] == seen[1], "the engines did not read the same");
}

#[tokio::test]
async fn no_room_for_locks() {
    let place = Place::new("max_connections = 10\nmax_locks_per_transaction = 10\nautovacuum = off", 4000).await;
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let error = create(&place.options(engine), |_| ()).await.unwrap_err();
        assert!(matches!(error, CreateError::Database(_)), "{error}");
        assert!(error.to_string().contains("53200"), "{error}");
        assert!(error.help().contains("max_locks_per_transaction"), "{}", error.help());
    }
    assert!(open(place.directory.path().join("backups")).list(None).await.unwrap().is_empty());
}
