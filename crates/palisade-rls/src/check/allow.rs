//! The statements that belong in a policy file.

use palisade_sql::{Statement, Token, TokenKind};

use crate::check::Reason;

/// Why `it` may not stand in a policy file; `None` if it may.
pub(crate) fn refuse(it: &Statement<'_>) -> Option<Reason> {
    if it.transaction_control().is_some() {
        return Some(Reason::ControlsTransaction);
    }
    let first = it.tokens.first().filter(|first| first.kind == TokenKind::Word);
    match first.map(|first| first.text.to_ascii_lowercase()).as_deref() {
        Some("create") => create(it),
        Some("alter") => alter(it),
        Some("drop") => drop(it),
        Some("grant" | "revoke") => grant(it),
        Some("comment") => comment(it),
        Some("set") => set(it),
        Some("insert" | "update" | "delete" | "merge" | "truncate" | "copy") => Some(Reason::ChangesRows),
        Some("with") => Some(with(it)),
        Some("select" | "values" | "table" | "do" | "call" | "execute" | "prepare" | "declare" | "explain") => {
            Some(Reason::RunsCode)
        }
        Some("reset" | "discard" | "lock" | "listen" | "unlisten" | "notify" | "load") => Some(Reason::ChangesSession),
        Some("savepoint" | "release" | "rollback") => Some(Reason::ControlsTransaction),
        _ => Some(Reason::Structure),
    }
}

/// Rights on objects of this database. Membership in a role has no `ON`, and belongs to the whole server, as do
/// tablespaces and parameters.
fn grant(it: &Statement<'_>) -> Option<Reason> {
    let Some(on) = it.tokens.iter().position(|token| token.is("on")) else { return Some(Reason::ChangesRoles) };
    let elsewhere = ["tablespace", "parameter", "language", "large", "foreign", "database"];
    let kind = it.tokens.get(on + 1).is_some_and(|token| elsewhere.iter().any(|word| token.is(word)));
    // A table may have such a name too; then the next word is not its name.
    let is_name = it.tokens.get(on + 2).is_none_or(|next| {
        next.is("to") || next.is("from") || is_symbol(Some(next), '.') || is_symbol(Some(next), ',')
    });
    (kind && !is_name).then_some(Reason::Structure)
}

/// What policy files define, they may also describe. Tables are described where they are created.
fn comment(it: &Statement<'_>) -> Option<Reason> {
    let described = ["policy", "function", "schema"].iter().any(|kind| it.begins_with(&["comment", "on", kind]));
    (!described).then_some(Reason::Structure)
}

fn create(it: &Statement<'_>) -> Option<Reason> {
    if it.begins_with(&["create", "policy"])
        || it.begins_with(&["create", "or", "replace", "function"])
        || it.begins_with(&["create", "schema", "if", "not", "exists"])
    {
        None
    } else if it.begins_with(&["create", "function"]) {
        not_repeatable("write `create or replace function`")
    } else if it.begins_with(&["create", "schema"]) {
        not_repeatable("write `create schema if not exists`")
    } else if ["role", "user", "group"].iter().any(|word| it.begins_with(&["create", word])) {
        Some(Reason::ChangesRoles)
    } else {
        Some(Reason::Structure)
    }
}

fn alter(it: &Statement<'_>) -> Option<Reason> {
    if it.begins_with(&["alter", "table"]) {
        return alter_table(it);
    }
    let renames = it.contains("rename");
    let moves = (0..it.tokens.len()).any(|index| it.words_at(index, &["set", "schema"]));
    let allowed = it.begins_with(&["alter", "default", "privileges"])
        || (it.begins_with(&["alter", "policy"]) && !renames)
        || (it.begins_with(&["alter", "function"]) && !renames && !moves)
        || (it.begins_with(&["alter", "view"]) && sets_view_security(it));
    if allowed {
        None
    } else if ["role", "user", "group"].iter().any(|word| it.begins_with(&["alter", word])) {
        Some(Reason::ChangesRoles)
    } else {
        Some(Reason::Structure)
    }
}

