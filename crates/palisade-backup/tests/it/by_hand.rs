//! A backup is read without anything of ours: what `age -d`, `zstd -d`, `pg_restore` and `psql` do.

use std::io::{Read, Write};
use std::process::Stdio;

use palisade_backup::{Content, CreateOptions, EngineChoice, Manifest, create};
use palisade_config::Host;
use palisade_embedded::{ScratchDatabase, installation};
use palisade_sql::{Ident, QualifiedName};

use crate::support::{Place, ask, content};

/// What `age -d -i key | zstd -d` writes.
fn opened(place: &Place, manifest: &Manifest, file: &str, identity: &age::x25519::Identity) -> Vec<u8> {
    let stored = std::fs::read(place.file(manifest, file)).unwrap();
    let decryptor = age::Decryptor::new(stored.as_slice()).unwrap();
    let mut plain = Vec::new();
    let decrypted = decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).unwrap();
    zstd::Decoder::new(decrypted).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

#[allow(clippy::disallowed_methods, reason = "what people do by hand")]
async fn run(program: &str, database: &ScratchDatabase, arguments: &[&str], input: &[u8]) {
    let path = installation(&palisade_tests::settings()).await.unwrap().program(program);
    let url = database.url();
    let Host::Socket(host) = &url.host else { panic!("a socket is wanted") };
    let mut command = std::process::Command::new(path);
    command.args(["-h", host.as_str(), "-p", &url.port.to_string(), "-U", &url.user, "-d", &url.database]);
    if let Some(password) = &url.password {
        command.env("PGPASSWORD", palisade_config::ExposeSecret::expose_secret(password));
    }
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success(), "{program} {arguments:?}");
}

#[tokio::test]
async fn both_engines_write_what_stock_tools_read() {
    let place = Place::new().await;
    let before = content(&mut place.connect().await).await;
    let identity = age::x25519::Identity::generate();
    let recipients = palisade_backup::Recipients::new([identity.to_public().to_string().as_str()]).unwrap();
    for engine in [EngineChoice::Single, EngineChoice::Parallel] {
        let options = CreateOptions { engine, recipients: recipients.clone(), ..place.options() };
        let manifest = create(&options, |_| ()).await.unwrap();
        let target = palisade_tests::database().await;
        for part in &manifest.parts {
            let plain = opened(&place, &manifest, &part.file, &identity);
            match &part.content {
                Content::Rows { schema, table } => {
                    let contents = manifest.tables.iter().find(|it| it.schema == *schema && it.name == *table).unwrap();
                    let columns: Vec<String> =
                        contents.columns.iter().map(|it| Ident::new(it).unwrap().to_string()).collect();
                    let name = QualifiedName::new(schema, table).unwrap();
                    let sql = format!("COPY {name} ({}) FROM STDIN", columns.join(", "));
                    run("psql", &target, &["-X", "-q", "-c", &sql], &plain).await;
                }
                Content::Roles => assert!(plain.starts_with(b"--")),
                Content::Everything | Content::PreData | Content::PostData | Content::LargeObjects => {
                    run("pg_restore", &target, &["--exit-on-error"], &plain).await;
                }
            }
        }
        let mut connection = palisade_tests::connection(&target).await;
        assert_eq!(content(&mut connection).await, before);
        assert_eq!(ask(&mut connection, "select count(*)::text from people").await, "5000");
        connection.close().await;
        target.close().await.unwrap();
    }
}
