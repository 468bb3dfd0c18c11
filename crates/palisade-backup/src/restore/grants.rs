//! Which roles the statements name that `pg_dump` writes for rights and policies.

use palisade_sql::{Statement, Token, TokenKind};

/// The roles behind `TO`, `FROM`, `FOR ROLE` and `SESSION AUTHORIZATION`, as the catalog has their names. What stands in
/// parentheses are columns, arguments and conditions: there is no role that rights depend on.
pub(super) fn roles(statement: &Statement<'_>) -> Vec<String> {
    let mut roles = Vec::new();
    let mut depth = 0_usize;
    let (mut expected, mut listed) = (false, false);
    for (index, token) in statement.tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if expected && token.is("group") => continue,
            _ if expected => {
                roles.extend(name(token).filter(|_| !token.is("public")));
                (expected, listed) = (false, true);
                continue;
            }
            TokenKind::Symbol(',') if listed => expected = true,
            _ => {
                let follows = |word: &str| index > 0 && statement.tokens.get(index - 1).is_some_and(|it| it.is(word));
                expected = token.is("to")
                    || token.is("from")
                    || (token.is("role") && follows("for"))
                    || (token.is("authorization") && follows("session"));
            }
        }
        listed = false;
    }
    roles
}

/// A name as the catalog has it.
pub(super) fn name(token: &Token<'_>) -> Option<String> {
    match token.kind {
        TokenKind::Word => Some(token.text.to_ascii_lowercase()),
        TokenKind::QuotedIdent => {
            let inner = token.text.strip_prefix('"').and_then(|it| it.strip_suffix('"'))?;
            Some(inner.replace("\"\"", "\""))
        }
        TokenKind::String | TokenKind::Number | TokenKind::Symbol(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::roles;

    fn check(sql: &str, expected: &[&str]) {
        let found: Vec<String> = palisade_sql::split(sql).unwrap().iter().flat_map(roles).collect();
        assert_eq!(found, expected, "{sql}");
    }

    #[test]
    fn roles_are_found_where_they_stand_and_nowhere_else() {
        check("GRANT SELECT(\"to\",b),UPDATE ON TABLE public.\"from x\" TO \"A \"\"b\" WITH GRANT OPTION;", &["A \"b"]);
        check("REVOKE ALL ON FUNCTION f(a text, b text) FROM PUBLIC;\nGRANT ALL ON FUNCTION f(a text) TO x;", &["x"]);
        check("GRANT ALL ON SCHEMA a TO one, two,three", &["one", "two", "three"]);
        check(
            "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES  TO anon",
            &["postgres", "anon"],
        );
        check("SET SESSION AUTHORIZATION a; GRANT b TO c; RESET SESSION AUTHORIZATION;", &["a", "c"]);
        check(
            "CREATE POLICY \"x to y\" ON public.t AS RESTRICTIVE FOR SELECT TO a, b USING ((s = 'to z'::text)) WITH CHECK (f(to_x))",
            &["a", "b"],
        );
        check("CREATE POLICY p ON public.t USING (true)", &[]);
    }
}