/// Only the four row security actions of
/// [ALTER TABLE](https://www.postgresql.org/docs/current/sql-altertable.html), alone or several at once.
fn alter_table(it: &Statement<'_>) -> Option<Reason> {
    let at = skip(it, 2, &[&["if", "exists"], &["only"]]);
    let Some((_, mut at)) = it.name_at(at) else { return Some(Reason::Structure) };
    if is_symbol(it.tokens.get(at), '*') {
        at += 1;
    }
    let actions: Vec<_> = it.tokens[at..].split(|token| token.kind == TokenKind::Symbol(',')).collect();
    if actions.iter().all(|action| is_row_security(action)) {
        None
    } else if actions.iter().any(|action| action.first().is_some_and(|token| token.is("drop"))) {
        Some(Reason::Destroys)
    } else {
        Some(Reason::Structure)
    }
}

fn is_row_security(action: &[Token<'_>]) -> bool {
    let forms: [&[&str]; 4] = [&["enable"], &["disable"], &["force"], &["no", "force"]];
    forms.iter().any(|form| {
        let words = form.iter().chain(&["row", "level", "security"]);
        action.len() == form.len() + 3 && action.iter().zip(words).all(|(token, word)| token.is(word))
    })
}

/// `ALTER VIEW … SET (security_invoker …)`: whether row security looks at the caller or at the view's owner.
fn sets_view_security(it: &Statement<'_>) -> bool {
    let at = skip(it, 2, &[&["if", "exists"]]);
    let Some((_, at)) = it.name_at(at) else { return false };
    let options = it.tokens.get(at + 1..).unwrap_or_default();
    let allowed = ["security_invoker", "security_barrier", "true", "false", "on", "off"];
    (it.words_at(at, &["set"]) || it.words_at(at, &["reset"]))
        && is_symbol(options.first(), '(')
        && options.iter().all(|token| token.kind != TokenKind::Word || allowed.iter().any(|word| token.is(word)))
}

fn drop(it: &Statement<'_>) -> Option<Reason> {
    let policy = it.begins_with(&["drop", "policy"]);
    if !policy && !it.begins_with(&["drop", "function"]) {
        let roles = ["role", "user", "group"].iter().any(|word| it.begins_with(&["drop", word]));
        return Some(if roles { Reason::ChangesRoles } else { Reason::Destroys });
    }
    if !it.words_at(2, &["if", "exists"]) {
        let kind = if policy { "policy" } else { "function" };
        return not_repeatable(&format!("write `drop {kind} if exists`"));
    }
    // On DROP POLICY the word is accepted and means nothing.
    (!policy && it.contains("cascade")).then_some(Reason::Cascades)
}

fn set(it: &Statement<'_>) -> Option<Reason> {
    (!it.begins_with(&["set", "local", "search_path"])).then_some(Reason::ChangesSession)
}

fn with(it: &Statement<'_>) -> Reason {
    let changes = ["insert", "update", "delete", "merge"].iter().any(|word| it.contains(word));
    if changes { Reason::ChangesRows } else { Reason::RunsCode }
}

#[allow(clippy::unnecessary_wraps, reason = "it stands where the other reasons stand")]
fn not_repeatable(instead: &str) -> Option<Reason> {
    Some(Reason::NotRepeatable { instead: instead.to_owned() })
}

/// The token behind these words, each of which may be missing.
fn skip(it: &Statement<'_>, start: usize, words: &[&[&str]]) -> usize {
    words.iter().fold(start, |at, group| if it.words_at(at, group) { at + group.len() } else { at })
}

fn is_symbol(token: Option<&Token<'_>>, symbol: char) -> bool {
    token.is_some_and(|it| it.kind == TokenKind::Symbol(symbol))
}
