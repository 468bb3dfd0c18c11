//! Archives with less in them, and what `pg_restore` makes of those.

use std::collections::BTreeMap;

use palisade_archive::{ArchiveError, Entry, Section};

use crate::support::{CONTENT, Place, filter, read, toc};

#[tokio::test]
async fn large_objects_alone() {
    let place = Place::new(CONTENT).await;
    let archive = filter(&place.dump(&[]), |it| it.desc.starts_with("BLOB"));
    read(&archive, 100, |_| ()).unwrap();
    let list = place.restore(&["--list"], &archive);
    assert!(list.contains("BLOBS") && !list.contains("TABLE"), "{list}");
    let script = place.restore(&["--file=-"], &archive);
    assert!(script.contains("lo_open('7', 131072)") && script.contains("lo_open('4294967295', 131072)"), "{script}");
    assert!(script.contains("'\\x5c2e0a'"), "{script}");
    assert!(script.contains("client_encoding = 'UTF8'"), "{script}");
}

#[tokio::test]
async fn the_beginning_alone_with_another_owner() {
    let place = Place::new(CONTENT).await;
    let archive = filter(&place.dump(&[]), |it| {
        it.owner = it.owner.as_ref().map(|_| "New \"owner\"".to_owned());
        it.section == Section::PreData
    });
    read(&archive, 100, |_| ()).unwrap();
    let list = place.restore(&["--list"], &archive);
    assert!(list.contains("TABLE public plain New \"owner\""), "{list}");
    let script = place.restore(&["--file=-"], &archive);
    assert!(script.contains("ALTER TABLE public.plain OWNER TO \"New \"\"owner\"\"\";"), "{script}");
    assert!(!script.contains("COPY ") && !script.contains("CREATE INDEX"), "{script}");
}

/// A database in four archives, restored one after the other. What depends on entries of an earlier one is restored, also
/// by several workers, which go by dependencies.
#[tokio::test]
async fn dependencies_on_what_is_gone_do_no_harm() {
    let place = Place::new(CONTENT).await;
    let dump = place.dump(&[]);
    let (whole, _) = toc(&dump);
    let sections: BTreeMap<i32, Section> = whole.sections().map(|(section, it)| (it.dump_id, section)).collect();
    let is_index = |it: &Entry| it.tag.as_deref() == Some("plain_it's_idx");
    let archives = [
        filter(&dump, |it| sections[&it.dump_id] == Section::PreData),
        filter(&dump, |it| sections[&it.dump_id] == Section::Data),
        // With an index on a table and a function that are in neither of the archives at hand.
        filter(&dump, |it| is_index(it)),
        filter(&dump, |it| sections[&it.dump_id] == Section::PostData && !is_index(it)),
    ];
    for (archive, section) in archives.iter().zip(["--section=pre-data", "--section=data"]) {
        assert!(place.restore(&["--file=-"], archive) == place.restore(&["--file=-", section], &dump), "{section}");
    }
    for archive in archives.iter().skip(1) {
        let (toc, _) = toc(archive);
        let numbers: Vec<String> = toc.entries.iter().map(|it| it.dump_id.to_string()).collect();
        let mut dependencies = toc.entries.iter().flat_map(|it| &it.dependencies);
        assert!(dependencies.any(|it| !numbers.contains(it)), "no test without any");
    }
    let directory = palisade_tests::Directory::new();
    let path = directory.path().join("archive");
    for jobs in ["1", "3"] {
        let target = Place::new("select 1").await;
        let name = target.database.url().database.as_str();
        for archive in &archives {
            std::fs::write(&path, archive).unwrap();
            target.run("pg_restore", &["--jobs", jobs, "--dbname", name, path.as_str()], &[]);
        }
        for table in ["plain", "one", "parts_rest", "\"Größe \"\"1\"\"\".\"tab\nle\"", "(select * from shown)"] {
            assert!(target.copy(table) == place.copy(table), "{table}");
        }
        assert_eq!(schema(&target.dump(&[])), schema(&dump));
    }
}

/// What the entries of an archive are and say; in any order, because workers make it another one.
fn schema(archive: &[u8]) -> Vec<String> {
    let says = |it: &Entry| format!("{it} {:?}", it.definition);
    let mut found: Vec<String> = toc(archive).0.entries.iter().filter(|it| it.desc != "DATABASE").map(says).collect();
    found.sort();
    found
}

#[tokio::test]
async fn data_of_entries_that_are_gone_are_an_error_to_us_only() {
    let place = Place::new(CONTENT).await;
    let dump = place.dump(&[]);
    let (mut toc, length) = toc(&dump);
    toc.retain(|it| it.is_setting() || it.tag.as_deref() == Some("plain"));
    let archive = [&toc.write(), &dump[length..]].concat();
    let error = read(&archive, 1000, |_| ()).unwrap_err();
    assert!(matches!(error, ArchiveError::Unexpected { .. }), "{error}");
    assert!(place.restore(&["--file=-"], &archive).contains("\n3000\t"));
}
