//! The forms that values have. No value is ever part of an error: what stands in the wrong place may be a secret.

use std::time::Duration;

use camino::Utf8PathBuf;
use figment::value::{Dict, Value};

use crate::layer::Given;
use crate::{BackupEngine, GrantRegime, SUPABASE_SCHEMAS, SecretSource, SslMode};

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Switch,
    Time,
    TimeOrZero,
    Count,
    /// A whole number, within bounds.
    Between {
        least: u32,
        most: u32,
        expected: &'static str,
    },
    /// Hours, days, weeks; in whole seconds.
    Period,
    /// How rows of a backup are read.
    Engine,
    Text,
    Path,
    Store,
    Names,
    Schemas,
    OneOrMore,
    SslMode,
    Grants,
    Table,
    /// How bad each kind of finding is.
    Levels,
    /// Findings that are known and meant.
    Allowed,
    /// Where a secret is. Read by [`source`], as it does not pass through figment.
    Secret,
}

/// Of the schemas that Supabase owns, those whose names others use as well, where there is no Supabase.
const USED_BY_OTHERS: [&str; 2] = ["dbdev", "etl"];

impl Form {
    /// What a value must be, to follow "is not".
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Switch => "`true` or `false`",
            Self::Time => "a time such as `5s` or `1m 30s`, from a millisecond to 24 days",
            Self::TimeOrZero => "a time such as `30s`, of at most 24 days, or `0` for no limit",
            Self::Count => "a whole number from 0",
            Self::Between { expected, .. } => expected,
            Self::Period => "a time such as `12h` or `7d`, or `0`",
            Self::Engine => "one of `fitting`, `single`, `parallel`",
            Self::Text => "a text",
            Self::Path => "the path of a file",
            Self::Store => "a directory, or `s3://bucket/prefix` without credentials",
            Self::Names => "a list of names",
            Self::Schemas => "a list of schemas of your own, without those of Postgres, Supabase and Palisade",
            Self::OneOrMore => "a host or a list of hosts",
            Self::SslMode => "one of `disable`, `prefer`, `require`, `verify-ca`, `verify-full`",
            Self::Grants => "`before-2026-10-30` or `after-2026-10-30`",
            Self::Table => "`schema.table`, in a schema that is neither `public` nor Supabase's, and not `attempts`",
            Self::Levels => "a table of ids, each with `off`, `info`, `warning` or `error`",
            Self::Allowed => "a list of `{ id = \"…\", object = \"schema.name\", reason = \"…\" }`, each with a reason",
            Self::Secret => {
                "the place of a secret: `{ env = \"…\" }`, `{ file = \"…\" }` or `{ command = [\"…\", \"…\"] }`"
            }
        }
    }

    /// A value as TOML, for people who look for the right form.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Switch => "true",
            Self::Time => r#""5s""#,
            Self::TimeOrZero => r#""30s""#,
            Self::Count => "7",
            Self::Between { .. } => "2",
            Self::Period => r#""7d""#,
            Self::Engine => r#""fitting""#,
            Self::Text => r#""postgres""#,
            Self::Path => r#""config/ca.pem""#,
            Self::Store => r#""backups""#,
            Self::Names => r#"["anon", "authenticated"]"#,
            Self::Schemas => r#"["public", "billing"]"#,
            Self::OneOrMore => r#"["db.example.com", "pooler.example.com"]"#,
            Self::SslMode => r#""verify-full""#,
            Self::Grants => r#""after-2026-10-30""#,
            Self::Table => r#""palisade.migrations""#,
            Self::Levels => r#"{ insert_without_select = "off" }"#,
            Self::Allowed => {
                r#"[{ id = "rls_disabled_exposed", object = "public.countries", reason = "public facts" }]"#
            }
            Self::Secret => r#"{ env = "PROD_DATABASE_URL" }"#,
        }
    }

    /// `given` as figment gets it, `None` if it has another form.
    pub(super) fn read(self, given: &Given<'_>) -> Option<Value> {
        match self {
            Self::Switch => given.switch().map(Value::from),
            Self::Time => milliseconds(given.text()?).filter(|it| *it > 0).map(Value::from),
            Self::TimeOrZero => milliseconds(given.text()?).map(Value::from),
            Self::Count => given.count().map(Value::from),
            Self::Between { least, most, .. } => {
                given.count().filter(|it| (least..=most).contains(it)).map(Value::from)
            }
            Self::Period => seconds(given.text()?).map(Value::from),
            Self::Engine => given.text().and_then(BackupEngine::parse).map(|it| Value::from(it.as_str())),
            Self::Text => text(given).map(Value::from),
            Self::Path => text(given).filter(|it| !it.contains("://")).map(Value::from),
            Self::Store => text(given).filter(|it| is_store(it)).map(Value::from),
            Self::Names => names(given, false).map(Value::from),
            Self::Schemas => names(given, false).filter(|all| all.iter().all(|it| is_own_schema(it))).map(Value::from),
            Self::OneOrMore => names(given, true).map(Value::from),
            Self::SslMode => given.text()?.parse::<SslMode>().ok().map(|it| Value::from(it.as_str())),
            Self::Grants => [GrantRegime::Before, GrantRegime::After]
                .into_iter()
                .find(|it| given.text() == Some(it.as_str()))
                .map(|it| Value::from(it.as_str())),
            Self::Table => text(given).filter(|it| is_history_table(it)).map(Value::from),
            Self::Levels => levels(given),
            Self::Allowed => allowed(given),
            Self::Secret => None,
        }
    }
}

