//! What is read is what is there, however it arrives.

use palisade_archive::{DataPosition, Event};

use crate::support::{CONTENT, Place, read, toc};

/// Events with their data joined, each with the bytes of its data.
fn events(archive: &[u8], size: usize) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    read(archive, size, |event| match event {
        Event::Toc(toc) => found.push((format!("{toc:?}"), Vec::new())),
        Event::Data(bytes) | Event::LargeObjectData(bytes) => {
            assert!(!bytes.is_empty());
            found.last_mut().unwrap().1.extend_from_slice(bytes);
        }
        event => found.push((format!("{event:?}"), Vec::new())),
    })
    .unwrap();
    found
}

#[tokio::test]
async fn a_table_of_contents_is_written_as_it_was_read() {
    let place = Place::new(CONTENT).await;
    let archive = place.dump(&[]);
    let (toc, length) = toc(&archive);
    assert_eq!(toc.write(), archive[..length]);

    // All of an archive, but for the places where its data are cut.
    let mut written = Vec::new();
    read(&archive, usize::MAX, |event| event.write(&mut written)).unwrap();
    assert!(events(&written, usize::MAX) == events(&archive, usize::MAX));
    assert!(place.restore(&["--file=-"], &written) == place.restore(&["--file=-"], &archive));
}

/// Whatever is left out, all is there that the table of contents promises.
#[tokio::test]
async fn dumps_with_less_in_them_are_complete() {
    let place = Place::new(CONTENT).await;
    let mut choices = vec![
        vec!["--schema-only"],
        vec!["--data-only"],
        vec!["--section=pre-data"],
        vec!["--section=data"],
        vec!["--section=post-data"],
        vec!["--section=pre-data", "--section=data"],
        vec!["--inserts"],
        vec!["--exclude-table-data=plain"],
        vec!["--table=plain"],
        vec!["--schema=public"],
        vec!["--no-blobs"],
        vec!["--clean", "--create", "--no-owner"],
        vec!["--load-via-partition-root"],
    ];
    if place.installation.version.major >= 18 {
        let since_18 = ["--statistics-only", "--statistics", "--no-data", "--no-schema", "--sequence-data"];
        choices.extend(since_18.map(|it| vec![it]));
    }
    for options in choices {
        let archive = place.dump(&options);
        read(&archive, 1000, |_| ()).unwrap_or_else(|error| panic!("{options:?}: {error}"));
        let (toc, length) = toc(&archive);
        assert!(toc.write() == archive[..length], "{options:?}");
    }
}

#[tokio::test]
async fn the_size_of_pieces_does_not_matter() {
    let archive = Place::new(CONTENT).await.dump(&[]);
    let whole = events(&archive, usize::MAX);
    for size in [1, 7, 4096, 65536] {
        assert!(events(&archive, size) == whole, "{size}");
    }
}

#[tokio::test]
async fn all_is_there() {
    let place = Place::new(CONTENT).await;
    let archive = place.dump(&[]);
    let (toc, _) = toc(&archive);
    let major = place.installation.version.major;
    assert_eq!((toc.version.major, toc.version.minor), (1, [14, 15, 16, 16][major as usize - 15]));
    assert_eq!(toc.dbname.as_deref(), Some(place.database.url().database.as_str()));
    assert!(toc.dump_version.as_deref().unwrap().starts_with(&major.to_string()), "{:?}", toc.dump_version);
    assert!(toc.remote_version.as_deref().unwrap().starts_with(&major.to_string()), "{:?}", toc.remote_version);
    assert!((125..200).contains(&toc.created.year));

    let table = toc.entries.iter().find(|it| it.desc == "TABLE" && it.tag.as_deref() == Some("tab\nle")).unwrap();
    assert_eq!(table.namespace.as_deref(), Some("Größe \"1\""));
    assert_eq!(table.table_am.as_deref(), Some("heap"));
    assert_eq!(table.relation_kind, if major >= 17 { i32::from(b'r') } else { 0 });
    assert_eq!(table.data, DataPosition::NoData);
    let data = toc.entries.iter().find(|it| it.to_string() == "TABLE DATA Größe \"1\".tab\nle").unwrap();
    assert!(data.copy_statement.as_deref().unwrap().starts_with("COPY \"Größe \"\"1\"\"\".\"tab\nle\" (id, "));
    assert_eq!(data.dependencies, [table.dump_id.to_string()]);
    assert_eq!((data.data, data.owner.as_ref()), (DataPosition::NotSet, table.owner.as_ref()));

    // As many lines as `pg_restore` lists; names there are on one line each.
    let list = place.restore(&["--list"], &archive);
    let listed = list.lines().find_map(|it| it.strip_prefix(";     TOC Entries: ")).unwrap();
    assert_eq!(listed, toc.entries.len().to_string());

    let begun = |event: &str| events(&archive, 5000).iter().filter(|(it, _)| it.starts_with(event)).count();
    assert_eq!(begun("DataBegin"), toc.entries.iter().filter(|it| it.desc == "TABLE DATA").count());
    assert_eq!(begun("LargeObjectBegin"), 4);
    let (_, seven) = events(&archive, 3).into_iter().find(|(it, _)| it == "LargeObjectBegin { oid: 7 }").unwrap();
    assert_eq!(seven, b"\\.\n");
}

