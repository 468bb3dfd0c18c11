//! How long a backup takes, and how much processor time, beside what it is measured against: COPY of the same tables to nowhere by as
//! many connections, `pg_dump -Fc` and `pg_dump -Fd -j`.
//!
//! `cargo bench -p palisade-backup`; `PALISADE_BENCH_URL` names a database of at least a gigabyte, otherwise one of about 600 MB of rows is
//! made.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use palisade_archive::RowDigest;
use palisade_backup::{
    CreateOptions, EngineChoice, Identities, Laboratory, Level, Overwrite, Owners, Recipients, RestoreOptions,
    RestoreTarget, Selection, create, verify,
};
use palisade_config::{DatabaseUrl, EnvironmentName, HistoryTable};
use palisade_db::{ConnectSettings, Row as _, batch, connect, copy_out};
use palisade_store::{Location, S3Settings, Store};
use palisade_tests::{Directory, settings};

const JOBS: usize = 2;

/// Bytes of rows of each table that are digested without anything else: so few that they are in the processor's cache, as rows are that
/// have just come.
const SOME: usize = 256 << 10;

/// Rows as applications have them: numbers, texts, times.
const FILL: &str = "
    create table big (id bigint primary key, a int, b text, c timestamptz, d numeric(12, 2), e uuid);
    insert into big select i, i % 1000, md5(i::text) || md5((i * 7)::text), now() - i * interval '1 s', (i % 100000) / 7.0,
      md5((i * 13)::text)::uuid from generate_series(1, 3000000) i;
    create table middle as select id, b, c from big where id % 5 = 0;
    create table small as select id, d, e from big where id % 4 = 0;
    create index on big (a); create index on middle (id); analyze";

#[allow(clippy::print_stdout, clippy::too_many_lines, reason = "a benchmark prints its results, one after the other")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let made;
        let url: DatabaseUrl = if let Some(url) = palisade_config::Variables::process().get("PALISADE_BENCH_URL") {
            url.parse()?
        } else {
            made = palisade_tests::database().await;
            let mut connection = made.connect().await?;
            batch(&mut connection, FILL).await.map_err(|it| it.error)?;
            made.url().clone()
        };
        let connect_settings = ConnectSettings::new(url);
        let directory = Directory::new();
        let installation = palisade_embedded::installation(&settings()).await?;
        let tables = tables(&connect_settings).await?;
        let identity = age::x25519::Identity::generate();
        let recipients = Recipients::new([identity.to_public().to_string().as_str()])?;
        let identities = Identities::new(&identity.to_string())?;
        let options = |name: &str, engine, recipients| -> Result<CreateOptions, Box<dyn std::error::Error>> {
            Ok(CreateOptions {
                store: store(&directory, name)?,
                environment: EnvironmentName::dev(),
                connect: connect_settings.clone(),
                history: HistoryTable { schema: "palisade".to_owned(), name: "migrations".to_owned() },
                embedded: settings(),
                engine,
                jobs: JOBS,
                compression: 1,
                recipients,
            })
        };
        let total = raw_copy(&connect_settings, &tables)?;
        let some = some_rows(&connect_settings, &tables).await?;
        for _ in 0..3 {
            let clock = Clock::start();
            clock.stop("digests alone", digest(&some, total));
            let clock = Clock::start();
            let bytes = raw_copy(&connect_settings, &tables)?;
            clock.stop("COPY to nowhere", bytes);
            let clock = Clock::start();
            let options = options("parallel", EngineChoice::Parallel, recipients.clone())?;
            let manifest = create(&options, |_| ()).await?;
            clock.stop("parallel engine", manifest.bytes());
            let clock = Clock::start();
            verify(&options.store, &manifest, Some(&identities), &Level::Contents, |_| ()).await?;
            clock.stop("verify at level 2", manifest.bytes());
            palisade_backup::delete(&options.store, &manifest.name).await?;
        }
        let single = options("single", EngineChoice::Single, recipients.clone())?;
        let clock = Clock::start();
        let manifest = create(&single, |_| ()).await?;
        clock.stop("single engine", manifest.bytes());
        for (what, arguments) in [("pg_dump -Fc", vec!["-Fc"]), ("pg_dump -Fd -j2", vec!["-Fd", "-j2"])] {
            let clock = Clock::start();
            let to = directory.path().join(what.replace(' ', ""));
            program(
                &installation.program("pg_dump"),
                &connect_settings,
                &[&arguments[..], &["-f", to.as_str()]].concat(),
            )?;
            clock.stop(what, size(to.as_std_path()));
        }
        let parallel = options("kept", EngineChoice::Parallel, recipients)?;
        let manifest = create(&parallel, |_| ()).await?;
        let clock = Clock::start();
        let laboratory = Laboratory { embedded: settings(), checks: None };
        let level = Level::Restored(Box::new(laboratory));
        let verdict = verify(&parallel.store, &manifest, Some(&identities), &level, |_| ()).await?;
        clock.stop("verify at level 3", manifest.bytes());
        println!("{:?}", verdict.problems);
        let target = palisade_tests::database().await;
        let restoring = RestoreOptions {
            store: parallel.store.clone(),
            manifest,
            identities: Some(identities),
            target: RestoreTarget::url(ConnectSettings::new(target.url().clone()), &[])?,
            overwrite: Overwrite::Refuse,
            owners: Owners::Restorer,
            selection: Selection::default(),
            embedded: settings(),
            jobs: 1,
        };
        let clock = Clock::start();
        palisade_backup::restore(&restoring, |_| ()).await?;
        clock.stop("restore", restoring.manifest.bytes());
        target.close().await?;
        let target = palisade_tests::database().await;
        let staged = RestoreOptions {
            target: RestoreTarget::url(ConnectSettings::new(target.url().clone()), &[])?,
            jobs: JOBS,
            ..restoring
        };
        let clock = Clock::start();
        palisade_backup::restore(&staged, |_| ()).await?;
        clock.stop("restore, 2 jobs", staged.manifest.bytes());
        target.close().await?;
        let target = palisade_tests::database().await;
        let clock = Clock::start();
        let from = directory.path().join("pg_dump-Fd-j2");
        let to = ConnectSettings::new(target.url().clone());
        program(&installation.program("pg_restore"), &to, &["-j2", "--no-owner", from.as_str()])?;
        clock.stop("pg_restore -j2", size(from.as_std_path()));
        target.close().await?;
        Ok(())
    })
}

