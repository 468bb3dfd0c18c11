//! What the documentation names exists.

use super::{none, tree};
use camino::Utf8Path;
use std::collections::BTreeSet;

#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    for file in tree::files().iter().filter(|it| it.path.extension() == Some("md")) {
        let directory = file.path.parent().unwrap_or(Utf8Path::new(""));
        let links = file.text.split("](").skip(1).filter_map(|it| it.split_once(')')).map(|it| it.0);
        for link in links.filter(|it| !it.starts_with("http")) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !tree::root().join(directory).join(path).exists() {
                found.push(format!("{}: {link}", file.path));
            }
        }
    }
    none("links to files that do not exist", found);
}

/// Names move; a map that is not checked leads astray.
#[test]
fn architecture_md_names_what_is_there() {
    let text = tree::read("ARCHITECTURE.md");
    let (_, map) = text.split_once("## Where things are").unwrap();
    let (map, _) = map.split_once("## Where state lives").unwrap();
    let rust: String = tree::rust_files().iter().filter(|it| !it.is_test()).map(|it| it.text.clone()).collect();
    let words: BTreeSet<&str> = rust.split(|it: char| !it.is_alphanumeric() && it != '_').collect();
    let files = tree::files();
    let is_there = |name: &str| {
        let is_path = name.contains('/') || [".rs", ".sql", ".toml"].iter().any(|it| name.ends_with(it));
        if is_path {
            let path = name.trim_end_matches('/');
            return files.iter().any(|it| it.path.ends_with(path)) || tree::root().join(path).exists();
        }
        // A command, or something of Rust itself.
        let is_name = name.chars().all(|it| it.is_alphanumeric() || it == '_' || it == ':');
        !is_name || name.split("::").all(|it| words.contains(it))
    };
    let names = map.split('`').skip(1).step_by(2);
    none("names in ARCHITECTURE.md that are gone", names.filter(|it| !is_there(it)).map(str::to_owned));
}