#[tokio::test]
async fn files_say_where_their_data_lie_until_something_changes() {
    let place = Place::new(CONTENT).await;
    let directory = palisade_tests::Directory::new();
    let path = directory.path().join("dump");
    place.dump(&["--file", path.as_str()]);
    let archive = std::fs::read(&path).unwrap();
    let (mut toc, length) = toc(&archive);
    let positions =
        |toc: &palisade_archive::Toc| toc.entries.iter().filter(|it| matches!(it.data, DataPosition::Set(_))).count();
    assert!(positions(&toc) > 5);
    assert_eq!(toc.write(), archive[..length]);
    read(&archive, 1000, |_| ()).unwrap();

    toc.entries.iter_mut().for_each(|it| it.owner = Some("somebody else".to_owned()));
    let changed = [&toc.write(), &archive[length..]].concat();
    assert_eq!(positions(&crate::support::toc(&changed).0), 0);
    read(&changed, 1000, |_| ()).unwrap();
    std::fs::write(&path, &changed).unwrap();
    let script = place.restore(&["--file=-", path.as_str()], &[]);
    assert!(script.contains("OWNER TO \"somebody else\""));
    assert!(script.contains("3000\t"));
}

#[tokio::test]
async fn what_is_no_such_archive_is_refused() {
    let place = Place::new("create table t (a int); comment on table t is 'ö'").await;
    let name = place.database.url().database.as_str();
    let refused = |options: &[&str]| {
        let dump = place.run("pg_dump", &[options, &[name]].concat(), &[]).stdout;
        let error = read(&dump, 100, |_| ()).unwrap_err();
        format!("{error}\n{}", error.help())
    };
    insta::assert_snapshot!(refused(&["--format=plain"]), @r"
    not an archive of `pg_dump`: it does not begin with `PGDMP`
    dump with `pg_dump --format=custom --compress=0`
    ");
    insta::assert_snapshot!(refused(&["--format=tar"]), @r"
    not an archive of `pg_dump`: it does not begin with `PGDMP`
    dump with `pg_dump --format=custom --compress=0`
    ");
    insta::assert_snapshot!(refused(&["--format=custom"]), @r"
    the archive is compressed with gzip
    dump with `pg_dump --format=custom --compress=0`
    ");
    let directory = palisade_tests::Directory::new();
    let path = directory.path().join("dump");
    place.run("pg_dump", &["--format=directory", "--compress=0", "--file", path.as_str(), name], &[]);
    let toc = std::fs::read(path.join("toc.dat")).unwrap();
    insta::assert_snapshot!(read(&toc, 100, |_| ()).unwrap_err(), @"an archive of `pg_dump` in another format than `custom`, number 3");
    let latin = place.dump(&["--encoding=LATIN1"]);
    let error = read(&latin, 100, |_| ()).unwrap_err();
    assert!(error.to_string().ends_with(": a definition is not UTF-8"), "{error}");
    insta::assert_snapshot!(error.help(), @"dump with `pg_dump --encoding=UTF8`");
}
