//! A whole row of a policy's own table, as the server writes it on the table itself.

use palisade_sql::{Statement, Token, TokenKind, split};

use super::names::{Relation, ident};

/// Takes out of a condition that a row of a stand-in is made one of the table: there it is one already, and the server writes no cast.
/// None if it would write something else.
pub(super) fn without_casts(text: &str, relation: &Relation) -> Option<String> {
    let statements = split(text).ok()?;
    let [statement] = statements.as_slice() else { return Some(text.to_owned()) };
    let mut found = text.to_owned();
    for number in (0..statement.tokens.len()).rev() {
        if !is_cast(statement, number, relation) {
            continue;
        }
        let token = |offset: usize| statement.tokens.get(number + offset);
        let (begin, row, row_end, end) = (token(0)?, token(1)?, token(3)?, token(9)?);
        // A column of it would be written without it.
        if token(10).is_some_and(|it| it.text == ")") && token(11).is_some_and(|it| it.text == ".") {
            return None;
        }
        found.replace_range(begin.start..end.end(), text.get(row.start..row_end.end())?);
    }
    Some(found)
}

/// `(t.*)::s.t`
fn is_cast(statement: &Statement<'_>, number: usize, relation: &Relation) -> bool {
    let token = |offset: usize| statement.tokens.get(number + offset);
    let symbols = [(0, '('), (2, '.'), (3, '*'), (4, ')'), (5, ':'), (6, ':'), (8, '.')];
    let names = [(1, &relation.name), (7, &relation.schema), (9, &relation.name)];
    let is_symbol = |it: Option<&Token<'_>>, symbol| it.is_some_and(|it| it.kind == TokenKind::Symbol(symbol));
    symbols.iter().all(|(offset, symbol)| is_symbol(token(*offset), *symbol))
        && names.iter().all(|(offset, name)| token(*offset).and_then(ident).as_ref() == Some(*name))
        && !is_symbol(token(10), '[')
}

#[cfg(test)]
mod tests {
    use super::{Relation, without_casts};

    #[test]
    fn a_row_of_the_table_is_not_cast_to_one() {
        let relation = Relation { schema: "public".to_owned(), name: "T t".to_owned(), kind: "r".to_owned() };
        for (from, to) in [
            ("f((\"T t\".*)::public.\"T t\", 1)", Some("f(\"T t\".*, 1)")),
            (
                "(((\"T t\".*)::public.\"T t\")::text = 'ü(\"T t\".*)::public.\"T t\"' AND f((\"T t\".*)::public.\"T t\"))",
                Some("((\"T t\".*)::text = 'ü(\"T t\".*)::public.\"T t\"' AND f(\"T t\".*))"),
            ),
            ("(u.*)::public.\"T t\"", Some("(u.*)::public.\"T t\"")),
            ("(\"T t\".*)::public.\"T t\"[]", Some("(\"T t\".*)::public.\"T t\"[]")),
            ("((\"T t\".*)::public.\"T t\").a", None),
        ] {
            assert_eq!(without_casts(from, &relation).as_deref(), to, "{from}");
        }
    }
}
