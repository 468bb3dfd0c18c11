//! Who may build on whom. The picture itself stands in ARCHITECTURE.md, as a table that is compared with the manifests.

use super::manifests::{Member, members};
use super::{none, tree};
use std::collections::{BTreeMap, BTreeSet};

/// No input or output, no clock, no driver.
const PURE: [&str; 7] = [
    "palisade-archive",
    "palisade-catalog",
    "palisade-diff",
    "palisade-plan",
    "palisade-schema",
    "palisade-sql",
    "palisade-typegen",
];

/// What pure crates may use besides each other.
const PURE_DEPENDENCIES: [&str; 8] =
    ["foldhash", "hex", "memchr", "serde", "serde_json", "sha2", "thiserror", "xxhash-rust"];

const IMPURE_WORDS: [&str; 9] = [
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "env!(\"CARGO_MANIFEST_DIR",
    "SystemTime",
    "Instant",
];

/// They do not know of each other: what combines them is the guard or the command line.
const FEATURES: [&str; 4] = ["palisade-backup", "palisade-lint", "palisade-migrator", "palisade-rls"];

/// Who combines them.
const COMBINING: [&str; 3] = ["palisade-cli", "palisade-guard", "palisade-tests"];

fn is_ours(name: &str) -> bool {
    name == "xtask" || name.starts_with("palisade-")
}

fn ours(member: &Member) -> BTreeSet<String> {
    member.dependencies("dependencies").into_iter().filter(|it| is_ours(it)).collect()
}

/// The rows of the table in ARCHITECTURE.md that has the columns `Crate` and `Builds on`.
fn drawn() -> BTreeMap<String, BTreeSet<String>> {
    let text = tree::read("ARCHITECTURE.md");
    let table = text.lines().skip_while(|it| !(it.contains("| Crate |") && it.contains("| Builds on |"))).skip(2);
    let names = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(|it| if it == "xtask" { it.into() } else { full(it) }).collect()
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let (first, last) = (cells.first().unwrap(), cells.last().unwrap());
        (names(first).concat(), names(last).into_iter().collect())
    };
    table.take_while(|it| it.starts_with('|')).map(row).collect()
}

fn full(short: &str) -> String {
    if short.starts_with("palisade-") { short.to_owned() } else { format!("palisade-{short}") }
}

#[test]
fn the_picture_in_architecture_md_is_the_one_of_the_manifests() {
    let drawn = drawn();
    let built: BTreeMap<String, BTreeSet<String>> = members().iter().map(|it| (it.name.clone(), ours(it))).collect();
    let names: BTreeSet<&String> = drawn.keys().chain(built.keys()).collect();
    let differences = names.into_iter().filter(|it| drawn.get(*it) != built.get(*it));
    none(
        "crates whose row in ARCHITECTURE.md is not what their manifest says",
        differences.map(|it| format!("{it}: drawn {:?}, built on {:?}", drawn.get(it), built.get(it))),
    );
}

#[test]
fn pure_crates_build_on_pure_crates() {
    let mut found = Vec::new();
    for member in members().iter().filter(|it| PURE.contains(&it.name.as_str())) {
        let pure = |it: &String| PURE.contains(&it.as_str()) || PURE_DEPENDENCIES.contains(&it.as_str());
        let impure = member.dependencies("dependencies").into_iter().filter(|it| !pure(it));
        found.extend(impure.map(|it| format!("{} → {it}", member.name)));
    }
    none("pure crates that depend on input, output or a clock", found);
}

#[test]
fn pure_crates_reach_for_nothing() {
    let mut found = Vec::new();
    for file in tree::rust_files() {
        let is_pure = PURE.iter().any(|it| file.path.starts_with(format!("crates/{it}/src")));
        for (number, line) in file.product_lines().into_iter().filter(|_| is_pure) {
            let words = IMPURE_WORDS.iter().filter(|it| line.contains(**it));
            found.extend(words.map(|it| format!("{}:{number}: `{it}`", file.path)));
        }
    }
    none("pure crates that use input, output or a clock", found);
}

#[test]
fn features_do_not_know_each_other() {
    let mut found = Vec::new();
    for member in members().iter().filter(|it| !COMBINING.contains(&it.name.as_str())) {
        let features = ours(member).into_iter().filter(|it| FEATURES.contains(&it.as_str()));
        found.extend(features.map(|it| format!("{} → {it}", member.name)));
    }
    none("features that are built on by others than the guard and the command line", found);
}

#[test]
fn xtask_and_the_program_only_call_the_command_line() {
    let members = members();
    let builds_on = |name: &str| ours(members.iter().find(|it| it.name == name).unwrap());
    assert_eq!(builds_on("xtask"), BTreeSet::from(["palisade-cli".to_owned()]));
    let above = members.iter().filter(|it| ours(it).contains("palisade-cli") && it.name != "xtask");
    none("crates that build on the command line", above.map(|it| it.name.clone()));
}
