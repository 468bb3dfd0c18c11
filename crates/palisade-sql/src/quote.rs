//! Quoting as Postgres itself does it when it writes definitions: only where it is needed.
//!
//! Generated SQL stands beside text that the server wrote, and people read both. [`crate::Ident`] quotes always, which is right
//! for what nobody reads.

use std::borrow::Cow;

/// Key words that cannot stand unquoted as names, in any of the versions 15 to 18: those whose category in
/// [`pg_get_keywords`](https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CATALOG) is not `U`. Sorted.
const KEYWORDS: [&str; 164] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// A name as [`quote_ident`](https://www.postgresql.org/docs/current/functions-string.html) writes it: in double quotes only if
/// it is a key word, or has another character than small letters, digits and `_`.
pub fn quote_ident(name: &str) -> Cow<'_, str> {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|it| it.is_ascii_lowercase() || it == b'_');
    let plain = begins && bytes.all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_');
    if plain && KEYWORDS.binary_search(&name).is_err() {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }
}

/// A text as a complete literal, as [`crate::Literal`] prints it. The catalog holds no NUL, the one character that has no form;
/// where one comes from elsewhere it is left out.
pub fn quote_literal(value: &str) -> String {
    let doubled = value.replace('\0', "").replace('\'', "''");
    if doubled.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, quote_ident, quote_literal};

    #[test]
    fn only_what_needs_it_is_quoted() {
        let check = |name: &str, quoted: &str| assert_eq!(quote_ident(name), quoted);
        check("posts", "posts");
        check("_1", "_1");
        check("1a", "\"1a\"");
        check("Posts", "\"Posts\"");
        check("user", "\"user\"");
        check("a\"b", "\"a\"\"b\"");
        check("ä", "\"ä\"");
        assert!(KEYWORDS.is_sorted(), "or the search would miss some");
    }

    #[test]
    fn literals_mean_the_same_everywhere() {
        assert_eq!(quote_literal("o'clock"), "'o''clock'");
        assert_eq!(quote_literal(r"a\b"), r"E'a\\b'");
    }
}
