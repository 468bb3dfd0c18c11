//! Storage parameters and options, which the catalog keeps as `name=value`.

use palisade_sql::{quote_ident, quote_literal};

/// `name=value` in its two parts.
fn parts(option: &str) -> (&str, &str) {
    option.split_once('=').unwrap_or((option, ""))
}

/// ` WITH (…)`, or nothing.
pub(super) fn with(options: &[String]) -> String {
    if options.is_empty() { String::new() } else { format!(" WITH ({})", set(options.iter().map(String::as_str))) }
}

fn set<'a>(options: impl Iterator<Item = &'a str>) -> String {
    let one = |option: &str| {
        let (name, value) = parts(option);
        // A parameter of a TOAST table has a dot in its name.
        format!("{name}={}", quoted(value))
    };
    options.map(one).collect::<Vec<_>>().join(", ")
}

/// Numbers and words stand as they are.
fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && value.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'.' || it == b'_');
    if plain { value.to_owned() } else { quote_literal(value) }
}

/// `SET (…)` and `RESET (…)`, whichever are needed.
pub(super) fn changes(from: &[String], to: &[String], prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    let gone: Vec<String> = from
        .iter()
        .map(|it| parts(it).0)
        .filter(|name| !to.iter().any(|it| parts(it).0 == *name))
        .map(|name| format!("{prefix}{name}"))
        .collect();
    if !gone.is_empty() {
        found.push(format!("RESET ({})", gone.join(", ")));
    }
    let new: Vec<String> = to.iter().filter(|it| !from.contains(it)).map(|it| format!("{prefix}{it}")).collect();
    if !new.is_empty() {
        found.push(format!("SET ({})", set(new.iter().map(String::as_str))));
    }
    found
}

/// ` OPTIONS (name 'value', …)` of something foreign, or nothing.
pub(super) fn foreign(options: &[String]) -> String {
    let one = |option: &String| {
        let (name, value) = parts(option);
        format!("{} {}", quote_ident(name), quote_literal(value))
    };
    if options.is_empty() {
        String::new()
    } else {
        format!(" OPTIONS ({})", options.iter().map(one).collect::<Vec<_>>().join(", "))
    }
}

/// ` OPTIONS (DROP a, SET b '…', ADD c '…')`, if anything differs.
pub(super) fn foreign_changes(from: &[String], to: &[String]) -> Option<String> {
    if from == to {
        return None;
    }
    let mut words = Vec::new();
    let stays = |it: &&String| to.iter().any(|new| parts(new).0 == parts(it).0);
    let new = to.iter().filter(|it| !from.iter().any(|old| parts(old).0 == parts(it).0));
    if !from.iter().filter(stays).chain(new).map(|it| parts(it).0).eq(to.iter().map(|it| parts(it).0)) {
        // They are kept in the order in which they came: all anew.
        words.extend(from.iter().map(|it| format!("DROP {}", quote_ident(parts(it).0))));
        words.extend(to.iter().map(|it| format!("ADD {} {}", quote_ident(parts(it).0), quote_literal(parts(it).1))));
        return Some(format!(" OPTIONS ({})", words.join(", ")));
    }
    for name in from.iter().map(|it| parts(it).0).filter(|name| !to.iter().any(|it| parts(it).0 == *name)) {
        words.push(format!("DROP {}", quote_ident(name)));
    }
    for option in to.iter().filter(|it| !from.contains(it)) {
        let (name, value) = parts(option);
        let verb = if from.iter().any(|it| parts(it).0 == name) { "SET" } else { "ADD" };
        words.push(format!("{verb} {} {}", quote_ident(name), quote_literal(value)));
    }
    (!words.is_empty()).then(|| format!(" OPTIONS ({})", words.join(", ")))
}
