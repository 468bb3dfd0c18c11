//! Sequences.

use palisade_catalog::ObjectKey;
use palisade_catalog::definition::{Sequence, SequenceOptions};
use palisade_sql::quote_ident;

use crate::script::{Action, Statement};

pub(super) fn create(key: &ObjectKey, it: &Sequence) -> Statement {
    let unlogged = if it.options.unlogged { "UNLOGGED " } else { "" };
    Statement::new(
        key,
        Action::Create,
        format!("CREATE {unlogged}SEQUENCE {}{}", key.sql(), differing(&it.options, None)),
    )
}

pub(super) fn alter(key: &ObjectKey, from: &Sequence, to: &Sequence, out: &mut Vec<Statement>) {
    let changes = differing(&to.options, Some(&from.options));
    if !changes.is_empty() {
        out.push(Statement::new(key, Action::Alter, format!("ALTER SEQUENCE {}{changes}", key.sql())));
    }
    if from.options.unlogged != to.options.unlogged {
        let what = if to.options.unlogged { "UNLOGGED" } else { "LOGGED" };
        out.push(Statement::new(key, Action::Alter, format!("ALTER SEQUENCE {} SET {what}", key.sql())));
    }
}

/// `OWNED BY`, in its place behind all that makes the column.
pub(super) fn owned_by(key: &ObjectKey, it: &Sequence) -> Statement {
    let owner = match &it.owned_by {
        Some((schema, table, column)) => {
            format!("{}.{}.{}", quote_ident(schema), quote_ident(table), quote_ident(column))
        }
        None => "NONE".to_owned(),
    };
    Statement::new(key, Action::Alter, format!("ALTER SEQUENCE {} OWNED BY {owner}", key.sql()))
}

/// The options that are not what a new sequence, or the one before, has.
pub(super) fn differing(to: &SequenceOptions, from: Option<&SequenceOptions>) -> String {
    let SequenceOptions { data_type, start, increment, min, max, cache, cycle, unlogged: _ } = to;
    let by_itself = by_itself(data_type, increment);
    let before = from.unwrap_or(&by_itself);
    let retyped = before.data_type != *data_type;
    let mut words = Vec::new();
    if retyped || (from.is_none() && data_type != "bigint") {
        words.push(format!("AS {data_type}"));
    }
    if before.increment != *increment || (from.is_none() && increment != "1") {
        words.push(format!("INCREMENT BY {increment}"));
    }
    // With a new type, bounds that were those of the old one change by themselves.
    if before.min != *min || retyped {
        words.push(format!("MINVALUE {min}"));
    }
    if before.max != *max || retyped {
        words.push(format!("MAXVALUE {max}"));
    }
    if before.start != *start {
        words.push(format!("START WITH {start}"));
    }
    if before.cache != *cache {
        words.push(format!("CACHE {cache}"));
    }
    if before.cycle != *cycle {
        words.push(if *cycle { "CYCLE" } else { "NO CYCLE" }.to_owned());
    }
    words.iter().flat_map(|it| [" ", it]).collect()
}

/// What a sequence of this type and direction has if nothing else is said.
fn by_itself(data_type: &str, increment: &str) -> SequenceOptions {
    let (lowest, highest) = match data_type {
        "smallint" => ("-32768", "32767"),
        "integer" => ("-2147483648", "2147483647"),
        _ => ("-9223372036854775808", "9223372036854775807"),
    };
    let (min, max) = if increment.starts_with('-') { (lowest, "-1") } else { ("1", highest) };
    let start = if increment.starts_with('-') { max } else { min };
    SequenceOptions {
        data_type: data_type.to_owned(),
        start: start.to_owned(),
        increment: increment.to_owned(),
        min: min.to_owned(),
        max: max.to_owned(),
        cache: "1".to_owned(),
        cycle: false,
        unlogged: false,
    }
}
