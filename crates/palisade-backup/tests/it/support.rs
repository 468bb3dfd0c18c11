//! A database with something in it, a store, and programs that misbehave.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use camino::Utf8PathBuf;
use palisade_backup::{
    CreateError, CreateOptions, EngineChoice, Entry, Identities, Manifest, Overwrite, Owners, Recipients, RestoreError,
    RestoreOptions, RestoreTarget, Restored, Selection, create, find, list, restore,
};
use palisade_config::{DatabaseUrl, EnvironmentName, HistoryTable};
use palisade_db::{ConnectSettings, Connection, Row, batch};
use palisade_embedded::{EmbeddedSettings, ScratchDatabase, installation};
use palisade_store::{Location, S3Settings, Store};
use palisade_tests::Directory;

/// Two tables with a key between them, a policy, and a history of migrations.
pub(crate) const CONTENT: &str = "
    create table public.teams (id int primary key, name text not null unique);
    create table public.people (id bigint generated always as identity primary key, team int references teams, note text);
    insert into teams select it, 'team ' || it from generate_series(1, 20) it;
    insert into people (team, note) select 1 + it % 20, md5(it::text) from generate_series(1, 5000) it;
    alter table people enable row level security;
    create policy p on people for select to authenticated using (team = 1);
    create schema palisade;
    create table palisade.migrations (version bigint primary key, description text not null,
      installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null,
      execution_time bigint not null);
    insert into palisade.migrations values
      (20260101000000, 'first', now(), true, '\\x0102', 1), (20260102000000, 'second', now(), true, '\\x0304', 1),
      (20260103000000, 'failed', now(), false, '\\x05', 1);";

pub(crate) struct Place {
    pub(crate) database: ScratchDatabase,
    pub(crate) directory: Directory,
}

impl Place {
    /// A database like a Supabase project with [`CONTENT`], and an empty store.
    pub(crate) async fn new() -> Self {
        let database = palisade_tests::supabase_database().await;
        let this = Self { database, directory: Directory::new() };
        run(&mut this.connect().await, CONTENT).await;
        this
    }

    pub(crate) async fn connect(&self) -> Connection {
        palisade_tests::connection(&self.database).await
    }

    pub(crate) fn store(&self) -> Utf8PathBuf {
        self.directory.path().join("backups")
    }

    pub(crate) fn options(&self) -> CreateOptions {
        options(self.store(), self.database.url().clone(), palisade_tests::settings())
    }

    pub(crate) async fn backup(&self) -> Result<Manifest, CreateError> {
        create(&self.options(), |_| ()).await
    }

    pub(crate) async fn entries(&self) -> Vec<Entry> {
        list(&open(self.store())).await.unwrap()
    }

    /// The names of all files of backups in the store.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut directories = vec![self.store()];
        while let Some(directory) = directories.pop() {
            for entry in directory.read_dir_utf8().into_iter().flatten() {
                let path = entry.unwrap().path().to_owned();
                if path.is_dir() { directories.push(path) } else { files.push(path.file_name().unwrap().to_owned()) }
            }
        }
        files.retain(|it| it != ".gitignore");
        files.sort();
        files
    }

    /// The path of a part.
    pub(crate) fn file(&self, manifest: &Manifest, file: &str) -> Utf8PathBuf {
        self.store().join(manifest.name.to_string()).join(file)
    }

    pub(crate) async fn restoring(&self, manifest: &Manifest, to: &ScratchDatabase) -> RestoreOptions {
        let store = open(self.store());
        let entry = find(&store, &manifest.name.id()).await.unwrap();
        RestoreOptions {
            manifest: entry.manifest().unwrap_or_else(|| panic!("{:?}", entry.state)).clone(),
            store,
            identities: None,
            target: RestoreTarget::url(ConnectSettings::new(to.url().clone()), &[]).unwrap(),
            overwrite: Overwrite::Refuse,
            owners: Owners::AsBackedUp,
            selection: Selection::default(),
            jobs: 1,
            embedded: palisade_tests::settings(),
        }
    }

    pub(crate) async fn bring_back(
        &self,
        manifest: &Manifest,
        to: &ScratchDatabase,
        overwrite: Overwrite,
    ) -> Result<Restored, RestoreError> {
        restore(&RestoreOptions { overwrite, ..self.restoring(manifest, to).await }, |_| ()).await
    }

    /// Settings under which `program` is the shell script `script`; `$REAL` in it is the real one.
    pub(crate) async fn with_program(&self, program: &str, script: &str) -> EmbeddedSettings {
        let settings = palisade_tests::settings();
        let real = installation(&settings).await.unwrap();
        let bin = self.directory.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        for other in ["initdb", "pg_ctl", "postgres", "pg_dump", "pg_dumpall", "pg_restore", "psql"] {
            if other != program {
                symlink(real.program(other), bin.join(other)).unwrap();
            }
        }
        let text = format!("#!/bin/sh\nREAL='{}'\n{script}\n", real.program(program));
        fs::write(bin.join(program), text).unwrap();
        fs::set_permissions(bin.join(program), Permissions::from_mode(0o755)).unwrap();
        EmbeddedSettings { pg_bin: Some(bin), pg_archive: None, ..settings }
    }
}

pub(crate) fn options(store: Utf8PathBuf, url: DatabaseUrl, embedded: EmbeddedSettings) -> CreateOptions {
    CreateOptions {
        store: open(store),
        engine: EngineChoice::Fitting,
        jobs: 2,
        compression: 1,
        recipients: Recipients::default(),
        environment: EnvironmentName::dev(),
        connect: ConnectSettings { lock_timeout: Duration::ZERO, ..ConnectSettings::new(url) },
        history: HistoryTable { schema: "palisade".to_owned(), name: "migrations".to_owned() },
        embedded,
    }
}

/// The example program, started through a shell script that has its command line in `$@`.
pub(crate) fn ourselves(script: &str, place: &Place, engine: &str) -> Child {
    let mut command = example(script);
    command.args([place.store().as_str(), &place.database.url().to_string(), engine]);
    command.spawn().unwrap()
}

/// As [`ourselves`], without the arguments.
#[allow(clippy::disallowed_methods, reason = "tests of what happens to a whole process")]
pub(crate) fn example(script: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().unwrap().with_file_name("examples").join("backup");
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(example).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) async fn run(connection: &mut Connection, sql: &str) {
    batch(connection, sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// The first column of the last row, as text; empty without rows.
pub(crate) async fn ask(connection: &mut Connection, sql: &str) -> String {
    let done = batch(connection, sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    done.rows.last().map_or_else(String::new, |row| row.get_unchecked::<String, _>(0))
}

/// Everything that [`CONTENT`] made, in one text.
pub(crate) async fn content(connection: &mut Connection) -> String {
    ask(
        connection,
        "select concat_ws(' ',
           (select md5(string_agg(p::text, ',' order by id)) from people p),
           (select md5(string_agg(t::text, ',' order by id)) from teams t),
           (select string_agg(polname || pg_get_expr(polqual, polrelid), ',') from pg_policy where polrelid = 'people'::regclass),
           (select relrowsecurity from pg_class where oid = 'people'::regclass),
           (select count(*) from palisade.migrations))",
    )
    .await
}

pub(crate) fn open(directory: Utf8PathBuf) -> Store {
    Store::open(&Location::Directory(directory), &S3Settings::default(), |_| None).unwrap()
}

/// A key, and whom it is for.
pub(crate) fn key() -> (Identities, Recipients) {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    (Identities::new(&identity.to_string()).unwrap(), Recipients::new([recipient.as_str()]).unwrap())
}
