//! Which of the statements that cannot go on is to blame.

use std::collections::BTreeSet;

use super::error::LoadError;
use super::{Waiting, failed, placed};

/// Follows what each statement misses to the one that makes it: to one that misses what nobody makes, or round in a circle.
pub(super) fn explain(waiting: Vec<Waiting<'_>>) -> LoadError {
    let mut seen = Vec::new();
    let mut at = 0;
    loop {
        if let Some(begin) = seen.iter().position(|it| *it == at) {
            return circle(&waiting, &seen[begin..]);
        }
        seen.push(at);
        match maker(&waiting, at) {
            Some(next) => at = next,
            None => break,
        }
    }
    let blamed = waiting.into_iter().nth(at);
    match blamed {
        Some(Waiting { piece, error }) => failed(&piece, error),
        None => LoadError::Connection(palisade_db::DbError::Unexpected { reason: "no statement failed".to_owned() }),
    }
}

fn circle(waiting: &[Waiting<'_>], members: &[usize]) -> LoadError {
    // Wherever the walk came in, the circle begins with its first statement.
    let first = members.iter().enumerate().min_by_key(|(_, it)| **it).map_or(0, |(index, _)| index);
    let turned = members[first..].iter().chain(&members[..first]);
    let shown = |number: &usize| {
        let piece = &waiting[*number].piece;
        let what = piece.makes().map_or_else(
            || piece.statement.text.split_whitespace().take(4).collect::<Vec<_>>().join(" "),
            |(kind, name)| format!("{kind} {}", name.join(".")),
        );
        format!("  {what} ({}:{})", piece.file.file, piece.excerpt().at)
    };
    let begin = &waiting[members[first]];
    LoadError::Circle {
        members: turned.map(shown).collect(),
        failure: Box::new(placed(&begin.piece, begin.error.clone())),
    }
}

/// The waiting statement that makes what the one with this number misses.
fn maker(waiting: &[Waiting<'_>], number: usize) -> Option<usize> {
    let missed = missed(&waiting[number].error)?;
    let makes = |it: &Waiting<'_>| {
        it.piece.makes().is_some_and(|(_, name)| {
            name.last() == missed.last() && (name.len() < 2 || missed.len() < 2 || name == missed)
        })
    };
    waiting.iter().position(makes)
}

/// The name of what the server misses.
fn missed(error: &palisade_db::DbError) -> Option<Vec<String>> {
    let message = error.server()?.message.as_str();
    let kinds: BTreeSet<&str> = ["relation", "type", "function", "schema", "table", "procedure", "collation"].into();
    let (kind, rest) = message.split_once(' ')?;
    if !kinds.contains(kind) {
        return None;
    }
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => rest.split(['(', ' ']).next()?,
    };
    Some(name.split('.').map(|it| it.trim_matches('"').to_owned()).collect())
}
