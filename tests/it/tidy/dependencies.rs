//! What we use of others: only what is needed, and what for.

use super::manifests::{Member, members, workspace_dependencies};
use super::tree::File;
use super::{none, tree};
use std::collections::BTreeSet;

/// Words of Rust in a text.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_').collect()
}

fn sources(member: &Member, directories: &[&str]) -> String {
    let below: Vec<String> = directories.iter().map(|it| format!("{}/{it}", member.directory)).collect();
    let (own, others): (Vec<File>, Vec<File>) =
        tree::rust_files().into_iter().partition(|it| below.iter().any(|below| it.path.starts_with(below)));
    let elsewhere: Vec<String> = own.iter().flat_map(modules_from_elsewhere).collect();
    let used = others.into_iter().filter(|it| elsewhere.iter().any(|module| it.path.as_str().starts_with(module)));
    let code = |text: &str| -> Vec<String> {
        text.lines().filter(|it| !it.trim_start().starts_with("//")).map(str::to_owned).collect()
    };
    own.iter().cloned().chain(used).flat_map(|it| code(&it.text)).collect::<Vec<_>>().join("\n")
}

/// Modules that a file has by their paths, as `#[path = "../x.rs"]` says: what these use, the crate depends on. Without the ending,
/// which is where their own modules lie.
fn modules_from_elsewhere(file: &File) -> Vec<String> {
    let paths = file.text.lines().filter_map(|it| it.trim().strip_prefix("#[path = \"")?.strip_suffix(".rs\"]"));
    let below_root = |path: &str| {
        let mut found = file.path.parent().unwrap().to_owned();
        for part in path.split('/') {
            if part == ".." {
                found.pop();
            } else {
                found.push(part);
            }
        }
        found.into_string()
    };
    paths.map(below_root).collect()
}

/// Not for their own sake: a feature of theirs is switched on, or a build needs them.
const UNNAMED: [&str; 1] = ["reqwest"];

#[test]
fn every_dependency_is_used() {
    let mut found = Vec::new();
    for member in members() {
        for (table, directories) in
            [("dependencies", &["src"][..]), ("dev-dependencies", &["src", "tests", "it", "benches", "examples"])]
        {
            let text = sources(&member, directories);
            let words = words(&text);
            let unused = member
                .dependencies(table)
                .into_iter()
                .filter(|it| !words.contains(it.replace('-', "_").as_str()) && !UNNAMED.contains(&it.as_str()));
            found.extend(unused.map(|it| format!("{}: {it} in [{table}]", member.name)));
        }
        let (all, dev) = (member.dependencies("dependencies"), member.dependencies("dev-dependencies"));
        found.extend(all.intersection(&dev).map(|it| format!("{}: {it} is a dev-dependency too", member.name)));
    }
    none("dependencies that nothing uses", found);
}

#[test]
fn every_dependency_of_the_workspace_is_used_by_a_member() {
    let used: BTreeSet<String> = members()
        .iter()
        .flat_map(|it| ["dependencies", "dev-dependencies", "build-dependencies"].map(|table| it.dependencies(table)))
        .flatten()
        .collect();
    none("lines of `[workspace.dependencies]` without use", workspace_dependencies().difference(&used).cloned());
}

/// The table in ARCHITECTURE.md that has the columns `Dependency` and `What for`.
#[test]
fn architecture_md_says_what_each_dependency_is_for() {
    let text = tree::read("ARCHITECTURE.md");
    let table = text.lines().skip_while(|it| !it.starts_with("| Dependency | What for |")).skip(2);
    let rows = table.take_while(|it| it.starts_with('|'));
    let first_cells = rows.filter_map(|it| it.split('|').nth(1));
    let explained: BTreeSet<String> =
        first_cells.flat_map(|it| it.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let others: BTreeSet<String> =
        workspace_dependencies().into_iter().filter(|it| !it.starts_with("palisade-")).collect();
    none("dependencies that ARCHITECTURE.md does not explain", others.difference(&explained).cloned());
    none("dependencies that only ARCHITECTURE.md knows", explained.difference(&others).cloned());
}
