//! Archives that are damaged.

use palisade_archive::{ArchiveError, Event, Reader};
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{LITTLE, Place, read, toc};

#[tokio::test]
async fn every_cut_is_noticed() {
    let archive = Place::new(LITTLE).await.dump(&[]);
    read(&archive, usize::MAX, |_| ()).unwrap();
    let mut between = Vec::new();
    for length in 0..archive.len() {
        let error = read(&archive[..length], 4096, |_| ()).unwrap_err();
        match error {
            ArchiveError::Cut { at, .. } => assert_eq!(at, length as u64),
            ArchiveError::Missing { at, names, .. } => {
                assert_eq!(at, length as u64);
                between.push(names.join(", "));
            }
            other => panic!("{length}: {other}"),
        }
    }
    // Only the promises of the table of contents tell these from whole archives.
    let between: Vec<String> = between.iter().map(|it| it.replace("`BLOBS 7`", "`BLOBS BLOBS`")).collect();
    // Since version 17, such an entry has the name of its first large object.
    assert_eq!(between, ["`TABLE DATA public.t`, `BLOBS BLOBS`", "`BLOBS BLOBS`"]);
}

#[tokio::test]
async fn flipped_bits_do_no_harm() {
    let archive = Place::new(LITTLE).await.dump(&[]);
    // A length may be beyond what is there; the reader waits for it without taking memory.
    for at in 0..archive.len() {
        for bit in 0..8 {
            let mut damaged = archive.clone();
            damaged[at] ^= 1 << bit;
            if let Err(error) = read(&damaged, 4096, |_| ()) {
                assert!(place_of(&error).is_none_or(|it| it <= archive.len() as u64), "{error}");
                assert!(!error.to_string().is_empty() && !error.help().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn entries_have_numbers_of_their_own() {
    let archive = Place::new(LITTLE).await.dump(&[]);
    let (mut toc, length) = toc(&archive);
    let twice = toc.entries.iter().find(|it| it.desc == "TABLE").unwrap().clone();
    toc.entries.push(twice.clone());
    let damaged = toc.write();
    let expected = "a table of contents with another number for each entry before it";
    let found = format!("{} twice", twice.dump_id);
    let error = read(&[&damaged, &archive[length..]].concat(), 4096, |_| ()).unwrap_err();
    assert_eq!(error, ArchiveError::Unexpected { at: damaged.len() as u64, expected, found });
}

/// Data come once, and only where they were promised.
#[tokio::test]
async fn data_have_an_entry() {
    let archive = Place::new(LITTLE).await.dump(&[]);
    let (toc, length) = toc(&archive);
    let (mut blocks, mut current) = (Vec::new(), Vec::new());
    read(&archive, 4096, |event| {
        if !matches!(event, Event::Toc(_)) {
            event.write(&mut current);
        }
        if matches!(event, Event::DataEnd | Event::LargeObjectsEnd) {
            blocks.push(std::mem::take(&mut current));
        }
    })
    .unwrap();
    let [table, objects] = &blocks[..] else { panic!("one table and one block of large objects") };
    let read = |blocks: &[&[u8]]| read(&[&archive[..length], &blocks.concat()].concat(), 4096, |_| ());
    let at = |offset: usize| (length + offset) as u64;
    assert_eq!(read(&[table, objects]), Ok(()));
    assert_eq!(read(&[objects, table]), Ok(()));
    // Twice; without entry; as large objects; as something else.
    let schema = toc.entries.iter().find(|it| it.desc == "TABLE").unwrap().dump_id;
    let unknown = [&[1, 0][..], &schema.to_le_bytes()].concat();
    let objects_in_place_of_table = [&[3], &table[1..]].concat();
    assert_eq!(place_of(&read(&[table, objects, table]).unwrap_err()), Some(at(table.len() + objects.len() + 1)));
    assert_eq!(place_of(&read(&[&unknown]).unwrap_err()), Some(at(1)));
    assert_eq!(place_of(&read(&[&objects_in_place_of_table]).unwrap_err()), Some(at(1)));
    assert_eq!(place_of(&read(&[&[2, 0, 0, 0, 0, 0]]).unwrap_err()), Some(at(0)));
}

#[tokio::test]
async fn damage_of_any_kind_does_no_harm() {
    let archive = Place::new(LITTLE).await.dump(&[]);
    let changes = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20);
    let cut = any::<proptest::sample::Index>();
    let size = 1_usize..100;
    TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(2000) })
        .run(&(changes, cut, size), |(changes, cut, size)| {
            let mut damaged = archive.clone();
            for (at, byte) in changes {
                *at.get_mut(&mut damaged) = byte;
            }
            damaged.rotate_left(cut.index(archive.len()).saturating_sub(archive.len() / 2));
            let _either = read(&damaged, size, |_| ());
            Ok(())
        })
        .unwrap();
}

#[test]
fn anything_is_read_without_harm() {
    let start = proptest::sample::select(vec![
        &b""[..],
        b"PGDMP",
        b"PGDMP\x01\x0e\x00\x04\x08\x01",
        b"PGDMP\x01\x10\x00\x04\x08\x01\x00",
    ]);
    // Mostly zeros, of which numbers consist mostly.
    let byte = proptest::prop_oneof![4 => proptest::strategy::Just(0), 1 => any::<u8>()];
    TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(5000) })
        .run(&(start, proptest::collection::vec(byte, 0..500)), |(start, bytes)| {
            assert!(read(&[start, &bytes].concat(), 64, |_| ()).is_err() || bytes.ends_with(&[0; 5]));
            Ok(())
        })
        .unwrap();
}

