//! One case: a schema, and what is expected of it.

use camino::Utf8Path;
use serde_json::Value;

/// A folder.
pub(super) struct Case {
    pub(super) name: String,
    /// `setup.sql`
    pub(super) setup: String,
    pub(super) expected: Expected,
}

/// `expected.json`, without what only an execution can show.
#[derive(serde::Deserialize)]
pub(super) struct Expected {
    /// Ids that must be reported.
    lints: Vec<String>,
    /// Ids that must not be; `*` is everything of warning or above.
    lints_absent: Vec<String>,
    pub(super) matrix: Vec<Entry>,
    pub(super) roles_created: Vec<String>,
}

/// What a role reaches with a command.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Entry {
    role: String,
    pub(super) table: String,
    command: String,
    pub(super) verdict: String,
    pub(super) columns: Option<Vec<String>>,
    pub(super) rows_where: Option<String>,
    pub(super) check: Option<String>,
}

impl Case {
    /// All folders, in order.
    pub(super) fn all(directory: &Utf8Path) -> Vec<Self> {
        let entries = directory.read_dir_utf8().unwrap().map(|it| it.unwrap().path().to_owned());
        let mut folders: Vec<_> = entries.filter(|it| it.join("setup.sql").is_file()).collect();
        folders.sort();
        let read = |path: &Utf8Path| std::fs::read_to_string(path).unwrap();
        folders
            .iter()
            .map(|it| Self {
                name: it.file_name().unwrap_or_default().to_owned(),
                setup: read(&it.join("setup.sql")),
                expected: serde_json::from_str(&read(&it.join("expected.json")))
                    .unwrap_or_else(|error| panic!("{it}: {error}")),
            })
            .collect()
    }

    pub(super) fn check_lints(&self, findings: &[Value]) -> Vec<String> {
        let id = |it: &Value| it["id"].as_str().unwrap_or_default().to_owned();
        let reported: Vec<String> = findings.iter().map(id).collect();
        let counting: Vec<String> = findings.iter().filter(|it| it["severity"] != "info").map(id).collect();
        let Expected { lints, lints_absent, .. } = &self.expected;
        let missing = lints.iter().filter(|it| !reported.contains(it)).map(|it| format!("{it} is not reported"));
        let absent = lints_absent.iter().filter(|it| match it.as_str() {
            "*" => !counting.is_empty(),
            id => reported.iter().any(|it| it == id),
        });
        missing.chain(absent.map(|it| format!("{it} must not be reported: {reported:?}"))).collect()
    }
}

impl Entry {
    pub(super) fn find<'c>(&self, cells: &'c [Value]) -> Option<&'c Value> {
        let is_it =
            |it: &&Value| it["role"] == *self.role && it["table"] == *self.table && it["command"] == *self.command;
        cells.iter().find(is_it)
    }
}
