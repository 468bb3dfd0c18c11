//! Reading `rls/tests/*.toml`.

use std::{fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use palisade_sql::{Ident, QualifiedName, excerpt, line_column};
use toml::de::{DeTable, DeValue};

use super::error::similar;
use super::fields::{Fields, OF_TEST};
use super::text::{Speaker, Wrong, table, unknown_persona};
use super::{Attempt, Inserted, Test, TestError, TestProblem, Verb, put_on};
use crate::persona::Personas;

/// Reads every `*.toml` below `rls/tests`, in the order of their paths. Without the directory there are no tests.
///
/// # Errors
///
/// [`TestError`] with the place: a file cannot be read, or says something that no test has.
pub fn read_tests(directory: &Utf8Path, personas: &Personas) -> Result<Vec<Test>, TestError> {
    let mut files = Vec::new();
    find(directory, Utf8Path::new("rls/tests"), &mut files)?;
    files.sort();
    let mut tests = Vec::new();
    for (label, path) in files {
        let text = fs::read_to_string(&path).map_err(|source| TestError::Read { path: label.clone(), source })?;
        tests.extend(parse(&label, &text, personas)?);
    }
    Ok(tests)
}

fn find(directory: &Utf8Path, label: &Utf8Path, files: &mut Vec<(Utf8PathBuf, Utf8PathBuf)>) -> Result<(), TestError> {
    let failed = |source| TestError::Read { path: label.to_owned(), source };
    let entries = match directory.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let (name, path) = (entry.file_name(), entry.path());
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            find(path, &label.join(name), files)?;
        } else if path.extension() == Some("toml") {
            files.push((label.join(name), path.to_owned()));
        }
    }
    Ok(())
}

/// Reads the text of one file.
fn parse(path: &Utf8Path, text: &str, personas: &Personas) -> Result<Vec<Test>, TestError> {
    let content = |(at, problem): Wrong| TestError::content(path, excerpt(text, at.min(text.len())), problem);
    let syntax = |error: toml::de::Error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        content((error.span().map_or(0, |it| it.start), TestProblem::Syntax(message)))
    };
    let table = DeTable::parse(text).map_err(syntax)?.into_inner();
    let file = File { path, text, personas };
    file.tests(&table).map_err(content)
}

#[derive(Debug, Clone, Copy)]
struct File<'a> {
    path: &'a Utf8Path,
    text: &'a str,
    personas: &'a Personas,
}

