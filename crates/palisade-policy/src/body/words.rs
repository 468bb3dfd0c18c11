//! Reading the words of a body.

use crate::Oid;
use crate::body::{Body, OF_SESSION};
use crate::facts::{Facts, Function};
use palisade_sql::{Token, TokenKind, lex};
use std::collections::BTreeMap;

/// What names may mean.
#[derive(Debug, Default)]
pub(crate) struct Names<'f> {
    relations: BTreeMap<(&'f str, &'f str), Oid>,
    functions: BTreeMap<(&'f str, &'f str), Vec<(usize, Oid)>>,
}

impl<'f> Names<'f> {
    pub(crate) fn new(facts: &'f Facts) -> Self {
        let mut names = Self::default();
        for relation in facts.relations.values() {
            names.relations.insert((&relation.schema_name, &relation.name), relation.oid);
        }
        for (oid, function) in &facts.functions {
            let known = names.functions.entry((&function.schema, &function.name)).or_default();
            known.push((function.argument_count, *oid));
        }
        names
    }
}

/// A name of up to three parts, and the token behind it.
struct Name {
    parts: Vec<String>,
    end: usize,
}

/// Which clause a word stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clause {
    /// Behind `FROM`, `JOIN`, `USING`: names are relations.
    From,
    /// Behind `INSERT INTO`, `UPDATE`, `DELETE FROM`, `MERGE INTO`: one name is.
    Target,
    Other,
}

pub(crate) fn read(function: &Function, names: &Names<'_>) -> Body {
    let mut body = Body::default();
    let Ok(tokens) = lex(&function.source) else {
        body.dynamic = true;
        return body;
    };
    let path = search_path(function);
    let (mut at, mut clause) = (0, Clause::Other);
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.kind {
            TokenKind::String => {
                body.texts.insert(token.text.to_owned());
            }
            TokenKind::Symbol(')' | ';') => clause = Clause::Other,
            TokenKind::Word if let Some(next) = keyword(&tokens, at - 1) => {
                clause = next;
                body.dynamic |= token.is("execute") && function.language == "plpgsql";
                body.reads_session |= ["current_user", "session_user", "current_role"].iter().any(|it| token.is(it));
            }
            TokenKind::Word | TokenKind::QuotedIdent => {
                let name = name(&tokens, at - 1);
                at = name.end;
                body.words.extend(name.parts.iter().map(|it| it.to_lowercase()));
                let next = tokens.get(at).map(|it| it.kind);
                let relation = find_relation(&name, names, &path, clause != Clause::Other);
                match (relation, next) {
                    (Some(_), Some(TokenKind::Symbol('%'))) => {}
                    (Some(relation), _) if clause == Clause::Target => {
                        body.writes.insert(relation);
                        clause = Clause::Other;
                    }
                    (Some(relation), _) if clause == Clause::From || name.parts.len() > 1 => {
                        body.reads.insert(relation);
                    }
                    (_, Some(TokenKind::Symbol('('))) => {
                        add_call(&name, arguments(&tokens, at), names, &path, &mut body);
                    }
                    _ => {}
                }
            }
            TokenKind::Number | TokenKind::Symbol(_) => {}
        }
    }
    body
}