fn store(directory: &Directory, name: &str) -> Result<Store, Box<dyn std::error::Error>> {
    Ok(Store::open(&Location::Directory(directory.path().join(name)), &S3Settings::default(), |_| None)?)
}

async fn tables(settings: &ConnectSettings) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut connection = connect(settings).await?;
    let sql =
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where c.relkind = 'r' and c.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
               order by pg_relation_size(c.oid) desc";
    let rows = batch(&mut connection, sql).await.map_err(|it| it.error)?.rows;
    Ok(rows.iter().map(|it| it.try_get(0)).collect::<Result<_, _>>()?)
}

/// The largest table on one connection, the others on another, each in a thread of its own: nothing reads faster.
fn raw_copy(settings: &ConnectSettings, tables: &[String]) -> Result<u64, Box<dyn std::error::Error>> {
    let (first, rest) = tables.split_at(1.min(tables.len()));
    let copied = std::thread::scope(|scope| {
        let threads = [first, rest].map(|tables| scope.spawn(move || copy_all(settings, tables)));
        threads.map(|it| it.join().unwrap_or_else(|_| Err("a thread has failed".to_owned())))
    });
    Ok(copied.into_iter().sum::<Result<u64, String>>()?)
}

fn copy_all(settings: &ConnectSettings, tables: &[String]) -> Result<u64, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|it| it.to_string())?;
    runtime.block_on(async {
        let mut connection = connect(settings).await.map_err(|it| it.to_string())?;
        let mut bytes = 0;
        for table in tables {
            let statement = format!("copy {table} to stdout");
            let mut copy = copy_out(&mut connection, &statement).await.map_err(|it| it.to_string())?;
            while let Some(piece) = copy.next().await.map_err(|it| it.to_string())? {
                bytes += piece.len() as u64;
            }
        }
        Ok(bytes)
    })
}

/// A few rows of each table, in the pieces in which they come.
async fn some_rows(settings: &ConnectSettings, tables: &[String]) -> Result<Vec<Bytes>, Box<dyn std::error::Error>> {
    let (mut connection, mut rows) = (connect(settings).await?, Vec::new());
    for table in tables {
        let mut bytes = 0;
        let mut copy = copy_out(&mut connection, &format!("copy (table {table} limit 10000) to stdout")).await?;
        while let Some(piece) = copy.next().await? {
            bytes += piece.len();
            if bytes < SOME {
                rows.push(piece);
            }
        }
    }
    Ok(rows)
}

/// Digests rows over and over, until it was as many bytes as there are.
fn digest(rows: &[Bytes], total: u64) -> u64 {
    let (mut digest, mut bytes) = (RowDigest::new(), 0);
    while bytes < total && !rows.is_empty() {
        for piece in rows {
            digest.update(piece);
            bytes += piece.len() as u64;
        }
    }
    black_box(digest);
    bytes
}

#[allow(clippy::disallowed_methods, reason = "what this is measured against")]
fn program(
    path: &camino::Utf8Path,
    settings: &ConnectSettings,
    arguments: &[&str],
) -> Result<(), Box<dyn std::error::Error>> {
    let palisade_config::Host::Socket(host) = &settings.url.host else { return Err("a socket is wanted".into()) };
    let mut command = std::process::Command::new(path);
    command.args(arguments).arg("-h").arg(host.as_str()).arg("-p").arg(settings.url.port.to_string());
    command.arg("-U").arg(&settings.url.user).arg("-d").arg(&settings.url.database);
    if let Some(password) = &settings.url.password {
        command.env("PGPASSWORD", palisade_config::ExposeSecret::expose_secret(password));
    }
    if command.status()?.success() { Ok(()) } else { Err(format!("{path} failed").into()) }
}

fn size(path: &Path) -> u64 {
    if path.is_file() {
        return path.metadata().map_or(0, |it| it.len());
    }
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|it| size(&it.path())).sum()
}

/// Wall and processor time. The latter is that of the whole machine, which has nothing else to do: sessions of the server end before
/// they could be asked.
struct Clock {
    wall: Instant,
    busy: Duration,
}

impl Clock {
    fn start() -> Self {
        Self { busy: busy(), wall: Instant::now() }
    }

    #[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
    fn stop(self, what: &str, bytes: u64) {
        let wall = self.wall.elapsed();
        let used = busy().saturating_sub(self.busy);
        let megabytes = bytes / 1_000_000;
        println!(
            "{what:<20} {:>7.2} s wall {:>7.2} s processor {megabytes:>6} MB",
            wall.as_secs_f64(),
            used.as_secs_f64()
        );
    }
}

/// User and system time of all processors, from `/proc/stat`, in hundredths of a second.
fn busy() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let numbers: Vec<u64> = line.split_whitespace().skip(1).filter_map(|it| it.parse().ok()).collect();
    let [user, nice, system, _idle, _wait, irq, softirq, ..] = numbers[..] else { return Duration::ZERO };
    Duration::from_millis((user + nice + system + irq + softirq) * 10)
}
