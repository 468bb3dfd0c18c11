//! How values of one type become values of another.

use palisade_catalog::{Definition, ObjectKind};

use super::Context;

/// How a change of type is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conversion {
    /// Stored values stay as they are.
    Free,
    /// Postgres casts them by itself.
    ByItself,
    /// `USING` with this cast, which can fail for values that do not fit.
    Using(String),
}

/// How values of a column named `column` (quoted) become values of `to`.
pub(super) fn conversion(context: &Context<'_>, column: &str, from: &str, to: &str) -> Conversion {
    if is_free(from, to) {
        return Conversion::Free;
    }
    let (old, new) = (context.base_type(from), context.base_type(to));
    if old == new || is_cast(context, &old, &new, &['i', 'a']) {
        return Conversion::ByItself;
    }
    let (element, of) = (old.strip_suffix("[]"), new.strip_suffix("[]"));
    match (element, of) {
        (Some(element), Some(of)) if element == of || is_cast(context, element, of, &['i', 'a']) => {
            return Conversion::ByItself;
        }
        (Some(element), Some(of)) if is_cast(context, element, of, &['e']) || is_text(element) => {
            return Conversion::Using(format!("{column}::{to}"));
        }
        _ => {}
    }
    // Everything has a text form, and that is assigned to texts without being asked.
    if is_text(&new) {
        return Conversion::ByItself;
    }
    if is_cast(context, &old, &new, &['e']) || is_text(&old) {
        return Conversion::Using(format!("{column}::{to}"));
    }
    Conversion::Using(format!("{column}::text::{to}"))
}

fn is_cast(context: &Context<'_>, from: &str, to: &str, contexts: &[char]) -> bool {
    let known = |casts: &std::collections::BTreeSet<(String, String, char)>| {
        contexts.iter().any(|it| casts.contains(&(from.to_owned(), to.to_owned(), *it)))
    };
    known(&context.server.casts) || known(&context.wanted.casts)
}

fn is_text(base: &str) -> bool {
    matches!(base, "text" | "character varying" | "character" | "name" | "\"char\"" | "bpchar")
}

/// Whether no stored value changes, so that the table is not written anew.
/// [Postgres says](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES) so of types that are
/// binary coercible, and of longer limits.
fn is_free(from: &str, to: &str) -> bool {
    let ((old, old_limit), (new, new_limit)) = (split(from), split(to));
    let grows = match (old_limit.as_slice(), new_limit.as_slice()) {
        (_, []) => true,
        ([old], [new]) => old <= new,
        ([old, old_scale], [new, new_scale]) => old <= new && old_scale == new_scale,
        _ => false,
    };
    match (old.as_str(), new.as_str()) {
        ("character varying" | "text", "text") | ("text", "character varying") => new_limit.is_empty(),
        ("cidr", "inet") => true,
        (
            "character varying"
            | "numeric"
            | "bit varying"
            | "timestamp without time zone"
            | "timestamp with time zone"
            | "time without time zone"
            | "time with time zone"
            | "interval",
            _,
        ) => old == new && grows,
        _ => old == new && old_limit == new_limit,
    }
}

/// A type without its limits, and they.
fn split(data_type: &str) -> (String, Vec<i64>) {
    let Some((before, rest)) = data_type.split_once('(') else { return (data_type.to_owned(), Vec::new()) };
    let (limits, behind) = rest.split_once(')').unwrap_or((rest, ""));
    let limits = limits.split(',').filter_map(|it| it.trim().parse().ok()).collect();
    (format!("{}{behind}", before.trim_end()), limits)
}

impl Context<'_> {
    /// A type without its limits; of a domain, that under it.
    fn base_type(&self, data_type: &str) -> String {
        let (mut base, _) = split(data_type);
        for number in self.items.kind(ObjectKind::Domain) {
            let item = &self.items.all[number];
            if item.key.sql() == base
                && let Some(Definition::Domain(domain)) = item.from.or(item.to).map(|it| &it.definition)
            {
                base = self.base_type(&domain.base);
                break;
            }
        }
        base
    }
}

#[cfg(test)]
mod tests {
    use super::{is_free, split};

    #[test]
    fn limits_stand_anywhere() {
        assert_eq!(split("timestamp(3) with time zone[]"), ("timestamp with time zone[]".to_owned(), vec![3]));
        assert_eq!(split("numeric(10,2)"), ("numeric".to_owned(), vec![10, 2]));
        assert_eq!(split("integer"), ("integer".to_owned(), vec![]));
    }

    #[test]
    fn longer_limits_are_free() {
        assert!(is_free("character varying(10)", "character varying(20)"));
        assert!(is_free("character varying(10)", "text"));
        assert!(is_free("numeric(10,2)", "numeric(12,2)"));
        assert!(!is_free("numeric(10,2)", "numeric(12,3)"));
        assert!(!is_free("character varying(20)", "character varying(10)"));
        assert!(!is_free("character(10)", "character(20)"));
        assert!(!is_free("integer", "bigint"));
        assert!(!is_free("text", "character varying(20)"));
    }
}
