//! What may not stand in any file: secrets, and what is true of one machine only.

use super::{none, tree};

/// How well-known secrets begin.
const SECRETS: [&str; 12] = [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN EC PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "AGE-SECRET-KEY-",
    "AKIA",
    "ghp_",
    "github_pat_",
    "sbp_",
    "sk_live_",
    "xoxb-",
    "eyJhbGciOi",
];

/// What stands in place of a password in what we write.
const PLACEHOLDERS: [&str; 4] = ["[PASSWORD]", "PASSWORD", "password", "…"];

/// Places that only some machine has, and what is said about people and their tools.
const MACHINES: [&str; 7] =
    ["/work/", "/tmp/", "index.crates.io", "static.crates.io", "pypi.org", "artifactory", "AI "];

/// Where such a place is part of what the file does.
const PLACES: [(&str, &str); 1] =
    [("crates/palisade-embedded/src/cluster/socket.rs", "where sockets go if their path would be too long elsewhere")];

fn files() -> impl Iterator<Item = tree::File> {
    tree::files().into_iter().filter(|it| !it.is_tidy())
}

#[test]
fn no_file_holds_a_secret() {
    let mut found = Vec::new();
    for file in files() {
        found.extend(SECRETS.iter().filter(|it| file.text.contains(**it)).map(|it| format!("{}: {it}", file.path)));
    }
    none("what looks like a secret", found);
}

#[test]
fn urls_hold_placeholders_for_passwords() {
    let mut found = Vec::new();
    for file in files() {
        let text = if file.path.extension() == Some("rs") {
            file.product_lines().into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
        } else if file.is_test() {
            continue;
        } else {
            file.text.clone()
        };
        for url in text.split("postgres://").chain(text.split("postgresql://")).skip(1) {
            let end = url.find(|it: char| it.is_whitespace() || "/\"'`".contains(it)).unwrap_or(url.len());
            let password = url[..end].rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|it| it.1);
            if let Some(password) = password.filter(|it| !PLACEHOLDERS.contains(it)) {
                found.push(format!("{}: {password}", file.path));
            }
        }
    }
    none("URLs with passwords", found);
}

#[test]
fn nothing_is_true_of_one_machine_only() {
    let mut found = Vec::new();
    for file in files().filter(|it| !it.is_test() && !PLACES.iter().any(|(path, _)| it.path == *path)) {
        for (index, line) in file.text.lines().enumerate() {
            let hits = MACHINES.iter().filter(|it| line.contains(**it));
            found.extend(hits.map(|it| format!("{}:{}: `{it}`", file.path, index + 1)));
        }
    }
    none("what is true of one machine, or says nothing of the product", found);
}

#[test]
fn files_end_with_one_line_end_and_hold_no_trailing_spaces() {
    let mut found = Vec::new();
    for file in files().filter(|it| !it.text.is_empty()) {
        if !file.text.ends_with('\n') || file.text.ends_with("\n\n") {
            found.push(format!("{}: its end", file.path));
        }
        if file.text.contains('\r') {
            found.push(format!("{}: a carriage return", file.path));
        }
        if file.path.extension() != Some("rs") {
            let spaces = file.text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t']));
            found.extend(spaces.map(|(index, _)| format!("{}:{}: trailing spaces", file.path, index + 1)));
        }
    }
    none("white space", found);
}
