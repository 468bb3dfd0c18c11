//! Rows that nobody has written: one for each table, as far as its constraints let us.

use palisade_db::{Connection, DbError, Row, batch};
use palisade_sql::quote_literal;

/// Puts a row into each table that takes one of the values that we think of. Equal types get equal values, so that foreign
/// keys find what they refer to; triggers do not fire.
pub(super) async fn make(connection: &mut Connection) -> Result<(), DbError> {
    let columns = batch(connection, include_str!("columns.sql")).await.map_err(|it| it.error)?;
    let mut tables: Vec<(String, Vec<Column>)> = Vec::new();
    for row in &columns.rows {
        let text = |index: usize| row.try_get_unchecked::<Option<String>, _>(index);
        let table = text(0)?.unwrap_or_default();
        let column = Column {
            name: text(1)?.unwrap_or_default(),
            data_type: text(2)?.unwrap_or_default(),
            base: text(3)?.unwrap_or_default(),
            sort: text(4)?.unwrap_or_default(),
            label: text(5)?,
            not_null: text(6)?.as_deref() == Some("t"),
        };
        match tables.last_mut() {
            Some((name, columns)) if *name == table => columns.push(column),
            _ => tables.push((table, vec![column])),
        }
    }
    let blocks: Vec<String> = tables.iter().map(|(table, columns)| block(table, columns)).collect();
    let sql = format!("{}{}{}", QUIETLY, blocks.concat(), LOUDLY);
    batch(connection, &sql).await.map(drop).map_err(|it| it.error)
}

/// Neither triggers nor foreign keys; who may not say so has both.
const QUIETLY: &str = "do $rows$ begin perform set_config('session_replication_role', 'replica', false); \
                       exception when others then null; end $rows$;\n";
const LOUDLY: &str = "do $rows$ begin perform set_config('session_replication_role', 'origin', false); \
                      exception when others then null; end $rows$;\n";

#[derive(Debug)]
struct Column {
    name: String,
    /// As SQL says it.
    data_type: String,
    /// The name of the type behind a domain.
    base: String,
    /// `e`num, `b`ase, `c`omposite, `r`ange, `m`ultirange.
    sort: String,
    /// The first value of an enum.
    label: Option<String>,
    not_null: bool,
}

/// How many values there are of each type.
const VARIANTS: usize = 6;

/// Tries one row after the other until the table takes it: all columns filled first, then only those that must be.
fn block(table: &str, columns: &[Column]) -> String {
    let mut sql = "do $rows$ begin\n".to_owned();
    for only_needed in [false, true] {
        for variant in 0..VARIANTS {
            let filled: Vec<(&str, String)> = columns
                .iter()
                .filter(|it| it.not_null || !only_needed)
                .filter_map(|it| Some((it.name.as_str(), value(it, variant)?)))
                .collect();
            if filled.is_empty() && variant > 0 {
                continue;
            }
            let names: Vec<&str> = filled.iter().map(|(name, _)| *name).collect();
            let values: Vec<&str> = filled.iter().map(|(_, value)| value.as_str()).collect();
            let row = if filled.is_empty() {
                "default values".to_owned()
            } else {
                format!("({}) overriding system value values ({})", names.join(", "), values.join(", "))
            };
            sql.push_str("begin insert into ");
            sql.push_str(table);
            sql.push(' ');
            sql.push_str(&row);
            sql.push_str("; return; exception when others then null; end;\n");
        }
    }
    sql.push_str("end $rows$;\n");
    sql
}

/// A value of the column's type; none if we do not know one.
fn value(column: &Column, variant: usize) -> Option<String> {
    let Column { name: _, data_type, base, sort, label, not_null: _ } = column;
    let cast = |text: &str| Some(format!("{}::{data_type}", quote_literal(text)));
    if let Some(label) = label {
        return cast(label);
    }
    match sort.as_str() {
        "r" => return cast("empty"),
        "m" => return cast("{}"),
        "c" => return Some(format!("null::{data_type}")),
        _ => {}
    }
    if base.starts_with('_') {
        return cast("{}");
    }
    let of = |texts: [&str; VARIANTS]| cast(texts[variant]);
    match base.as_str() {
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "money" | "oid" => {
            of(["1", "0", "10", "100", "-1", "2026"])
        }
        "text" | "varchar" | "bpchar" | "citext" | "name" => {
            of(["abc", "a", "1", "a@example.com", "https://example.com/", "ABCDEF"])
        }
        "bool" => of(["true", "false", "true", "false", "true", "false"]),
        "uuid" => cast("00000000-0000-4000-8000-000000000001"),
        "timestamptz" | "timestamp" | "date" => {
            of(["2026-01-02", "2000-01-01", "2026-12-31", "1999-12-31", "2026-06-15", "2030-01-01"])
        }
        "time" | "timetz" => cast("12:00"),
        "interval" => cast("1 day"),
        "json" | "jsonb" => of(["{}", "[]", "{}", "1", "\"a\"", "true"]),
        "bytea" => cast("\\x00"),
        "inet" | "cidr" => cast("127.0.0.1"),
        "macaddr" => cast("08:00:2b:01:02:03"),
        "xml" => cast("<a/>"),
        "tsvector" | "tsquery" => cast("a"),
        "point" => cast("(0,0)"),
        "bit" | "varbit" => cast("1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, block, value};

    fn column(name: &str, base: &str, not_null: bool) -> Column {
        let (data_type, sort) = (base.to_owned(), "b".to_owned());
        Column { name: name.to_owned(), data_type, base: base.to_owned(), sort, label: None, not_null }
    }

    #[test]
    fn equal_types_have_equal_values() {
        let value = |base| value(&column("a", base, true), 0);
        assert_eq!(value("int4").as_deref(), Some("'1'::int4"));
        assert_eq!(value("_text").as_deref(), Some("'{}'::_text"));
        assert_eq!(value("no_such"), None);
    }

    #[test]
    fn the_fullest_row_is_tried_first() {
        let sql = block("public.t", &[column("a", "int4", true), column("b", "text", false)]);
        let first = sql.lines().nth(1).unwrap();
        assert_eq!(
            first,
            "begin insert into public.t (a, b) overriding system value values ('1'::int4, 'abc'::text); return; exception when \
             others then null; end;"
        );
        assert!(block("public.t", &[]).contains("insert into public.t default values"));
    }
}
