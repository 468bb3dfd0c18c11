//! `rls/personas.toml`.
//!
//! ```toml
//! [alice]
//! role = "authenticated"
//! claims = { sub = "$uuid", email = "alice@example.com", friends = ["$uuid(bob)"] }
//! ```

use camino::Utf8Path;
use palisade_sql::{Ident, excerpt};
use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Persona, PersonaError, PersonaProblem, nothing, uuid};

/// Something wrong, and the byte where it stands.
type Wrong = (usize, PersonaProblem);

pub(super) fn parse(path: &Utf8Path, text: &str) -> Result<Vec<Persona>, PersonaError> {
    let content = |(at, problem): Wrong| PersonaError::Content {
        path: path.to_owned(),
        excerpt: excerpt(text, at.min(text.len())),
        problem,
    };
    let syntax = |error: toml::de::Error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        content((error.span().map_or(0, |it| it.start), PersonaProblem::Syntax(message)))
    };
    let table = DeTable::parse(text).map_err(syntax)?.into_inner();
    let names: Vec<String> = table.keys().map(|it| it.get_ref().to_string()).collect();
    let persona = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| persona(name, value, &names);
    let mut personas: Vec<Persona> = table.iter().map(persona).collect::<Result<_, _>>().map_err(content)?;
    personas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(personas)
}

fn persona(name: &Spanned<impl AsRef<str>>, value: &Spanned<DeValue<'_>>, names: &[String]) -> Result<Persona, Wrong> {
    let (at, name) = (name.span().start, name.get_ref().as_ref());
    let DeValue::Table(fields) = value.get_ref() else {
        return Err((at, PersonaProblem::NoTable(name.to_owned())));
    };
    let (mut role, mut claims) = (None, nothing());
    for (field, value) in fields {
        let at = value.span().start;
        match field.get_ref().as_ref() {
            "role" => {
                let DeValue::String(text) = value.get_ref() else {
                    return Err((at, PersonaProblem::Type { field: "role", expected: "a text" }));
                };
                Ident::new(text.as_ref()).map_err(|it| (at, PersonaProblem::Role(it)))?;
                role = Some(text.to_string());
            }
            "claims" => {
                let DeValue::Table(_) = value.get_ref() else {
                    return Err((at, PersonaProblem::Type { field: "claims", expected: "a table" }));
                };
                claims = Claims { name, names }.json(value)?;
            }
            other => return Err((field.span().start, PersonaProblem::UnknownField(other.to_owned()))),
        }
    }
    let role = role.ok_or_else(|| (at, PersonaProblem::NoRole(name.to_owned())))?;
    Ok(Persona { name: name.to_owned(), role, claims })
}

/// The claims of one persona.
#[derive(Clone, Copy)]
struct Claims<'a> {
    name: &'a str,
    names: &'a [String],
}

impl Claims<'_> {
    fn json(self, value: &Spanned<DeValue<'_>>) -> Result<Value, Wrong> {
        let at = value.span().start;
        Ok(match value.get_ref() {
            DeValue::String(text) => self.with_uuids(text).map_err(|it| (at, it))?.into(),
            DeValue::Boolean(it) => (*it).into(),
            DeValue::Integer(it) => {
                let number = i64::from_str_radix(it.as_str(), it.radix());
                number.map_err(|_| (at, PersonaProblem::Claim("a number of more than 64 bits")))?.into()
            }
            DeValue::Float(it) => {
                let number = it.as_str().parse().ok().and_then(Number::from_f64);
                number.ok_or((at, PersonaProblem::Claim("infinite, or no number")))?.into()
            }
            DeValue::Datetime(_) => {
                return Err((at, PersonaProblem::Claim("a date: write a text, or seconds since 1970")));
            }
            DeValue::Array(items) => items.iter().map(|it| self.json(it)).collect::<Result<Vec<_>, _>>()?.into(),
            DeValue::Table(members) => {
                let member = |(name, value): (&Spanned<_>, _)| {
                    Ok((AsRef::<str>::as_ref(name.get_ref()).to_owned(), self.json(value)?))
                };
                Value::Object(members.iter().map(member).collect::<Result<Map<_, _>, Wrong>>()?)
            }
        })
    }

    fn with_uuids(self, text: &str) -> Result<String, PersonaProblem> {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("$uuid") {
            done.push_str(before);
            let named = behind.strip_prefix('(').and_then(|it| it.split_once(')'));
            let (name, behind) = named.unwrap_or((self.name, behind));
            if !self.names.iter().any(|it| it == name) {
                return Err(PersonaProblem::UnknownPersona(name.to_owned()));
            }
            done.push_str(&uuid(name));
            rest = behind;
        }
        done.push_str(rest);
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::persona::uuid;
    use serde_json::json;

    fn error(text: &str) -> String {
        parse("rls/personas.toml".into(), text).unwrap_err().to_string()
    }

    #[test]
    fn claims_are_what_the_file_says() {
        let text = r#"
            [bob]
            role = "authenticated"
            [bob.claims]
            sub = "$uuid"
            is_anonymous = false
            level = 0x10
            ratio = 1.5
            app_metadata = { friends = ["$uuid(alice b)", "x-$uuid-$uuid"] }
            ["alice b"]
            role = "anon"
        "#;
        let personas = parse("p".into(), text).unwrap();
        let (alice, bob) = (uuid("alice b"), uuid("bob"));
        assert_eq!((personas[0].name.as_str(), &personas[0].claims), ("alice b", &json!({})));
        assert_eq!(
            personas[1].claims,
            json!({ "sub": bob, "is_anonymous": false, "level": 16, "ratio": 1.5,
                    "app_metadata": { "friends": [alice, format!("x-{bob}-{bob}")] } })
        );
    }

    #[test]
    fn what_no_persona_has_is_shown_where_it_stands() {
        insta::assert_snapshot!(error("[a]\nrole = \"anon\"\nclaim = {}\n"), @r"
        rls/personas.toml:3:1: a persona has no `claim`
        3 | claim = {}
          | ^
        ");
        insta::assert_snapshot!(error("[a]\nclaims = {}\n"), @r"
        rls/personas.toml:1:2: the persona `a` has no `role`
        1 | [a]
          |  ^
        ");
        insta::assert_snapshot!(error("[a]\nrole = \"anon\"\nclaims = { sub = \"$uuid(b)\" }"), @r#"
        rls/personas.toml:3:18: there is no persona `b`
        3 | claims = { sub = "$uuid(b)" }
          |                  ^
        "#);
    }

    #[test]
    fn wrong_types_are_told() {
        let first = |text: &str| error(text).lines().next().unwrap_or_default().to_owned();
        assert_eq!(first("role = 'x'"), "rls/personas.toml:1:1: `role` is no persona: a persona is a table");
        assert_eq!(first("[a]\nrole = 1"), "rls/personas.toml:2:8: `role` is to be a text");
        assert_eq!(
            first("[a]\nrole = ''"),
            "rls/personas.toml:2:8: it cannot be a role: an identifier cannot be empty"
        );
        assert_eq!(first("[a]\nrole = 'x'\nclaims = 1"), "rls/personas.toml:3:10: `claims` is to be a table");
        assert_eq!(
            first("[a]\nrole = 'x'\nclaims = { exp = 2026-01-01 }"),
            "rls/personas.toml:3:18: a claim cannot be a date: write a text, or seconds since 1970"
        );
        assert!(first("[a\n").starts_with("rls/personas.toml:1:3: "));
    }
}