impl File<'_> {
    fn tests(self, table: &DeTable<'_>) -> Result<Vec<Test>, Wrong> {
        let defaults = Fields::new("file of tests", 0, table, &["on", "as", "setup", "test"])?;
        let mut tests = Vec::new();
        for (name, value) in table {
            if name.get_ref() != "test" {
                continue;
            }
            let wrong = |at| (at, TestProblem::Type { field: "test".to_owned(), expected: "a list: `[[test]]`" });
            let DeValue::Array(items) = value.get_ref() else { return Err(wrong(name.span().start)) };
            for item in items {
                let DeValue::Table(fields) = item.get_ref() else { return Err(wrong(item.span().start)) };
                let fields = Fields::new("test", self.beginning(item.span().start), fields, &OF_TEST)?;
                tests.extend(self.test(&fields, &defaults)?);
            }
        }
        Ok(tests)
    }

    /// The header of the table that something stands in: what the parser says of a table begins behind it.
    fn beginning(self, at: usize) -> usize {
        self.text.get(..at.saturating_add(2)).and_then(|it| it.rfind("[[")).unwrap_or(at)
    }

    /// One test for each persona and command.
    fn test(self, fields: &Fields<'_>, defaults: &Fields<'_>) -> Result<Vec<Test>, Wrong> {
        let personas = fields.texts("as")?.or(defaults.texts("as")?).ok_or_else(|| fields.missing("as"))?;
        let (on_at, on) = fields.text("on")?.or(defaults.text("on")?).ok_or_else(|| fields.missing("on"))?;
        let on_table = table(on).map_err(|it| (on_at, it))?;
        let (can, verbs) = match (fields.texts("can")?, fields.texts("cannot")?) {
            (Some(verbs), None) => (true, verbs),
            (None, Some(verbs)) => (false, verbs),
            (None, None) => return Err(fields.missing("can` or `cannot")),
            (Some(_), Some(_)) => {
                return Err((fields.at("cannot").unwrap_or(fields.at), TestProblem::Both("can", "cannot")));
            }
        };
        let (several_personas, several_verbs) = (personas.len() > 1, verbs.len() > 1);
        let mut tests = Vec::new();
        for (persona_at, persona) in &personas {
            if self.personas.get(persona).is_none() {
                return Err((*persona_at, unknown_persona(self.personas, persona)));
            }
            for (verb_at, verb) in &verbs {
                let verb = self::verb(verb).map_err(|it| (*verb_at, it))?;
                let mut test = self.one(fields, defaults, (on_at, &on_table), persona, (can, verb))?;
                test.name = match fields.text("name")? {
                    Some((_, name)) => {
                        let mut name = name.to_owned();
                        let mut more = Vec::new();
                        more.extend(several_personas.then_some(*persona));
                        more.extend(several_verbs.then_some(verb.as_str()));
                        if !more.is_empty() {
                            name = format!("{name} ({})", more.join(", "));
                        }
                        name
                    }
                    None => test.says(),
                };
                tests.push(test);
            }
        }
        Ok(tests)
    }

    fn one(
        self,
        fields: &Fields<'_>,
        defaults: &Fields<'_>,
        (on_at, on): (usize, &QualifiedName),
        persona: &str,
        (can, verb): (bool, Verb),
    ) -> Result<Test, Wrong> {
        let speaker = Speaker { personas: self.personas, persona };
        let text = |of: &Fields<'_>, field| {
            let found = of.text(field)?;
            found.map(|(at, text)| speaker.text(text).map_err(|it| (at, it))).transpose()
        };
        let setup: Vec<String> = [text(defaults, "setup")?, text(fields, "setup")?].into_iter().flatten().collect();
        let excluded: &[&'static str] = if can { &["error"] } else { &["rows"] };
        fields.refuse(excluded, if can { "what somebody can" } else { "what somebody cannot" })?;
        let put_on = match put_on(self.personas, persona) {
            Some(Ok(sql)) => sql,
            Some(Err(error)) => return Err((fields.at, TestProblem::Syntax(error.to_string()))),
            None => return Err((fields.at, unknown_persona(self.personas, persona))),
        };
        Ok(Test {
            name: String::new(),
            file: self.path.to_owned(),
            line: line_column(self.text, fields.at).line,
            persona: persona.to_owned(),
            table: on.clone(),
            can,
            table_at: excerpt(self.text, on_at),
            put_on,
            setup: (!setup.is_empty()).then(|| setup.join(";\n")),
            filter: text(fields, "where")?,
            rows: fields.number("rows")?,
            error: fields.text("error")?.map(|(_, it)| it.to_owned()),
            attempt: attempt(fields, verb, speaker)?,
        })
    }
}

fn verb(text: &str) -> Result<Verb, TestProblem> {
    Verb::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(|| TestProblem::UnknownVerb {
        name: text.to_owned(),
        similar: similar(text, Verb::ALL.map(Verb::as_str)),
    })
}