#[test]
fn absurd_lengths_are_refused_at_once() {
    let head = b"PGDMP\x01\x10\x00\x04\x08\x01\x00".to_vec();
    let moment = [0; 35];
    let texts = |length: [u8; 5]| [&head[..], &moment, &length].concat();
    let error = |bytes: &[u8]| read(bytes, 7, |_| ()).unwrap_err().to_string();
    insta::assert_snapshot!(error(&texts([0, 255, 255, 255, 127])), @"damaged at byte 47: a text of 2147483647 bytes, and more than 268435456 are not accepted");
    insta::assert_snapshot!(error(&texts([0, 255, 255, 255, 255])), @"damaged at byte 47: the length of a text expected, not [00, ff, ff, ff, ff]");
    insta::assert_snapshot!(error(&texts([1, 2, 0, 0, 0])), @"damaged at byte 47: the length of a text expected, not [01, 02, 00, 00, 00]");
    insta::assert_snapshot!(error(&texts([0, 0, 0, 0, 16])), @"incomplete: it ends at byte 52, within its head");
    // Entries without number.
    let none = [1, 1, 0, 0, 0];
    insta::assert_snapshot!(error(&[&texts(none)[..], &none, &none, &[0, 255, 255, 255, 127], &[0; 5]].concat()), @"incomplete: it ends at byte 72, within its table of contents");
}

#[test]
fn what_failed_stays_failed() {
    let mut reader = Reader::new();
    let error = reader.next(&mut &b"something else"[..]).unwrap_err();
    assert_eq!(error, ArchiveError::Foreign);
    assert_eq!(reader.next(&mut &b"PGDMP"[..]).unwrap_err(), error);
    assert_eq!(reader.finish().unwrap_err(), error);
}

fn place_of(error: &ArchiveError) -> Option<u64> {
    match error {
        ArchiveError::Unexpected { at, .. }
        | ArchiveError::TooLong { at, .. }
        | ArchiveError::Encoding { at, .. }
        | ArchiveError::Cut { at, .. }
        | ArchiveError::Missing { at, .. } => Some(*at),
        ArchiveError::Foreign
        | ArchiveError::Format { .. }
        | ArchiveError::Version { .. }
        | ArchiveError::Compressed { .. } => None,
    }
}