fn levels(given: &Given<'_>) -> Option<Value> {
    let Given::Table(entries) = given else { return None };
    let level =
        |it: &Given<'_>| it.text().filter(|it| ["off", "info", "warning", "error"].contains(it)).map(Value::from);
    let read = entries.iter().map(|(id, value)| Some(((*id).to_owned(), level(value)?)));
    read.collect::<Option<Dict>>().map(Value::from)
}

fn allowed(given: &Given<'_>) -> Option<Value> {
    let Given::List(list) = given else { return None };
    let entry = |it: &Given<'_>| {
        let Given::Table(entries) = it else { return None };
        let value = |key: &str| entries.iter().find(|(it, _)| *it == key).and_then(|(_, it)| text(it));
        let keys = ["id", "object", "reason"];
        let all: Dict =
            keys.iter().map(|it| Some(((*it).to_owned(), Value::from(value(it)?)))).collect::<Option<_>>()?;
        (entries.len() == keys.len()).then(|| Value::from(all))
    };
    list.iter().map(entry).collect::<Option<Vec<Value>>>().map(Value::from)
}

/// `given` as the place of a secret: a table with exactly one of `env`, `file` and `command`.
pub(crate) fn source(given: &Given<'_>) -> Option<SecretSource> {
    let Given::Table(entries) = given else { return None };
    let [(kind, value)] = entries.as_slice() else { return None };
    match *kind {
        "env" => {
            let name = value.text()?;
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            is_name.then(|| SecretSource::Env { name: name.to_owned() })
        }
        "file" => text(value).map(|path| SecretSource::File { path: Utf8PathBuf::from(path) }),
        "command" => {
            let Given::List(arguments) = value else { return None };
            let argv: Option<Vec<String>> = arguments.iter().map(|it| it.text().map(str::to_owned)).collect();
            argv.filter(|it| it.first().is_some_and(|program| !program.trim().is_empty()))
                .map(|argv| SecretSource::Command { argv })
        }
        _ => None,
    }
}

fn text<'g>(given: &Given<'g>) -> Option<&'g str> {
    given.text().filter(|it| !it.trim().is_empty() && !it.contains('\0'))
}

/// Whole milliseconds, the unit of Postgres's timeouts, which are 32-bit.
fn milliseconds(text: &str) -> Option<u64> {
    let time = if text.trim() == "0" { Duration::ZERO } else { humantime::parse_duration(text.trim()).ok()? };
    let milliseconds = u64::try_from(time.as_millis()).ok()?;
    // Rounding a tiny limit down to zero would mean "no limit".
    let vanishes = milliseconds == 0 && !time.is_zero();
    (!vanishes && milliseconds <= u64::from(i32::MAX.unsigned_abs())).then_some(milliseconds)
}

/// Whole seconds.
fn seconds(text: &str) -> Option<u64> {
    if text.trim() == "0" { Some(0) } else { Some(humantime::parse_duration(text.trim()).ok()?.as_secs()) }
}

fn names(given: &Given<'_>, one_is_enough: bool) -> Option<Vec<String>> {
    let names: Vec<&str> = match given {
        Given::List(list) => list.iter().map(Given::text).collect::<Option<_>>()?,
        Given::Variable(text) => text.split(',').map(str::trim).collect(),
        Given::Text(text) if one_is_enough => vec![text],
        Given::Text(_) | Given::Switch(_) | Given::Whole(_) | Given::Table(_) | Given::Other => return None,
    };
    let is_good = |it: &&str| !it.trim().is_empty() && !it.contains('\0');
    let all_good = !names.is_empty() && names.iter().all(is_good);
    all_good.then(|| names.into_iter().map(str::to_owned).collect())
}

fn is_own_schema(name: &str) -> bool {
    let is_theirs = SUPABASE_SCHEMAS.contains(&name) && !USED_BY_OTHERS.contains(&name);
    !is_theirs && !name.starts_with("pg_") && name != "information_schema" && name != "palisade"
}

fn is_history_table(text: &str) -> bool {
    let is_name = |it: &str| !it.is_empty() && it.len() <= 63 && !it.contains(['.', '"']) && it.trim() == it;
    text.split_once('.').is_some_and(|(schema, table)| {
        let is_free = schema == "palisade" || is_own_schema(schema);
        // The log of attempts stands beside it under this name.
        is_name(schema) && is_name(table) && schema != "public" && is_free && table != "attempts"
    })
}

fn is_store(text: &str) -> bool {
    match text.split_once("://") {
        Some((scheme, rest)) => scheme == "s3" && !rest.is_empty() && !rest.contains('@'),
        None => true,
    }
}
