//! Making a backup.

mod parallel;
mod pg_dump;
mod settings;
mod single;
mod unfinished;

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use palisade_archive::Rows;
use palisade_store::{Key, Store};
use tokio::runtime::Handle;

pub use settings::{CreateOptions, EngineChoice, Progress};

use crate::catalogue;
use crate::create_error::CreateError;
use crate::holder::{self, Holder};
use crate::inventory::Inventory;
use crate::manifest::MANIFEST_FORMAT;
use crate::manifest::{
    Content, Encryption, Engine, Manifest, Part, SnapshotFacts, Source, StageDuration, TableContents,
};
use crate::name::BackupName;
use crate::program;
use crate::seal::{Sealed, Sealing};
use crate::ship::{Harbour, Look, Packer, ShipError, Shipment, UnderWay, pack, ship};
use crate::stopwatch::Stopwatch;
use pg_dump::PgDump;
use unfinished::Unfinished;

/// Databases above this size are read by several connections, if nobody has chosen.
const LARGE: u64 = 256 << 20;

/// Backs up a whole database. `progress` is called often while it is read.
///
/// All tables are locked against changes of their form, then one snapshot is taken, and everything is read from that: by one
/// `pg_dump`, or by `pg_dump` for the schema and by several connections for the rows. What is read is compressed, encrypted if there
/// are recipients, and goes straight to the store; nothing lies on this machine's disk meanwhile, but where the store is a directory.
///
/// The manifest is written last, and only if the snapshot lasted until then: a backup without its manifest does not exist. What was
/// written before a failure is removed again, also where this is dropped and the runtime goes on for a moment; what a killed run leaves
/// is listed as [`Unfinished`](crate::State::Unfinished).
///
/// # Errors
///
/// [`CreateError`]; then the store holds no new backup.
pub async fn create(options: &CreateOptions, progress: impl FnMut(Progress) + Send) -> Result<Manifest, CreateError> {
    let (started, started_at) = (Instant::now(), Timestamp::now());
    let mut stopwatch = Stopwatch::start();
    let holder = holder::hold(&options.connect, &options.history, &mut stopwatch).await?;
    let name = BackupName::new(&options.environment, started_at);
    let report = Report { started, done: Progress::of(&holder.inventory), tell: progress };
    let (harbour, under_way) = Harbour::new();
    let mut unfinished = Unfinished::new(&options.store, &name, harbour);
    let taken = tokio::select! {
        taken = take(options, &holder, &name, under_way, report, stopwatch) => taken,
        error = holder.watch() => Err(error),
    };
    let taken = match taken {
        Ok(taken) => taken,
        Err(error) => {
            // What others say who see what it saw is not the reason, if it was ended.
            let error = if error.is_about_the_server() { holder.lost().await.unwrap_or(error) } else { error };
            unfinished.remove().await;
            return Err(error);
        }
    };
    let harbour = unfinished.is_whole();
    let result = conclude(options, holder, &name, started_at, taken).await;
    if let (Err(_), Some(harbour)) = (&result, harbour) {
        unfinished::remove(&options.store, &name, harbour).await;
    }
    result
}

/// Who is told how far it has come.
struct Report<F: FnMut(Progress) + Send> {
    started: Instant,
    done: Progress,
    tell: F,
}

impl<F: FnMut(Progress) + Send> Report<F> {
    fn read(&mut self, bytes: u64) {
        self.done.bytes += bytes;
        self.done.elapsed = self.started.elapsed();
        (self.tell)(self.done.clone());
    }

    fn table_done(&mut self) {
        self.done.tables += 1;
        self.read(0);
    }
}

/// What was put into the store.
struct Taken {
    engine: Engine,
    client_version: String,
    parts: Vec<Part>,
    /// Rows by schema and table.
    rows: BTreeMap<(String, String), Rows>,
    warnings: Vec<String>,
    stages: Vec<StageDuration>,
}

async fn take(
    options: &CreateOptions,
    holder: &Holder,
    name: &BackupName,
    under_way: UnderWay,
    mut report: Report<impl FnMut(Progress) + Send>,
    mut stopwatch: Stopwatch,
) -> Result<Taken, CreateError> {
    let server = holder.facts.version;
    let installation = program::fitting(&options.embedded, server.major()).await?;
    stopwatch.lap("programs");
    let mut warnings: Vec<String> = program::weakness(&installation).into_iter().collect();
    let engine = match options.engine {
        EngineChoice::Parallel => Engine::Parallel,
        EngineChoice::Fitting if holder.inventory.database_bytes > LARGE => Engine::Parallel,
        EngineChoice::Fitting | EngineChoice::Single => Engine::Single,
    };
    let sealing = Sealing { level: options.compression, recipients: options.recipients.clone() };
    let place = Place { store: options.store.clone(), name: name.clone(), sealing, under_way };
    let dump = PgDump { options, installation: &installation, holder };
    let (mut parts, rows) = match engine {
        Engine::Single => single::take(&dump, &place, &mut report, &mut stopwatch, &mut warnings).await?,
        Engine::Parallel => parallel::take(&dump, &place, &mut report, &mut stopwatch, &mut warnings).await?,
    };
    match dump.roles(&place).await {
        Ok(part) => parts.push(part),
        // Not everybody may ask; and a database can be restored to where its roles are.
        Err(error) if error.is_denied() => warnings.push(format!("roles are not in it: {error}")),
        Err(error) => return Err(error),
    }
    stopwatch.lap("roles");
    let client_version = installation.version.to_string();
    Ok(Taken { engine, client_version, parts, rows, warnings, stages: stopwatch.stages() })
}

