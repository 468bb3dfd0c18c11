//! What happened to rows.

use std::collections::{BTreeMap, BTreeSet};

use palisade_catalog::ObjectKey;
use palisade_diff::Script;
use palisade_plan::Hazard;

use super::state::TableState;

/// What a migration did to rows of tables that stay, without saying so. Sentences without full stop.
pub(super) fn compare(
    before: &BTreeMap<u32, TableState>,
    after: &BTreeMap<u32, TableState>,
    script: Option<&Script>,
) -> Vec<String> {
    let declared = Declared::of(script);
    let mut found = Vec::new();
    for (number, was) in before {
        let name = &was.name;
        let Some(is) = after.get(number) else {
            if !declared.loses_table(&was.path) {
                found.push(format!("the rows of `{name}` are gone"));
            }
            continue;
        };
        if is.rows.len() < was.rows.len() && !declared.loses_table(&was.path) {
            found.push(format!("rows of `{name}` are gone"));
        }
        if is.file != was.file && !declared.rewrites(&was.path, name) && !declared.rewrites(&is.path, &is.name) {
            found.push(format!("every row of `{name}` is written anew"));
        }
        for column in lost_columns(was, is) {
            if !declared.touches(&was.path, &column) {
                found.push(format!("what was in column `{column}` of `{name}` is not there any more"));
            }
        }
    }
    found
}

/// Columns whose values are others, or none. A column that has another name now keeps its place in the row, not its name:
/// whoever renames says so.
fn lost_columns(was: &TableState, is: &TableState) -> BTreeSet<String> {
    let mut lost = BTreeSet::new();
    for (left, right) in was.rows.iter().zip(&is.rows) {
        let differs = left.iter().filter(|(column, value)| !value.is_null() && right.get(*column) != Some(value));
        lost.extend(differs.map(|(column, _)| column.clone()));
    }
    lost
}

/// What the statements say.
#[derive(Debug, Default)]
struct Declared<'a> {
    lost: BTreeSet<&'a ObjectKey>,
    rewritten: Vec<(&'a ObjectKey, &'a str)>,
    touched: BTreeSet<&'a ObjectKey>,
}

impl<'a> Declared<'a> {
    fn of(script: Option<&'a Script>) -> Self {
        let Some(script) = script else { return Self::default() };
        let mut declared = Self { lost: script.data_loss(), ..Self::default() };
        for statement in &script.statements {
            declared.touched.insert(&statement.object);
            let rewrites = statement.dangers.iter().filter(|it| it.hazard == Hazard::Rewrite);
            declared.rewritten.extend(rewrites.map(|it| (&statement.object, it.detail.as_str())));
        }
        declared
    }

    fn loses_table(&self, (schema, name): &(String, String)) -> bool {
        self.lost.iter().any(|it| it.relation() == (schema.as_str(), name.as_str()))
    }

    fn rewrites(&self, (schema, name): &(String, String), shown: &str) -> bool {
        let of_table = |it: &ObjectKey| it.relation() == (schema.as_str(), name.as_str());
        self.rewritten.iter().any(|(object, detail)| of_table(object) || detail.contains(shown))
    }

    /// Columns that a statement names are changed on purpose; whether that loses data is said there.
    fn touches(&self, (schema, name): &(String, String), column: &str) -> bool {
        self.touched
            .iter()
            .any(|it| it.relation() == (schema.as_str(), name.as_str()) && (it.name() == column || !it.kind.is_part()))
    }
}

#[cfg(test)]
mod tests {
    use super::compare;
    use crate::prove::state::TableState;
    use palisade_catalog::{ObjectKey, ObjectKind};
    use palisade_diff::{Action, Script, Statement};
    use palisade_plan::Hazard;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn table(file: &str, rows: &[Value]) -> BTreeMap<u32, TableState> {
        let rows = rows.iter().map(|it| it.as_object().unwrap().clone()).collect();
        let path = ("public".to_owned(), "t".to_owned());
        [(7, TableState { name: "public.t".to_owned(), path, file: file.to_owned(), rows })].into()
    }

    fn column(name: &str, hazard: Option<Hazard>) -> Script {
        let key = ObjectKey::new(ObjectKind::Column, ["public", "t", name]);
        let statement = Statement::new(&key, Action::Alter, "…");
        let statement = match hazard {
            Some(hazard) => statement.danger(hazard, "x"),
            None => statement,
        };
        Script { statements: vec![statement], left: Vec::new() }
    }

    #[test]
    fn what_is_not_said_is_found() {
        let before = table("1", &[json!({ "a": 1, "b": "x" })]);
        let check =
            |after: &BTreeMap<u32, TableState>, script: &Script| compare(&before, after, Some(script)).join("; ");
        let nothing = Script::default();
        assert_eq!(check(&before, &nothing), "");
        assert_eq!(check(&BTreeMap::new(), &nothing), "the rows of `public.t` are gone");
        assert_eq!(check(&table("1", &[]), &nothing), "rows of `public.t` are gone");
        assert_eq!(
            check(&table("2", &[json!({ "a": 1, "b": "x" })]), &nothing),
            "every row of `public.t` is written anew"
        );
        let without = table("1", &[json!({ "a": 1 })]);
        assert_eq!(check(&without, &nothing), "what was in column `b` of `public.t` is not there any more");
        assert_eq!(check(&without, &column("b", Some(Hazard::DataLoss))), "");
        let rewritten = table("2", &[json!({ "a": "1", "b": "x" })]);
        assert_eq!(check(&rewritten, &column("a", None)), "every row of `public.t` is written anew");
        assert_eq!(check(&rewritten, &column("a", Some(Hazard::Rewrite))), "");
    }
}
