//! A database with something of everything in it, its dump, and the programs of Postgres.

use std::process::{Command, Output, Stdio};

use palisade_archive::{ArchiveError, Event, Reader, Toc};
use palisade_db::Connection;
use palisade_embedded::{Installation, ScratchDatabase, installation};

/// Names and values with everything that has to be escaped somewhere, and an object of each kind that archives treat in a
/// way of its own.
pub(crate) const CONTENT: &str = r#"
    create schema "Größe ""1""";
    create type "Größe ""1""".mood as enum ('good', E'line\nfeed', '\.');
    create table "Größe ""1"""."tab
le" (id int generated always as identity primary key, "a;--b" text, twice int generated always as (length("a;--b")) stored,
      mood "Größe ""1""".mood default E'line\nfeed');
    insert into "Größe ""1"""."tab
le" ("a;--b") values (E'\\.'), (E'\n\\.\n'), (E'tab\tcr\rback\\slash'), (''), (null), ('äöü 🐘'), (repeat('x', 10000));
    create table plain (a int primary key, b text, c bytea);
    insert into plain select it, md5(it::text), decode(md5((-it)::text), 'hex') from generate_series(1, 3000) it;
    create table nothing (a int);
    create table no_columns ();
    insert into no_columns select from generate_series(1, 3);
    create table one (value text);
    insert into one values ('\.'), (''), (null), (E'\\N');
    create table parts (day date not null, value int) partition by range (day);
    create table parts_2025 partition of parts for values from ('2025-01-01') to ('2026-01-01');
    create table parts_rest partition of parts default;
    insert into parts select date '2025-12-01' + it, it from generate_series(0, 60) it;
    create sequence counter start 17;
    select nextval('counter');
    create materialized view summary as select count(*) from plain;
    create materialized view not_yet as select 1 as one with no data;
    create view shown as select a from plain;
    create function "it's"(text) returns text language sql immutable as $$ select $1 || '$a$' $$;
    create index on plain ("it's"(b));
    create statistics plain_ab on a, b from plain;
    create table owned (a int references plain deferrable);
    alter table owned enable row level security;
    create policy "who's" on owned using (a > 1);
    comment on table owned is E'a comment\nwith ''quotes'' and \\.';
    comment on column owned.a is '';
    select lo_create(4294967295), lo_create(2147483648), lo_create(2147483647), lo_create(7);
    select lo_put(4294967295, 0, decode(repeat('00ff0a', 100), 'hex')), lo_put(7, 0, decode('5c2e0a', 'hex'));
    comment on large object 7 is 'seven';
    analyze;"#;

/// A database with little in it, so that its dump can be damaged in every place.
pub(crate) const LITTLE: &str = "
    create table t (a int, b text);
    insert into t values (1, 'one'), (2, null);
    select lo_create(7);
    select lo_put(7, 0, 'seven');";

/// A database, and the programs that go with its server.
pub(crate) struct Place {
    pub(crate) database: ScratchDatabase,
    pub(crate) installation: Installation,
}

impl Place {
    pub(crate) async fn new(content: &str) -> Self {
        let installation = installation(&palisade_tests::settings()).await.unwrap();
        let this = Self { database: palisade_tests::database().await, installation };
        palisade_tests::query(&mut this.connect().await, content).await;
        this
    }

    pub(crate) async fn connect(&self) -> Connection {
        palisade_tests::connection(&self.database).await
    }

    /// Dumps it into a pipe.
    pub(crate) fn dump(&self, options: &[&str]) -> Vec<u8> {
        let name = self.database.url().database.as_str();
        let common = ["--format=custom", "--compress=0", name];
        self.run("pg_dump", &[options, &common].concat(), &[]).stdout
    }

    /// What `pg_restore` makes of an archive.
    pub(crate) fn restore(&self, options: &[&str], archive: &[u8]) -> String {
        let text = String::from_utf8(self.run("pg_restore", options, archive).stdout).unwrap();
        // These lines have a word that differs from run to run.
        text.split_inclusive('\n').filter(|it| !it.contains("restrict ")).collect()
    }

    /// What the server itself sends for `COPY … TO STDOUT`.
    pub(crate) fn copy(&self, query: &str) -> Vec<u8> {
        let name = self.database.url().database.as_str();
        self.run("psql", &["--no-psqlrc", "--quiet", "--command", &format!("copy {query} to stdout"), name], &[]).stdout
    }

    /// Runs a program; fails if it does, or if it warns.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: &[u8]) -> Output {
        let output = self.try_run(program, arguments, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "`{program} {arguments:?}`: {said}");
        output
    }

    #[allow(clippy::disallowed_methods, reason = "tests ask the programs of Postgres what they think")]
    pub(crate) fn try_run(&self, program: &str, arguments: &[&str], input: &[u8]) -> Output {
        use palisade_config::{ExposeSecret as _, Host};
        let url = self.database.url();
        let host = match &url.host {
            Host::Tcp(host) => host.clone(),
            Host::Socket(directory) => directory.to_string(),
        };
        let directory = palisade_tests::Directory::new();
        let path = directory.path().join("input");
        std::fs::write(&path, input).unwrap();
        let mut command = Command::new(self.installation.program(program));
        command.env_clear().args(arguments).stdin(std::fs::File::open(&path).unwrap()).stderr(Stdio::piped());
        command.env("PGHOST", host).env("PGPORT", url.port.to_string()).env("PGUSER", &url.user).env("LC_ALL", "C");
        command.env("PGCLIENTENCODING", "UTF8");
        if let Some(password) = &url.password {
            command.env("PGPASSWORD", password.expose_secret());
        }
        command.output().unwrap()
    }
}

/// Reads an archive that arrives in pieces of this size; `look` sees every event.
pub(crate) fn read(archive: &[u8], size: usize, mut look: impl FnMut(Event<'_>)) -> Result<(), ArchiveError> {
    let mut reader = Reader::new();
    for mut piece in archive.chunks(size) {
        while let Some(event) = reader.next(&mut piece)? {
            look(event);
        }
        assert!(piece.is_empty(), "what is not used up is lost");
    }
    assert_eq!(reader.position(), archive.len() as u64);
    reader.finish()
}

/// The table of contents, and how many bytes it takes.
pub(crate) fn toc(archive: &[u8]) -> (Toc, usize) {
    let (mut reader, mut rest) = (Reader::new(), archive);
    let Some(Event::Toc(toc)) = reader.next(&mut rest).unwrap() else { panic!("no table of contents") };
    (*toc, archive.len() - rest.len())
}

/// Writes an archive with the settings and those entries that `keep`.
pub(crate) fn filter(archive: &[u8], mut keep: impl FnMut(&mut palisade_archive::Entry) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut kept = std::collections::BTreeSet::new();
    let mut writing = true;
    read(archive, 1000, |event| match event {
        Event::Toc(mut toc) => {
            toc.entries.retain_mut(|it| it.is_setting() || keep(it));
            kept = toc.entries.iter().map(|it| it.dump_id).collect();
            Event::Toc(toc).write(&mut out);
        }
        event => {
            if let Event::DataBegin { dump_id } | Event::LargeObjectsBegin { dump_id } = event {
                writing = kept.contains(&dump_id);
            }
            if writing {
                event.write(&mut out);
            }
        }
    })
    .unwrap();
    out
}
