//! What may not stand in Rust files.

use super::{none, tree};

/// Nowhere, tests included. `ignore` and `should_panic` hide that a test does not run, or fails for another reason.
const NOWHERE: [&str; 8] = ["#[ignore", "#[should_panic", "todo!(", "unimplemented!(", "dbg!(", "TODO", "FIXME", "XXX"];

/// Not in what ships: an error is returned, with what to do about it.
const NOT_IN_THE_PRODUCT: [&str; 8] =
    [".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!(", "unreachable!(", "assert!(", "assert_eq!("];

/// Where `fmt` writes quotes around something: the types that quote for SQL, and texts that no server reads.
const QUOTING: [(&str, &str); 12] = [
    ("crates/palisade-policy/src/tree.rs", "reads braces, which quote nothing"),
    ("crates/palisade-cli/src/commands/rls/matrix/html.rs", "a page, escaped as pages are"),
    ("crates/palisade-sql/src/ident.rs", "the one place that quotes identifiers"),
    ("crates/palisade-sql/src/literal.rs", "the one place that quotes literals"),
    ("crates/palisade-sql/src/quote.rs", "quotes as the server does, where people read it"),
    ("crates/palisade-rls/src/change.rs", "a sentence for people"),
    ("crates/palisade-backup/src/credentials.rs", "a connection string, quoted as libpq wants it"),
    ("crates/palisade-embedded/src/cluster/create.rs", "a configuration file"),
    ("crates/palisade-embedded/src/cluster/configuration.rs", "a configuration file"),
    ("crates/palisade-embedded/src/scratch/template.rs", "names made of hexadecimal digits"),
    ("crates/palisade-embedded/src/scratch/prune.rs", "names made of hexadecimal digits"),
    ("crates/palisade-embedded/src/scratch/roles.rs", "looks into a text of our own"),
];

/// Of those that are not excused as a whole: numbers, hexadecimal digits and our own constants.
const HARMLESS: [&str; 7] = [
    "b'{'",
    "select '{class}'",
    "decode('{}', 'hex')",
    "errcode = '{SESSION_MOVED}'",
    "errcode = '{code}'",
    "'{}'::pg_catalog.xid8",
    "'{{",
];

fn found(words: &[&str], lines: impl Fn(&tree::File) -> Vec<(usize, String)>) -> Vec<String> {
    let files = tree::rust_files();
    let files = files.iter().filter(|it| !it.is_tidy());
    let in_file = |file: &tree::File| -> Vec<String> {
        let of_line = |(number, line): (usize, String)| {
            let hit = words.iter().find(|it| stands_in(it, &line));
            hit.map(|it| format!("{}:{number}: `{it}`", file.path))
        };
        lines(file).into_iter().filter_map(of_line).collect()
    };
    files.flat_map(in_file).collect()
}

/// Not as a part of a longer word: `COERCETODOMAIN` leaves nothing for later.
fn stands_in(word: &str, line: &str) -> bool {
    let is_word = word.chars().all(char::is_alphabetic);
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(char::is_alphabetic);
        let behind = line[at + word.len()..].chars().next().is_some_and(char::is_alphabetic);
        !(is_word && before && behind)
    })
}

fn all_lines(file: &tree::File) -> Vec<(usize, String)> {
    file.text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
}

fn product_lines(file: &tree::File) -> Vec<(usize, String)> {
    file.product_lines().into_iter().map(|(number, line)| (number, line.to_owned())).collect()
}

#[test]
fn nothing_is_left_for_later() {
    none("left for later, or switched off", found(&NOWHERE, all_lines));
}

#[test]
fn what_ships_does_not_panic() {
    none("panics outside tests", found(&NOT_IN_THE_PRODUCT, product_lines));
}

#[test]
fn tests_are_the_last_thing_in_a_file() {
    // What stands behind them would be taken for a test above.
    let hides = |file: &tree::File| {
        let mut behind = file.text.lines().skip_while(|it| *it != "#[cfg(test)]").skip(1);
        let opens_tests = behind.next().is_none_or(|it| it.starts_with("mod tests"));
        !opens_tests || behind.skip_while(|it| *it != "}").skip(1).any(|it| !it.is_empty())
    };
    let files = tree::rust_files();
    none("code behind the tests of a file", files.iter().filter(|it| hides(it)).map(|it| it.path.to_string()));
}

#[test]
fn identifiers_and_literals_are_quoted_by_their_types() {
    let excused = |file: &tree::File| QUOTING.iter().any(|(path, _)| file.path == *path);
    let lines = |file: &tree::File| {
        let lines = if excused(file) { Vec::new() } else { product_lines(file) };
        let harmless = |line: &String| HARMLESS.iter().any(|it| line.contains(it));
        lines.into_iter().filter(|(_, line)| !harmless(line)).collect()
    };
    none("quotes by hand, in place of `Ident` and `Literal`", found(&["\\\"{", "'{"], lines));
    let files = tree::rust_files();
    let stale = QUOTING.iter().filter(|(path, _)| !files.iter().any(|it| it.path == *path));
    none("excuses for files that are gone", stale.map(|(path, _)| (*path).to_owned()));
}
