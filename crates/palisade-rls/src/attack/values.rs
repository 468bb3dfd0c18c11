//! Values for columns.

use palisade_sql::{Literal, LiteralError, TokenKind, lex};

use super::tables::Column;
use crate::persona::uuid;

/// Values to try for a column, the most likely ones first, as SQL. `seed` tells rows from each other, `number` as well.
pub(super) fn candidates(column: &Column, seed: &str, number: u32) -> Result<Vec<String>, LiteralError> {
    let literal = |text: &str| Literal::new(text).map(|it| it.to_string());
    let mut all: Vec<String> = Vec::new();
    if !column.labels.is_empty() {
        for label in &column.labels {
            all.push(literal(label)?);
        }
        return Ok(all);
    }
    let data_type = column.data_type.as_str();
    let (base, length) = match data_type.split_once('(') {
        Some((base, rest)) => (base, rest.split(')').next().and_then(|it| it.parse::<usize>().ok())),
        None => (data_type, None),
    };
    let texts: Vec<String> = match base {
        "uuid" => vec![uuid(&format!("attack {} {seed}", column.name))],
        "smallint" => vec![(20_000 + number).to_string(), (1 + number).to_string()],
        "integer" | "bigint" => vec![(900_000_000 + number).to_string(), (1 + number).to_string()],
        "numeric" | "real" | "double precision" | "money" => vec![(1 + number).to_string(), "0.5".to_owned()],
        "boolean" => vec!["false".to_owned(), "true".to_owned()],
        "date" => vec!["2030-01-01".to_owned(), "2001-01-01".to_owned()],
        "json" | "jsonb" => vec!["{}".to_owned(), "[]".to_owned()],
        "bytea" => vec!["\\x01".to_owned()],
        "inet" | "cidr" => vec![format!("10.0.{}.{}", number / 250, number % 250)],
        "macaddr" => vec!["08:00:2b:01:02:03".to_owned()],
        "interval" => vec!["1 hour".to_owned()],
        "text" | "character varying" | "character" | "name" | "citext" => {
            let marker = format!("palisade_{seed}_{number}");
            vec![
                marker.clone(),
                format!("{marker}@example.com").replace('_', "."),
                format!("https://example.com/{marker}"),
                marker.replace('_', "-"),
                uuid(&marker),
                format!("{:09}", 100_000_000 + number),
                format!("+4930{:07}", 1_000_000 + number),
                "EUR".to_owned(),
                "de".to_owned(),
                format!("#{:06x}", 0xaa_0000 + number),
            ]
        }
        it if it.starts_with("timestamp") => {
            vec!["2030-01-01 00:00:00+00".to_owned(), "2001-01-01 00:00:00+00".to_owned()]
        }
        it if it.starts_with("time") => vec!["12:00".to_owned()],
        it if it.ends_with("[]") => vec!["{}".to_owned()],
        it if it.ends_with("range") => vec!["empty".to_owned()],
        "tsvector" => vec!["palisade".to_owned()],
        "point" => vec!["(1,2)".to_owned()],
        it if it.starts_with("bit") => vec!["1".repeat(length.unwrap_or(1))],
        _ => vec!["1".to_owned(), String::new(), "{}".to_owned()],
    };
    let is_text = matches!(base, "character varying" | "character");
    for text in texts {
        // The end of a text is where rows differ.
        let cut = match length {
            Some(most) if is_text && text.chars().count() > most => {
                text.chars().skip(text.chars().count() - most).collect()
            }
            _ => text,
        };
        all.push(literal(&cut)?);
    }
    // A check names what it wants.
    for check in &column.checks {
        let tokens = lex(check).unwrap_or_default();
        for token in tokens {
            if matches!(token.kind, TokenKind::String | TokenKind::Number) && !all.iter().any(|it| it == token.text) {
                all.push(token.text.to_owned());
            }
        }
    }
    all.dedup();
    Ok(all)
}