fn attempt(fields: &Fields<'_>, verb: Verb, speaker: Speaker<'_>) -> Result<Attempt, Wrong> {
    let columns = |field| {
        let names = fields.texts(field)?.unwrap_or_default().into_iter();
        let ident = |(at, it): (usize, &str)| Ident::new(it).map(|it| it.to_string()).map_err(|it| (at, it.into()));
        names.map(ident).collect::<Result<Vec<_>, Wrong>>()
    };
    let text = |field| {
        let found = fields.text(field)?;
        found.map(|(at, text): (usize, &str)| speaker.text(text).map_err(|it| (at, it))).transpose()
    };
    // A list of commands shares the fields of all of them.
    let list = [fields.texts("can")?, fields.texts("cannot")?].into_iter().flatten().flatten();
    let verbs: Vec<&str> = list.map(|(_, it)| it).collect();
    let only = |field: &'static str, of: &[Verb]| {
        let some = verbs.iter().any(|it| of.iter().any(|of| of.as_str() == *it));
        if some { Ok(()) } else { fields.refuse(&[field], verb.as_str()) }
    };
    only("columns", &[Verb::Select])?;
    only("set", &[Verb::Update])?;
    only("blind", &[Verb::Update, Verb::Delete])?;
    only("returning", &[Verb::Insert, Verb::Update, Verb::Delete])?;
    for field in ["values", "row", "on_conflict"] {
        only(field, &[Verb::Insert])?;
    }
    only("where", &[Verb::Select, Verb::Update, Verb::Delete])?;
    Ok(match verb {
        Verb::Select => Attempt::Select { columns: columns("columns")? },
        Verb::Insert => {
            let values = match (fields.assignments("values", speaker)?, text("row")?) {
                (Some(values), None) => Inserted::Values(values),
                (None, Some(sql)) => Inserted::Sql(sql),
                (None, None) => return Err(fields.missing("values")),
                (Some(_), Some(_)) => {
                    return Err((fields.at("row").unwrap_or(fields.at), TestProblem::Both("values", "row")));
                }
            };
            Attempt::Insert { values, returning: columns("returning")?, on_conflict: text("on_conflict")? }
        }
        Verb::Update => {
            let set = fields.assignments("set", speaker)?.filter(|it| !it.is_empty());
            let set = set.ok_or_else(|| fields.missing("set"))?;
            Attempt::Update { set, blind: fields.flag("blind")?, returning: columns("returning")? }
        }
        Verb::Delete => Attempt::Delete { blind: fields.flag("blind")?, returning: columns("returning")? },
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::persona::Personas;

    fn personas() -> Personas {
        Personas::parse("p.toml".into(), "[ada]\nrole='authenticated'\n[bob]\nrole='authenticated'\n").unwrap()
    }

    fn error(text: &str) -> String {
        parse("rls/tests/a.toml".into(), text, &personas()).unwrap_err().to_string()
    }

    #[test]
    fn a_test_for_each_persona_and_command() {
        let text = "on = 'posts'\n\n[[test]]\nname = 'strangers'\nas = ['ada', 'bob']\ncannot = ['update', 'delete']\n\
                    set = { a = 1 }\nwhere = 'id = 1'\n[[test]]\nas = 'ada'\ncan = 'select'\n";
        let tests = parse("a.toml".into(), text, &personas()).unwrap();
        let names: Vec<_> = tests.iter().map(|it| (it.line, it.name.as_str())).collect();
        assert_eq!(
            names,
            [
                (3, "strangers (ada, update)"),
                (3, "strangers (ada, delete)"),
                (3, "strangers (bob, update)"),
                (3, "strangers (bob, delete)"),
                (9, "ada can select public.posts"),
            ]
        );
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        insta::assert_snapshot!(error("[[test]]\nas = 'ada'\nwhre = 'x'\n"), @r"
        rls/tests/a.toml:3:1: a test has no `whre`; did you mean `where`?
        3 | whre = 'x'
          | ^
        ");
        insta::assert_snapshot!(error("[[test]]\nas = 'adda'\non = 'x'\ncan = 'select'\n"), @r"
        rls/tests/a.toml:2:6: there is no persona `adda`; did you mean `ada`?
        2 | as = 'adda'
          |      ^
        ");
        insta::assert_snapshot!(error("[[test]]\nas = 'ada'\non = 'x'\ncan = 'selct'\n"), @r"
        rls/tests/a.toml:4:7: nobody can `selct`; did you mean `select`?
        4 | can = 'selct'
          |       ^
        ");
        for (fields, message) in [
            ("can = 'update'", "the test has no `set`"),
            ("can = 'insert'", "the test has no `values`"),
            ("", "the test has no `can` or `cannot`"),
            ("can = 'select'\nset = { a = 1 }", "`set` says nothing about select"),
            ("can = 'select'\ncannot = 'select'", "`can` and `cannot` exclude each other"),
            ("cannot = 'select'\nrows = 1", "`rows` says nothing about what somebody cannot"),
            ("can = 'select'\nrows = -1", "`rows` is to be a number, 0 or more"),
            ("can = 'insert'\nvalues = { a = [1] }", "`a` is to be a value; for anything else"),
            ("can = 'select'\nwhere = \"a = '$uuid(eve)'\"", "there is no persona `eve`"),
        ] {
            let found = error(&format!("[[test]]\nas = 'ada'\non = 'x'\n{fields}\n"));
            assert!(found.contains(message), "{found}");
        }
    }
}