/// The clause that a key word begins; none if it is no key word of interest.
fn keyword(tokens: &[Token<'_>], at: usize) -> Option<Clause> {
    let token = tokens[at];
    let before = |word: &str| at > 0 && tokens[at - 1].is(word);
    let one_of = |words: &[&str]| words.iter().any(|it| token.is(it));
    if at > 0 && tokens[at - 1].kind == TokenKind::Symbol('.') {
        return None;
    }
    if token.is("from") && before("delete") || token.is("into") && (before("insert") || before("merge")) {
        return Some(Clause::Target);
    }
    // `FOR UPDATE`, `DO UPDATE`, `ON UPDATE` change nothing by themselves.
    if token.is("update") && !["for", "do", "on", "then"].iter().any(|it| before(it)) || token.is("truncate") {
        return Some(Clause::Target);
    }
    if one_of(&["from", "join", "using"]) {
        return Some(Clause::From);
    }
    let ends = [
        "select",
        "where",
        "set",
        "group",
        "order",
        "on",
        "having",
        "limit",
        "values",
        "returning",
        "into",
        "union",
        "with",
        "if",
        "then",
        "begin",
        "end",
        "return",
        "perform",
        "execute",
        "current_user",
        "session_user",
        "current_role",
        "case",
        "when",
        "else",
        "and",
        "or",
        "not",
        "exists",
        "in",
        "is",
        "null",
        "declare",
        "for",
        "loop",
        "delete",
        "insert",
        "update",
        "merge",
    ];
    // Words that stand between `FROM` and its relation, or between `DELETE FROM` and it.
    if one_of(&["only", "lateral", "table", "as", "left", "right", "inner", "outer", "full", "cross", "natural"]) {
        return Some(if before("from") || before("join") || before("update") || before("truncate") {
            passed(tokens, at)
        } else {
            Clause::Other
        });
    }
    one_of(&ends).then_some(Clause::Other)
}

/// The clause that goes on behind a word without meaning here.
fn passed(tokens: &[Token<'_>], at: usize) -> Clause {
    match at.checked_sub(1) {
        Some(before) => keyword(tokens, before).unwrap_or(Clause::Other),
        None => Clause::Other,
    }
}

fn name(tokens: &[Token<'_>], start: usize) -> Name {
    let mut parts = vec![plain(&tokens[start])];
    let mut end = start + 1;
    while let (Some(dot), Some(part)) = (tokens.get(end), tokens.get(end + 1))
        && dot.kind == TokenKind::Symbol('.')
        && matches!(part.kind, TokenKind::Word | TokenKind::QuotedIdent)
    {
        parts.push(plain(part));
        end += 2;
    }
    Name { parts, end }
}

/// As the catalog has it: words in lower case, quoted names as they are.
fn plain(token: &Token<'_>) -> String {
    if token.kind == TokenKind::QuotedIdent {
        let inner = token.text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(token.text);
        inner.replace("\"\"", "\"")
    } else {
        token.text.to_lowercase()
    }
}

fn find_relation(name: &Name, names: &Names<'_>, path: &[String], alone: bool) -> Option<Oid> {
    match name.parts.as_slice() {
        [schema, relation, ..] => names.relations.get(&(schema.as_str(), relation.as_str())).copied(),
        [relation] if alone => {
            path.iter().find_map(|schema| names.relations.get(&(schema.as_str(), relation.as_str())).copied())
        }
        _ => None,
    }
}

fn add_call(name: &Name, arguments: usize, names: &Names<'_>, path: &[String], body: &mut Body) {
    let (schemas, called) = match name.parts.as_slice() {
        [called] => (path, called),
        [schema, called] => (std::slice::from_ref(schema), called),
        _ => return,
    };
    let of_system = name.parts.len() == 1 || name.parts.first().is_some_and(|it| it == "pg_catalog");
    body.reads_session |= of_system && OF_SESSION.contains(&called.as_str());
    for schema in schemas {
        if let Some(known) = names.functions.get(&(schema.as_str(), called.as_str())) {
            // Of several with this name those with as many arguments; defaults and variadic ones make any of them possible.
            let exact: Vec<Oid> = known.iter().filter(|(count, _)| *count == arguments).map(|(_, it)| *it).collect();
            body.calls.extend(if exact.is_empty() { known.iter().map(|(_, it)| *it).collect() } else { exact });
            return;
        }
    }
}

/// How many arguments stand behind a name.
fn arguments(tokens: &[Token<'_>], open: usize) -> usize {
    let (mut depth, mut count, mut any) = (0_usize, 1, false);
    for token in &tokens[open..] {
        match token.kind {
            TokenKind::Symbol('(' | '[') => depth += 1,
            TokenKind::Symbol(')' | ']') => {
                depth -= 1;
                if depth == 0 {
                    return if any { count } else { 0 };
                }
            }
            TokenKind::Symbol(',') if depth == 1 => count += 1,
            _ => {}
        }
        any |= !(depth == 1 && token.kind == TokenKind::Symbol('('));
    }
    count
}

/// Where names without a schema are looked for. Without a setting of its own a function looks where its caller does: on Supabase
/// and by default that is `public`.
fn search_path(function: &Function) -> Vec<String> {
    let Some(setting) = function.settings.iter().find_map(|it| it.strip_prefix("search_path=")) else {
        return vec!["public".to_owned(), "extensions".to_owned()];
    };
    let Ok(tokens) = lex(setting) else { return Vec::new() };
    let names = tokens.iter().filter(|it| matches!(it.kind, TokenKind::Word | TokenKind::QuotedIdent));
    names.map(plain).filter(|it| !it.is_empty()).collect()
}
