//! How long files are.

use super::{none, tree};

const LONGEST: usize = 500;
const MEDIAN: usize = 150;

/// Longer files, each with the reason why it cannot be cut.
const LONG: [(&str, &str); 0] = [];

#[test]
fn files_are_short() {
    let files = tree::rust_files();
    let lines = |file: &tree::File| file.text.lines().count();
    let long = files.iter().filter(|it| lines(it) > LONGEST && !LONG.iter().any(|(path, _)| it.path == *path));
    none("files of more than 500 lines", long.map(|it| format!("{}: {}", it.path, lines(it))));
    let stale = LONG.iter().filter(|(path, _)| !files.iter().any(|it| it.path == *path && lines(it) > LONGEST));
    none("files that are no longer long", stale.map(|(path, _)| (*path).to_owned()));
    let mut lengths: Vec<usize> = files.iter().map(lines).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < MEDIAN, "half of the files have {median} lines or more");
}
