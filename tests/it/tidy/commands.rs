//! Every command is documented and tested.

use super::{none, tree};
use palisade_cli::{CliRunner, Sink, Streams};
use palisade_tests::Directory;
use std::collections::BTreeSet;
use std::io;

/// The names of all commands that do something, as in `backup-list`: those of the manual pages.
fn commands() -> BTreeSet<String> {
    let directory = Directory::new();
    let streams = Streams {
        out: Sink::plain(io::sink()),
        err: Sink::plain(io::sink()),
        input: Box::new(io::empty()),
        somebody_answers: false,
    };
    let words = ["palisade", "man", "--to", directory.path().as_str()];
    let exit = CliRunner::new().run_from(words.map(Into::into), streams);
    assert_eq!(exit.code(), 0, "`man` failed");
    let pages = directory.path().read_dir_utf8().unwrap().map(|it| it.unwrap().file_name().to_owned());
    let names = pages.filter_map(|it| Some(it.strip_prefix("palisade-")?.strip_suffix(".1")?.to_owned()));
    let names: BTreeSet<String> = names.collect();
    let has_commands = |name: &String| names.iter().any(|it| it.starts_with(&format!("{name}-")));
    names.iter().filter(|it| !has_commands(it)).cloned().collect()
}

/// The commands that `text` does not name behind one of `before`. Words may be apart as in `backup list`.
fn unnamed(text: &str, before: &[&str]) -> Vec<String> {
    let text = text.replace("\", \"", "-").replace([' ', '\n'], "-");
    let ends = |it: &str| !it.starts_with(|it: char| it.is_alphanumeric());
    let names = |name: &String| {
        before.iter().any(|before| {
            let wanted = format!("{before}{name}");
            text.match_indices(&wanted).any(|(index, _)| ends(&text[index + wanted.len()..]))
        })
    };
    commands().into_iter().filter(|it| !names(it)).collect()
}

#[test]
fn every_command_is_in_the_documentation() {
    let files = tree::files();
    let documentation = files.iter().filter(|it| {
        it.path.extension() == Some("md") && (it.path.starts_with("docs") || !it.path.as_str().contains('/'))
    });
    let text: String = documentation.map(|it| it.text.as_str()).collect();
    none("commands that neither README.md nor `docs/` name as `cargo xtask …`", unnamed(&text, &["cargo-xtask-"]));
}

#[test]
fn every_command_is_tested() {
    let files = tree::rust_files();
    let tests = files.iter().filter(|it| it.is_test() && !it.is_tidy());
    let text: String = tests.map(|it| it.text.as_str()).collect();
    none("commands that no test calls", unnamed(&text, &["\""]));
}
