//! SQL with places to fill in.

/// Puts values in the places of `template`, `$name` each. In one pass: a value that looks like a place stays as it is.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut sql = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        sql.push_str(before);
        // The longest name that fits: one may begin with another.
        let found = values.iter().filter(|(name, _)| from[1..].starts_with(name)).max_by_key(|(name, _)| name.len());
        let length = if let Some((name, value)) = found {
            sql.push_str(value);
            1 + name.len()
        } else {
            sql.push('$');
            1
        };
        rest = &from[length..];
    }
    sql.push_str(rest);
    sql
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn values_are_not_places() {
        assert_eq!(fill("$a $ab $$c", &[("a", "$ab"), ("ab", "$a$"), ("b", "x")]), "$ab $a$ $$c");
    }
}
