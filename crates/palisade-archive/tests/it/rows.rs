//! Digests of rows from archives and from the server.

use std::collections::BTreeMap;

use palisade_archive::{Event, RowDigest, Rows};

use crate::support::{CONTENT, Place, read};

/// The rows of each table in an archive, by schema and name.
fn rows(archive: &[u8], size: usize) -> BTreeMap<String, Rows> {
    let (mut found, mut names, mut open) = (BTreeMap::new(), BTreeMap::new(), (String::new(), RowDigest::new()));
    read(archive, size, |event| match event {
        Event::Toc(toc) => names = toc.entries.iter().map(|it| (it.dump_id, it.to_string())).collect(),
        Event::DataBegin { dump_id } => open = (names[&dump_id].clone(), RowDigest::new()),
        Event::Data(bytes) => open.1.update(bytes),
        Event::DataEnd => {
            let (name, digest) = std::mem::take(&mut open);
            found.insert(name, digest.finish().unwrap());
        }
        _ => {}
    })
    .unwrap();
    found
}

fn digest(text: &[u8]) -> Rows {
    let mut digest = RowDigest::new();
    for piece in text.chunks(1000) {
        digest.update(piece);
    }
    digest.finish().unwrap()
}

#[tokio::test]
async fn an_archive_has_the_rows_of_the_server() {
    let place = Place::new(CONTENT).await;
    let archive = place.dump(&[]);
    let found = rows(&archive, 4096);
    assert_eq!(found, rows(&archive, 1));
    let numbers: Vec<String> = found.iter().map(|(name, it)| format!("{name:?}: {}", it.rows)).collect();
    insta::assert_snapshot!(numbers.join("\n"), @r#"
    "TABLE DATA Größe \"1\".tab\nle": 7
    "TABLE DATA public.no_columns": 3
    "TABLE DATA public.nothing": 0
    "TABLE DATA public.one": 4
    "TABLE DATA public.owned": 0
    "TABLE DATA public.parts_2025": 31
    "TABLE DATA public.parts_rest": 30
    "TABLE DATA public.plain": 3000
    "#);

    for (name, query) in [
        ("TABLE DATA Größe \"1\".tab\nle", "\"Größe \"\"1\"\"\".\"tab\nle\" (id, \"a;--b\", mood)"),
        ("TABLE DATA public.no_columns", "no_columns"),
        ("TABLE DATA public.nothing", "nothing"),
        ("TABLE DATA public.one", "one"),
        ("TABLE DATA public.plain", "plain"),
        ("TABLE DATA public.parts_rest", "parts_rest"),
    ] {
        assert_eq!(found[name], digest(&place.copy(query)), "{name}");
    }
}

#[tokio::test]
async fn parts_of_a_table_add_up() {
    let place = Place::new(CONTENT).await;
    let whole = rows(&place.dump(&["--table=plain"]), 4096)["TABLE DATA public.plain"];
    let part = |condition: &str| digest(&place.copy(&format!("(select * from plain where {condition} order by b)")));
    let (left, right) = (part("ctid < '(10,0)'"), part("ctid >= '(10,0)'"));
    assert!(left.rows > 100 && right.rows > 100);
    assert_eq!(left + right, whole);
}
