//! What every manifest says.

use super::{none, tree};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// A member of the workspace.
pub(super) struct Member {
    pub(super) name: String,
    /// Its directory, below the root.
    pub(super) directory: String,
    pub(super) manifest: Table,
}

impl Member {
    /// The names in a table of dependencies.
    pub(super) fn dependencies(&self, table: &str) -> BTreeSet<String> {
        names(self.manifest.get(table))
    }
}

/// All members, in order of name.
pub(super) fn members() -> Vec<Member> {
    let mut directories = vec!["tests".to_owned(), "xtask".to_owned()];
    for entry in tree::root().join("crates").read_dir_utf8().unwrap() {
        directories.push(format!("crates/{}", entry.unwrap().file_name()));
    }
    directories.sort();
    directories.into_iter().map(member).collect()
}

/// The names of `[workspace.dependencies]`.
pub(super) fn workspace_dependencies() -> BTreeSet<String> {
    names(workspace()["workspace"].get("dependencies"))
}

fn workspace() -> Table {
    tree::read("Cargo.toml").parse().unwrap()
}

fn member(directory: String) -> Member {
    let manifest: Table = tree::read(&format!("{directory}/Cargo.toml")).parse().unwrap();
    let name = manifest["package"]["name"].as_str().unwrap().to_owned();
    Member { name, directory, manifest }
}

fn names(table: Option<&Value>) -> BTreeSet<String> {
    table.and_then(Value::as_table).into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
fn members_inherit_what_the_workspace_decides() {
    let mut found = Vec::new();
    for Member { name, manifest, .. } in members() {
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if manifest["package"].get(key).and_then(|it| it.get("workspace")) != Some(&Value::Boolean(true)) {
                found.push(format!("{name}: `{key}.workspace = true` is missing"));
            }
        }
        if manifest["package"].get("description").is_none() {
            found.push(format!("{name}: no `description`"));
        }
        if manifest.get("lints").and_then(|it| it.get("workspace")) != Some(&Value::Boolean(true)) {
            found.push(format!("{name}: `[lints] workspace = true` is missing"));
        }
    }
    none("manifests that do not follow the workspace", found);
}

#[test]
fn a_directory_has_the_name_of_its_crate() {
    let crates = members().into_iter().filter(|it| it.directory.starts_with("crates/"));
    none(
        "directories with another name than their crate",
        crates.filter(|it| it.directory != format!("crates/{}", it.name)).map(|it| it.directory),
    );
}

#[test]
fn versions_and_features_stand_in_one_place() {
    let mut found = Vec::new();
    for member in members() {
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in member.manifest.get(table).and_then(Value::as_table).into_iter().flatten() {
                // By path, because cargo allows a circle through the tests only so.
                let fixtures = name == "palisade-tests" && table == "dev-dependencies";
                let inherits = value.get("workspace") == Some(&Value::Boolean(true)) && value.get("features").is_none();
                if !inherits && !fixtures {
                    found.push(format!("{}: {name}", member.name));
                }
            }
        }
        if member.manifest.contains_key("target") {
            found.push(format!("{}: dependencies of one platform", member.name));
        }
    }
    none("dependencies with a version or features of their own, not those of `[workspace.dependencies]`", found);
}

#[test]
fn the_stated_rust_is_the_one_of_the_workspace() {
    let workspace = workspace();
    let package = &workspace["workspace"]["package"];
    assert!(package["rust-version"].is_str());
    assert_eq!(package["edition"].as_str(), Some("2024"));
    assert_eq!(package["publish"].as_bool(), Some(false));
}
