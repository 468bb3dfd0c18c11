//! Whether every persona still gets an answer: each command on each table, explained but not run, before the commit.

use std::fmt::Write as _;

use palisade_sql::{QualifiedName, quote_literal};

use crate::persona::{Persona, Personas, PutOnError};

/// One command that explains what every persona would do with every table. It fails with the error of the first that Postgres could
/// not even plan, such as [endless recursion of policies](https://www.postgresql.org/docs/current/ddl-rowsecurity.html), and names
/// persona, command and table. That a right is missing is an answer.
pub(crate) fn probe_sql(personas: &Personas, tables: &[QualifiedName]) -> Result<String, PutOnError> {
    if personas.all().is_empty() || tables.is_empty() {
        return Ok(String::new());
    }
    let mut body = String::from(
        "declare
  before_role constant text := pg_catalog.current_setting('role');
  before_claims constant text := pg_catalog.current_setting('request.jwt.claims', true);
  commands text[][];
  command text[];
  said text;
  hint text;
begin
",
    );
    for persona in personas.all() {
        write_persona(&mut body, persona, personas.are_invented(), tables)?;
    }
    body.push_str(
        "  perform pg_catalog.set_config('request.jwt.claims', coalesce(before_claims, ''), true);
end",
    );
    Ok(format!("do {};\n", quote_literal(&body)))
}

fn write_persona(
    sql: &mut String,
    persona: &Persona,
    invented: bool,
    tables: &[QualifiedName],
) -> Result<(), PutOnError> {
    let Persona { name, role, claims } = persona;
    // A role or claims that nobody can have are told before anything is sent.
    persona.put_on_sql()?;
    let (role, claims, name) = (quote_literal(role), quote_literal(&claims.to_string()), quote_literal(name));
    let list: Vec<String> = tables.iter().map(|it| quote_literal(&it.to_string())).collect();
    let condition = if invented {
        format!(
            "exists (select from pg_catalog.pg_roles r where r.rolname = {role} \
             and pg_catalog.pg_has_role(session_user, r.oid, 'member'))"
        )
    } else {
        "true".to_owned()
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        sql,
        "  if {condition} then
    -- Asked for as ourselves: the persona may not even see the schema.
    select pg_catalog.array_agg(array[c.verb, t.name, pg_catalog.format(c.form, t.name, a.attname)] order by t.number)
    into commands
    from pg_catalog.unnest(array[{}]) with ordinality t (name, number)
    left join lateral (
      select pg_catalog.quote_ident(attname) as attname from pg_catalog.pg_attribute
      where attrelid = t.name::pg_catalog.regclass and attnum > 0 and not attisdropped
      order by pg_catalog.has_column_privilege({role}, attrelid, attnum, 'UPDATE') desc, attnum limit 1
    ) a on true
    cross join (values
      ('select', 'select 1 from %1$s'), ('insert', 'insert into %1$s default values'),
      ('update', 'update %1$s set %2$s = default'), ('delete', 'delete from %1$s')
    ) c (verb, form)
    where a.attname is not null or c.verb <> 'update';
    begin
      perform pg_catalog.set_config('role', {role}, true);
    exception when others then
      get stacked diagnostics said = message_text;
      raise exception using errcode = sqlstate, message = pg_catalog.format('the persona %s cannot be put on: %s', {name}, said);
    end;
    perform pg_catalog.set_config('request.jwt.claims', {claims}, true);
    foreach command slice 1 in array coalesce(commands, array[]::text[]) loop
      begin
        execute 'explain ' || command[3];
      exception
        when insufficient_privilege then null;
        when others then
          get stacked diagnostics said = message_text, hint = pg_exception_hint;
          raise exception using errcode = sqlstate, hint = hint,
            message = pg_catalog.format('as %s, %s on %s: %s', {name}, command[1], command[2], said);
      end;
    end loop;
    perform pg_catalog.set_config('role', before_role, true);
  end if;",
        list.join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::probe_sql;
    use crate::persona::{Persona, Personas};
    use palisade_sql::{QualifiedName, split};
    use serde_json::json;

    #[test]
    fn nothing_that_a_name_holds_ends_the_block() {
        let tables = [QualifiedName::new("public", "a'b$$; drop").unwrap()];
        let sql = probe_sql(&Personas::usual(), &tables).unwrap();
        assert_eq!(split(&sql).unwrap().len(), 1, "{sql}");
        assert_eq!(probe_sql(&Personas::usual(), &[]).unwrap(), "");
        let persona = Persona { name: "x".to_owned(), role: String::new(), claims: json!({}) };
        assert!(persona.put_on_sql().is_err());
    }
}
