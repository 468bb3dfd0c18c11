//! The rules of the house that no compiler checks. Each test lists everything it finds, not just the first.

mod commands;
mod dependencies;
mod documentation;
mod manifests;
mod picture;
mod sizes;
mod sources;
mod text;
mod tree;

/// Fails with all of `found`, one a line.
#[track_caller]
fn none(what: &str, found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}:\n  {}\n", found.join("\n  "));
}
