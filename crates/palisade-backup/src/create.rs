//! Making a backup.

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use palisade_config::{EnvironmentName, HistoryTable};
use palisade_db::{ConnectSettings, Connection, connect};
use palisade_embedded::{EmbeddedSettings, Installation};
use tokio::io::AsyncReadExt;

use crate::create_error::CreateError;
use crate::credentials::{Credentials, database_argument};
use crate::manifest::{MANIFEST_FORMAT, Manifest, Source};
use crate::name::BackupName;
use crate::program;
use crate::said::Said;
use crate::snapshot::{Snapshot, export};
use crate::store::{Partial, write_atomically};

/// What to back up, and where to.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// The directory for backups; it is made if it is missing, for this user only.
    pub store: Utf8PathBuf,
    /// Goes into the name.
    pub environment: EnvironmentName,
    /// How to reach the database: directly, for a snapshot does not last behind a pooler in transaction mode.
    pub connect: ConnectSettings,
    /// The history of migrations, which goes into the manifest.
    pub history: HistoryTable,
    /// Where `pg_dump` is found.
    pub embedded: EmbeddedSettings,
}

/// How far a backup has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the dump so far.
    pub bytes: u64,
    /// Size of the database on the server's disk. A dump is usually much smaller: it is compressed and holds no indexes.
    pub database_bytes: u64,
    /// Since the beginning.
    pub elapsed: Duration,
}

/// How much is read from `pg_dump` at once.
const CHUNK: usize = 256 * 1024;

/// Dumps the whole database with `pg_dump` and puts it into the store. `progress` is called for every piece of some
/// hundred kilobytes.
///
/// The dump holds everything in the database: all schemas, `auth` and `storage` of a Supabase project and the history of
/// migrations too, with owners and rights. It does not hold what belongs to the whole server: roles and their passwords.
///
/// The file has a name that no backup has until `pg_dump` has ended well, everything is on the disk, and `pg_restore`
/// can read its table of contents. Whatever happens before leaves nothing, or, if this process is killed, a `.partial`
/// file that the next backup removes. The manifest is written last.
///
/// The migrations in the manifest are those of the very [snapshot][docs] that was dumped.
///
/// # Errors
///
/// [`CreateError`]; then the store holds no new backup.
///
/// [docs]: https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
pub async fn create(
    options: &CreateOptions,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Manifest, CreateError> {
    let (started, started_at) = (Instant::now(), Timestamp::now());
    let mut connection = connect(&options.connect).await?;
    let server = connection.server_version();
    let installation = program::fitting(&options.embedded, server.major()).await?;
    let snapshot = export(&mut connection, &options.history).await?;
    let name = BackupName::new(&options.environment, started_at);

    let mut partial = Partial::create(&options.store, &name.dump_file())?;
    let said = dump(options, &installation, &snapshot, &mut partial, |bytes| {
        progress(Progress { bytes, database_bytes: snapshot.database_bytes, elapsed: started.elapsed() });
    })
    .await?;
    let objects = read_contents(options, &installation, &partial).await?;
    let finished_at = Timestamp::now();
    let source = Source::new(&options.connect.url, &connection.facts().identity);
    end_snapshot(connection).await;

    let kept = partial.keep(&name.dump_file())?;
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        source,
        server_version: server.to_string(),
        client_version: installation.version.to_string(),
        migrations: snapshot.migrations,
        bytes: kept.bytes,
        sha256: kept.sha256,
        objects,
        database_bytes: snapshot.database_bytes,
        warnings: said.warnings(),
        started_at,
        finished_at,
        name,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|source| CreateError::Manifest { source })?;
    write_atomically(&options.store, &manifest.name.manifest_file(), &text)?;
    Ok(manifest)
}

/// Runs `pg_dump`. Its output comes to us through a pipe, not straight into the file: when we die, it dies too.
async fn dump(
    options: &CreateOptions,
    installation: &Installation,
    snapshot: &Snapshot,
    partial: &mut Partial,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Said, CreateError> {
    let path = installation.program("pg_dump");
    let start_error = |source| CreateError::Start { program: path.clone(), source };
    let credentials = Credentials::new(&options.connect).map_err(|source| CreateError::Credentials { source })?;
    let mut command = program::command(&options.embedded, &path, Some(&credentials));
    command.args(["--format=custom", "--no-password"]).arg(format!("--snapshot={}", snapshot.id));
    let lock_timeout = options.connect.lock_timeout.as_millis();
    if lock_timeout > 0 {
        command.arg(format!("--lock-wait-timeout={lock_timeout}"));
    }
    command.arg(database_argument(&options.connect));

    let mut child = command.spawn().map_err(start_error)?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let copying = async {
        let Some(mut stdout) = stdout else { return Ok(()) };
        let mut buffer = vec![0; CHUNK];
        loop {
            let length = stdout.read(&mut buffer).await.map_err(|source| CreateError::Read { source })?;
            if length == 0 {
                return Ok(());
            }
            partial.write(&buffer[..length])?;
            progress(partial.bytes());
        }
    };
    let (copied, said) = tokio::join!(
        async {
            // A pipe that nobody reads any more would keep `pg_dump`, and us, waiting for ever.
            let copied: Result<(), CreateError> = copying.await;
            if copied.is_err() {
                let _ = child.start_kill();
            }
            copied
        },
        program::read_end(stderr)
    );
    let status = child.wait().await.map_err(|source| CreateError::Read { source })?;
    copied?;
    let said = Said::new(&said);
    if status.success() { Ok(said) } else { Err(CreateError::Dump { status: status.to_string(), said }) }
}

/// Lets `pg_restore` read the table of contents, and counts what is in it.
async fn read_contents(
    options: &CreateOptions,
    installation: &Installation,
    partial: &Partial,
) -> Result<u64, CreateError> {
    let path = installation.program("pg_restore");
    let mut command = program::command(&options.embedded, &path, None);
    command.arg("--list").arg(partial.path());
    let output = command.output().await.map_err(|source| CreateError::Start { program: path, source })?;
    if !output.status.success() {
        return Err(CreateError::Unreadable { said: Said::new(&String::from_utf8_lossy(&output.stderr)) });
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines.lines().filter(|it| !it.is_empty() && !it.starts_with(';')).count() as u64)
}

/// The dump is complete: if the server cannot be told, that changes nothing.
async fn end_snapshot(mut connection: Connection) {
    let _ = palisade_db::batch(&mut connection, "commit").await;
    connection.close().await;
}