/// Writes the manifest, if everything was read from one state.
async fn conclude(
    options: &CreateOptions,
    holder: Holder,
    name: &BackupName,
    started_at: Timestamp,
    taken: Taken,
) -> Result<Manifest, CreateError> {
    let Taken { engine, client_version, parts, rows, warnings, stages } = taken;
    let tables = table_contents(&holder.inventory, &rows)?;
    let inventory = &holder.inventory;
    let at = Timestamp::from_microsecond(inventory.clock).unwrap_or(started_at);
    let recipients = options.recipients.texts();
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        name: name.clone(),
        palisade_version: env!("CARGO_PKG_VERSION").to_owned(),
        source: Source::new(&options.connect.url, &holder.facts.identity),
        server_version: holder.facts.version.to_string(),
        client_version,
        engine,
        snapshot: SnapshotFacts { at, lsn: inventory.lsn.clone() },
        migrations: inventory.migrations.clone(),
        fingerprint: holder.fingerprint.clone(),
        extensions: inventory.extensions.clone(),
        tables,
        sequences: inventory.sequences.clone(),
        large_objects: inventory.large_objects,
        parts,
        encryption: (!recipients.is_empty()).then_some(Encryption { recipients }),
        compression: options.compression,
        exclusions: inventory.exclusions.clone(),
        warnings,
        database_bytes: inventory.database_bytes,
        started_at,
        finished_at: Timestamp::now(),
        stages,
    };
    holder.release().await?;
    if let Some(reason) = catalogue::missing(&options.store, &manifest).await? {
        return Err(CreateError::Vanished { reason });
    }
    let text = serde_json::to_vec_pretty(&manifest).map_err(|source| CreateError::Manifest { source })?;
    let key = Key::new(name.manifest_key())?;
    options.store.create(&key, Bytes::from(text)).await?;
    Ok(manifest)
}

/// Every table that was to be read must have been: one that `pg_dump` did not bring is not empty but missing.
fn table_contents(
    inventory: &Inventory,
    rows: &BTreeMap<(String, String), Rows>,
) -> Result<Vec<TableContents>, CreateError> {
    let contents = |table: &crate::inventory::Table| {
        let name = (table.name.schema.as_str().to_owned(), table.name.name.as_str().to_owned());
        let rows = rows.get(&name).ok_or_else(|| CreateError::TableMissing { table: table.name.to_string() })?;
        let columns = table.columns.clone();
        Ok(TableContents {
            schema: name.0,
            name: name.1,
            columns,
            rows: rows.rows,
            bytes: rows.bytes,
            digest: rows.digest.to_string(),
        })
    };
    inventory.with_rows().map(contents).collect()
}

/// Where parts go.
#[derive(Clone)]
struct Place {
    store: Store,
    name: BackupName,
    sealing: Sealing,
    under_way: UnderWay,
}

impl Place {
    /// Begins a part that will be sent.
    fn ship(&self, file: &str, look: Look) -> Result<(String, Shipment), CreateError> {
        let (file, key) = self.key(file)?;
        Ok((file, ship(&self.store, key, &self.sealing, look, self.under_way.clone())))
    }

    /// Begins a part that this thread seals itself.
    fn pack(&self, file: &str, look: Look, runtime: &Handle) -> Result<(String, Packer), CreateError> {
        let (file, key) = self.key(file)?;
        Ok((file, pack(&self.store, key, &self.sealing, look, runtime, self.under_way.clone())?))
    }

    /// The whole name of a file, and where it lies.
    fn key(&self, file: &str) -> Result<(String, Key), CreateError> {
        let file = format!("{file}{}", self.sealing.suffix());
        let key = Key::new(self.name.key(&file))?;
        Ok((file, key))
    }
}

/// A part that has arrived. What the program or connection says that fed it is a better reason than that the part was cut.
fn arrived(
    file: String,
    content: Content,
    arrived: Result<(Sealed, Look), ShipError>,
    fed: Result<(), CreateError>,
) -> Result<(Part, Look), CreateError> {
    match (fed, arrived) {
        (Err(error), Ok(_) | Err(ShipError::Cut)) => Err(error),
        (_, Err(error)) => Err(error.into()),
        (Ok(()), Ok((sealed, look))) => {
            let Sealed { plain_bytes, plain_blake3, bytes, blake3 } = sealed;
            Ok((Part { file, content, plain_bytes, plain_blake3, bytes, blake3 }, look))
        }
    }
}
