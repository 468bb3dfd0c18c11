//! Texts of test files: `$uuid`, names, values.

use palisade_sql::{Ident, QualifiedName, split};
use toml::Spanned;
use toml::de::DeValue;

use super::error::similar;
use super::{TestProblem, literal};
use crate::persona::{Personas, uuid};

/// Something wrong, and the byte where it stands.
pub(super) type Wrong = (usize, TestProblem);

/// Whom texts of one test speak of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaker<'a> {
    pub(super) personas: &'a Personas,
    /// Who `$uuid` without a name is.
    pub(super) persona: &'a str,
}

impl Speaker<'_> {
    /// Puts in who somebody is: the `sub` of their claims, else the UUID of their name.
    pub(super) fn text(self, text: &str) -> Result<String, TestProblem> {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("$uuid") {
            done.push_str(before);
            let named = behind.strip_prefix('(').and_then(|it| it.split_once(')'));
            let (name, behind) = named.unwrap_or((self.persona, behind));
            let persona = self.personas.get(name).ok_or_else(|| unknown_persona(self.personas, name))?;
            done.push_str(&persona.sub().map_or_else(|| uuid(name), str::to_owned));
            rest = behind;
        }
        done.push_str(rest);
        Ok(done)
    }

    /// A value as SQL.
    pub(super) fn value(self, column: &str, value: &Spanned<DeValue<'_>>) -> Result<String, Wrong> {
        let at = value.span().start;
        let fail = |expected| (at, TestProblem::Type { field: column.to_owned(), expected });
        match value.get_ref() {
            DeValue::String(text) => {
                let text = self.text(text).map_err(|it| (at, it))?;
                literal(&text).map_err(|it| (at, it.into()))
            }
            DeValue::Boolean(it) => Ok(it.to_string()),
            DeValue::Integer(it) if it.radix() == 10 => Ok(it.as_str().to_owned()),
            DeValue::Float(it) => literal(it.as_str()).map_err(|it| (at, it.into())),
            DeValue::Datetime(it) => literal(&it.to_string()).map_err(|it| (at, it.into())),
            DeValue::Table(fields) => match fields.iter().next() {
                Some((name, value)) if fields.len() == 1 && name.get_ref() == "sql" => match value.get_ref() {
                    DeValue::String(sql) => Ok(format!("({})", self.text(sql).map_err(|it| (at, it))?)),
                    _ => Err(fail("SQL in a text: `{ sql = \"now()\" }`")),
                },
                _ => Err(fail("a value; for anything else write `{ sql = \"…\" }`")),
            },
            DeValue::Integer(_) | DeValue::Array(_) => Err(fail("a value; for anything else write `{ sql = \"…\" }`")),
        }
    }
}

pub(super) fn unknown_persona(personas: &Personas, name: &str) -> TestProblem {
    let names: Vec<&str> = personas.all().iter().map(|it| it.name.as_str()).collect();
    TestProblem::UnknownPersona { name: name.to_owned(), similar: similar(name, names) }
}

/// The name of a table as SQL reads it; without a schema it is in `public`.
pub(super) fn table(text: &str) -> Result<QualifiedName, TestProblem> {
    let wrong = || TestProblem::Type { field: "on".to_owned(), expected: "the name of a table: `schema.table`" };
    let statements = split(text).map_err(|_| wrong())?;
    let [statement] = statements.as_slice() else { return Err(wrong()) };
    let (name, behind) = statement.name_at(0).ok_or_else(wrong)?;
    if behind != statement.tokens.len() {
        return Err(wrong());
    }
    match name.parts.as_slice() {
        [name] => Ok(QualifiedName { schema: Ident::new("public")?, name: Ident::new(name)? }),
        [schema, name] => Ok(QualifiedName { schema: Ident::new(schema)?, name: Ident::new(name)? }),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Speaker, table};
    use crate::persona::{Personas, uuid};

    #[test]
    fn somebody_is_the_sub_of_their_claims() {
        let text = "[ada]\nrole='authenticated'\nclaims={sub='a1'}\n[eve]\nrole='anon'\n";
        let personas = Personas::parse("p.toml".into(), text).unwrap();
        let speaker = Speaker { personas: &personas, persona: "ada" };
        assert_eq!(speaker.text("x $uuid $uuid(eve)").unwrap(), format!("x a1 {}", uuid("eve")));
        let error = speaker.text("$uuid(ad)").unwrap_err();
        assert_eq!(error.to_string(), "there is no persona `ad`; did you mean `ada`?");
    }

    #[test]
    fn tables_are_named_as_in_sql() {
        assert_eq!(table("Posts").unwrap().to_string(), r#""public"."posts""#);
        assert_eq!(table(r#"a."B.c""#).unwrap().to_string(), r#""a"."B.c""#);
        assert!(table("a.b.c").is_err() && table("a b").is_err() && table("").is_err());
    }
}
