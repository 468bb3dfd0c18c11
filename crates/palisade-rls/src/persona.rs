//! Whom the database is asked as: roles with the claims that a signed-in user brings, from `rls/personas.toml`.

mod error;
mod file;

use std::fs;
use std::io;

use camino::Utf8Path;
use palisade_sql::{Ident, IdentError, Literal, LiteralError};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub use error::{PersonaError, PersonaProblem};

/// Somebody who asks: a role, and the claims of the token that a request of theirs carries.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Persona {
    /// The name in messages and tests.
    pub name: String,
    /// The role that statements run as.
    pub role: String,
    /// An object; `$uuid` in its strings has been replaced. Empty where nobody is signed in.
    pub claims: Value,
}

/// All personas of a project, in the order of their names.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct Personas {
    all: Vec<Persona>,
    /// Whether nobody wrote them down: a database need not have their roles then.
    #[serde(skip)]
    invented: bool,
}

/// Why a persona cannot be put on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PutOnError {
    /// Its role cannot be one.
    #[error("{0}")]
    Role(#[from] IdentError),
    /// Its claims cannot be sent.
    #[error("{0}")]
    Claims(#[from] LiteralError),
}

impl Personas {
    /// Reads the file. Without one there are the two whom every project of Supabase knows.
    ///
    /// # Errors
    ///
    /// [`PersonaError`] with the place: the file cannot be read, or says something that no persona has.
    pub fn read(file: &Utf8Path) -> Result<Self, PersonaError> {
        let label = || Utf8Path::new("rls").join(file.file_name().unwrap_or("personas.toml"));
        match fs::read_to_string(file) {
            Ok(text) => Self::parse(&label(), &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::usual()),
            Err(source) => Err(PersonaError::Read { path: label(), source }),
        }
    }

    /// Reads the text of a file; `path` is its name in messages.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn parse(path: &Utf8Path, text: &str) -> Result<Self, PersonaError> {
        Ok(Self { all: file::parse(path, text)?, invented: false })
    }

    /// `anon`, who is not signed in, and `authenticated`, an invented user.
    pub fn usual() -> Self {
        let claims = |role: &str| json!({ "role": role });
        let mut signed_in = claims("authenticated");
        signed_in["sub"] = uuid("authenticated").into();
        let persona = |role: &str, claims| Persona { name: role.to_owned(), role: role.to_owned(), claims };
        let all = vec![persona("anon", claims("anon")), persona("authenticated", signed_in)];
        Self { all, invented: true }
    }

    /// All of them.
    pub fn all(&self) -> &[Persona] {
        &self.all
    }

    /// Whether nobody wrote them down: a database need not have their roles then.
    pub fn are_invented(&self) -> bool {
        self.invented
    }

    /// The one with this name.
    pub fn get(&self, name: &str) -> Option<&Persona> {
        self.all.iter().find(|it| it.name == name)
    }
}

impl Persona {
    /// SQL that makes the statements behind it run as this persona, until the transaction that is open ends.
    ///
    /// # Errors
    ///
    /// [`PutOnError`] for a persona that no file can hold.
    pub fn put_on_sql(&self) -> Result<String, PutOnError> {
        let Self { name: _, role, claims } = self;
        let (role, claims) = (Ident::new(role)?, Literal::new(claims.to_string())?);
        Ok(format!("select pg_catalog.set_config('request.jwt.claims', {claims}, true);\nset local role {role};\n"))
    }

    /// The `sub` of its claims.
    pub fn sub(&self) -> Option<&str> {
        self.claims.get("sub").and_then(Value::as_str)
    }
}

/// The UUID that stands for whoever has this name: always the same one, on every machine. Its version is 8, which
/// [RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8) leaves to whoever makes it.
pub fn uuid(name: &str) -> String {
    let hash = Sha256::digest(format!("palisade persona {name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// An object without a member.
fn nothing() -> Value {
    Value::Object(Map::new())
}

#[cfg(test)]
mod tests {
    use super::{Persona, Personas, uuid};
    use camino::Utf8Path;
    use serde_json::json;

    #[test]
    fn a_name_has_one_uuid() {
        assert_eq!(uuid("alice"), uuid("alice"));
        assert_ne!(uuid("alice"), uuid("bob"));
        let text = uuid("alice");
        assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!((&text[14..15], "89ab".contains(&text[19..20])), ("8", true));
    }

    #[test]
    fn without_a_file_there_are_the_two_whom_everybody_knows() {
        let personas = Personas::read(Utf8Path::new("/nowhere/personas.toml")).unwrap();
        assert_eq!(personas, Personas::usual());
        let names: Vec<_> = personas.all().iter().map(|it| (it.role.as_str(), it.sub().is_some())).collect();
        assert_eq!(names, [("anon", false), ("authenticated", true)]);
    }

    #[test]
    fn whatever_a_persona_is_called_its_sql_is_quoted() {
        let persona = Persona {
            name: "x".to_owned(),
            role: "we\"ird; drop".to_owned(),
            claims: json!({ "email": "o'neil\\@x" }),
        };
        let sql = persona.put_on_sql().unwrap();
        assert_eq!(
            sql,
            "select pg_catalog.set_config('request.jwt.claims',  E'{\"email\":\"o''neil\\\\\\\\@x\"}', true);\n\
             set local role \"we\"\"ird; drop\";\n"
        );
        let nobody = Persona { role: String::new(), ..persona };
        assert!(nobody.put_on_sql().is_err());
    }
}
