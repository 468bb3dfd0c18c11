//! How fast rows are digested and archives are read, beside copying the same bytes.
//!
//! `cargo bench -p palisade-archive`. It needs no server.

use std::hint::black_box;
use std::time::Instant;

use palisade_archive::{Event, Reader, RowDigest};

const SIZE: usize = 256 << 20;
const TIMES: usize = 7;
/// As much as a pipe or a socket gives at a time.
const PIECE: usize = 64 << 10;

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() {
    for length in [20, 100, 300, 1000, 10_000] {
        let rows = rows(length);
        println!("rows of {length} bytes");
        let mut copy = vec![0; rows.len()];
        println!("  copied    {:6.2} GB/s", speed(&rows, || copy.copy_from_slice(black_box(&rows))));
        println!("  digested  {:6.2} GB/s", speed(&rows, || digest(&rows)));
    }
    let archive = archive(&rows(100));
    println!("an archive of one table with rows of 100 bytes");
    println!("  read      {:6.2} GB/s", speed(&archive, || read(&archive, PIECE)));
    for entries in [10_000, 100_000] {
        let toc = toc(entries);
        println!("a table of contents with {entries} entries, {} MB", toc.len() / 1_000_000);
        println!("  read      {:6.2} GB/s", speed(&toc, || read(&toc, PIECE)));
        println!("  by bytes  {:6.2} GB/s", speed(&toc, || read(&toc, 1)));
    }
}

/// Letters and tabs, with a line feed at the end of each row.
fn rows(length: usize) -> Vec<u8> {
    let mut seed = 1_u64;
    let mut byte = |index: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if index % length == length - 1 { b'\n' } else { b'a' + seed.to_be_bytes()[0] % 26 }
    };
    (0..SIZE / length * length).map(&mut byte).collect()
}

fn digest(rows: &[u8]) {
    let mut digest = RowDigest::new();
    for piece in rows.chunks(PIECE) {
        digest.update(piece);
    }
    assert!(black_box(digest.finish()).is_ok());
}

/// A head, one entry, and a chunk of data for each row, as `pg_dump` writes them.
fn archive(rows: &[u8]) -> Vec<u8> {
    let mut archive = toc(1);
    Event::DataBegin { dump_id: 1 }.write(&mut archive);
    for row in rows.split_inclusive(|it| *it == b'\n') {
        Event::Data(row).write(&mut archive);
    }
    Event::DataEnd.write(&mut archive);
    archive
}

/// A head and so many entries, of which the first has data.
fn toc(entries: u32) -> Vec<u8> {
    let int = |value: u32| [&[0][..], &value.to_le_bytes()].concat();
    let text = |text: &str| [&int(u32::try_from(text.len()).unwrap_or_default()), text.as_bytes()].concat();
    let none = || vec![1, 1, 0, 0, 0];
    let definition = "create table t (a int)".repeat(20);
    let mut toc = b"PGDMP\x01\x10\x00\x04\x08\x01\x00".to_vec();
    toc.extend((0..7).flat_map(|_| int(0)).chain((0..3).flat_map(|_| none())).chain(int(entries)));
    for number in 1..=entries {
        let has_data = number == 1;
        toc.extend([int(number), int(u32::from(has_data)), text("1259"), text("16384"), text("t")].concat());
        toc.extend([text("TABLE DATA"), int(3), text(&definition)].concat());
        toc.extend((0..5).flat_map(|_| none()).chain(int(0)).chain(text("owner")).chain(text("false")));
        toc.extend([text("1"), text("2"), none(), vec![if has_data { 1 } else { 3 }, 0, 0, 0, 0, 0, 0, 0, 0]].concat());
    }
    toc
}

fn read(archive: &[u8], size: usize) {
    let mut reader = Reader::new();
    for mut piece in archive.chunks(size) {
        while let Ok(Some(event)) = reader.next(&mut piece) {
            black_box(&event);
        }
    }
    assert!(reader.position() == archive.len() as u64);
}

/// The best of several times: others use this machine as well.
fn speed(bytes: &[u8], mut work: impl FnMut()) -> f64 {
    let time = |()| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    let best = std::iter::repeat_n((), TIMES).map(time).min().unwrap_or_default();
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let bytes = bytes.len() as f64;
    bytes / best.as_secs_f64() / 1e9
}
