//! Archives with less in them, and what `pg_restore` makes of those.

use palisade_archive::Section;

use crate::support::{CONTENT, Place, filter, read};

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

/// What depends on entries that are gone is restored, also by several workers, which go by dependencies.
#[tokio::test]
async fn dependencies_on_what_is_gone_do_no_harm() {
    let place = Place::new(CONTENT).await;
    let dump = place.dump(&[]);
    let names = |it: &palisade_archive::Entry| {
        it.tag
            .as_deref()
            .is_some_and(|it| it.starts_with("plain") || it == "it's(text)" || it == "FUNCTION \"it's\"(text)")
    };
    let archive = filter(&dump, |it| names(it));
    let is_gone =
        |it: &String| !crate::support::toc(&archive).0.entries.iter().any(|entry| entry.dump_id.to_string() == *it);
    let dangling =
        crate::support::toc(&archive).0.entries.iter().flat_map(|it| it.dependencies.clone()).filter(is_gone).count();
    let data = filter(&dump, |it| it.desc == "TABLE DATA" && names(it));
    assert!(
        crate::support::toc(&data).0.entries.iter().all(|it| it.is_setting() || !it.dependencies.is_empty()),
        "{dangling}"
    );

    let directory = palisade_tests::Directory::new();
    for jobs in ["1", "3"] {
        let target = Place::new("select 1").await;
        let name = target.database.url().database.as_str();
        let path = directory.path().join("all");
        std::fs::write(&path, &archive).unwrap();
        target.run("pg_restore", &["--jobs", jobs, "--dbname", name, path.as_str()], &[]);
        assert_eq!(target.copy("plain"), place.copy("plain"));
        // Data alone, a second time.
        palisade_tests::query(&mut target.connect().await, "truncate plain").await;
        std::fs::write(&path, &data).unwrap();
        target.run("pg_restore", &["--jobs", jobs, "--dbname", name, path.as_str()], &[]);
        assert_eq!(target.copy("plain"), place.copy("plain"));
    }
}
