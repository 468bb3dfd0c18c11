//! What a `DROP … IF EXISTS` is about: made before it if it is not there, so that the server can say its name.

use palisade_sql::{Statement, TokenKind, quote_literal};

/// Commands to run before `statement`; none if it drops nothing.
pub(super) fn stubs(statement: &Statement<'_>) -> Vec<String> {
    if statement.begins_with(&["drop", "policy", "if", "exists"]) {
        return policy(statement).into_iter().collect();
    }
    if statement.begins_with(&["drop", "function", "if", "exists"]) {
        return functions(statement);
    }
    Vec::new()
}

fn policy(statement: &Statement<'_>) -> Option<String> {
    let (_, on) = statement.name_at(4)?;
    let (_, end) = statement.name_at(on + 1)?;
    let create = format!("create policy {} on {}", text(statement, 4, on)?, text(statement, on + 1, end)?);
    Some(made(
        &create,
        "select 'policy', pg_catalog.json_build_array(n.nspname, c.relname, p.polname)::text
         from pg_catalog.pg_policy p
         join pg_catalog.pg_class c on c.oid = p.polrelid
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where p.xmin = mark",
    ))
}

fn functions(statement: &Statement<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let (mut begin, mut depth) = (4, 0_usize);
    for index in 4..=statement.tokens.len() {
        let token = statement.tokens.get(index);
        let is_end = token.is_none_or(|it| it.is("restrict") || it.kind == TokenKind::Symbol(','));
        match token.map(|it| it.kind) {
            Some(TokenKind::Symbol('(')) => depth += 1,
            Some(TokenKind::Symbol(')')) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && is_end && begin < index {
            let has_arguments = statement.tokens[begin..index].iter().any(|it| it.kind == TokenKind::Symbol('('));
            if let Some(name) = text(statement, begin, index) {
                let arguments = if has_arguments { "" } else { "()" };
                found.push(function(&format!("{name}{arguments}")));
            }
            begin = index + 1;
        }
    }
    found
}

fn function(signature: &str) -> String {
    made(
        &format!("create function {signature} returns void language plpgsql as 'begin end'"),
        "select 'function', pg_catalog.json_build_array(n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes))::text
         from pg_catalog.pg_proc p
         join pg_catalog.pg_namespace n on n.oid = p.pronamespace
         where p.xmin = mark",
    )
}

/// SQL that names things with their schemas, whatever `search_path` the file has set, which it keeps.
pub(super) fn whole_names(sql: &str) -> String {
    format!(
        "do $palisade$ begin
           perform pg_catalog.set_config('palisade.path', pg_catalog.current_setting('search_path'), true),
             pg_catalog.set_config('search_path', '', true);
         end $palisade$;
         {sql}
         do $palisade$ begin
           perform pg_catalog.set_config('search_path', pg_catalog.current_setting('palisade.path'), true);
         end $palisade$;\n"
    )
}

/// Where it is there already, or cannot be, dropping it tells more. What is noted is what was written in the subtransaction that makes
/// it: that has a number of its own, which the first row that it writes tells.
fn made(create: &str, newest: &str) -> String {
    let body = format!(
        "declare
           mark xid;
           path constant text := pg_catalog.current_setting('search_path');
         begin
           begin
             insert into pg_temp.palisade_stub values ('mark', '');
             select m.xmin into mark from pg_temp.palisade_stub m where m.kind = 'mark';
             delete from pg_temp.palisade_stub where kind = 'mark';
             execute {};
             perform pg_catalog.set_config('search_path', '', true);
             insert into pg_temp.palisade_stub {newest};
           exception when others then null;
           end;
           perform pg_catalog.set_config('search_path', path, true);
         end",
        quote_literal(create)
    );
    format!("do {};\n", quote_literal(&body))
}

/// The text of some tokens.
fn text<'a>(statement: &Statement<'a>, begin: usize, end: usize) -> Option<&'a str> {
    let (first, last) = (statement.tokens.get(begin)?, statement.tokens.get(end.checked_sub(1)?)?);
    statement.text.get(first.start - statement.start..last.end() - statement.start)
}

#[cfg(test)]
mod tests {
    use super::stubs;
    use palisade_sql::split;

    fn made(sql: &str) -> Vec<String> {
        let statements = split(sql).unwrap();
        let stubs = statements.iter().flat_map(stubs);
        let command = |it: String| it.split("execute ").nth(1).unwrap().split(";\n").next().unwrap().to_owned();
        // A literal inside of a literal.
        stubs.map(|it| command(it.replace("''", "'"))).collect()
    }

    #[test]
    fn what_is_dropped_is_made() {
        assert_eq!(
            made("select 1; drop policy if exists \"a.b\" on x.\"t t\" cascade"),
            ["'create policy \"a.b\" on x.\"t t\"'"]
        );
        assert_eq!(
            made("drop function if exists f, x.g(a numeric(4, 2), text) restrict"),
            [
                "'create function f() returns void language plpgsql as ''begin end'''",
                "'create function x.g(a numeric(4, 2), text) returns void language plpgsql as ''begin end'''"
            ]
        );
        assert_eq!(made("drop policy p on t; create policy p on t"), [""; 0]);
    }
}
