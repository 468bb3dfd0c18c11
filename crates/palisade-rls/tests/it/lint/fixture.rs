//! Files of cases: SQL, and what is true of it in comments.
//!
//! ```sql
//! create table t (id int);          -- runs before every case of the file
//! -- case: what it is about
//! -- on: public.t a_policy          -- a finding must name this object, and this policy
//! -- clean                          -- nothing else may be found either
//! -- as authenticated: select count(*) from t => 2
//! -- as anon: delete from t => 42501
//! ```

use camino::Utf8Path;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Must be reported.
    Bad,
    /// Must not be.
    Good,
}

/// One schema.
pub(super) struct Case {
    pub(super) id: &'static str,
    pub(super) kind: Kind,
    /// Distinct among all.
    pub(super) number: usize,
    pub(super) title: String,
    pub(super) sql: String,
    /// Objects, and policies behind a blank, that must be reported.
    pub(super) on: Vec<String>,
    /// Whether nothing of warning or above may be reported.
    pub(super) clean: bool,
    pub(super) claims: Vec<Claim>,
}

/// What the server answers.
pub(super) struct Claim {
    pub(super) role: String,
    pub(super) sql: String,
    /// The first column of the first row, or the SQLSTATE.
    pub(super) result: String,
}

/// The cases of a rule.
pub(super) fn cases(id: &'static str) -> Vec<Case> {
    let directory = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint").join(id);
    let Ok(entries) = directory.read_dir_utf8() else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|it| it.unwrap().into_path()).collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        let kind = match name {
            _ if name.starts_with("bad") => Kind::Bad,
            _ if name.starts_with("good") => Kind::Good,
            _ => panic!("`{path}` is neither bad nor good"),
        };
        let text = std::fs::read_to_string(&path).unwrap();
        let mut parts = text.split("-- case: ");
        let before = parts.next().unwrap_or_default();
        all.extend(parts.map(|it| case(id, kind, before, it)));
    }
    all
}

fn case(id: &'static str, kind: Kind, before: &str, text: &str) -> Case {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let (title, sql) = text.split_once('\n').unwrap_or((text, ""));
    let words = |word: &'static str| sql.lines().filter_map(move |it| it.strip_prefix(word));
    let claim = |it: &str| {
        let (role, rest) = it.split_once(": ").unwrap_or_else(|| panic!("{id}: {it}"));
        let (sql, result) = rest.rsplit_once(" => ").unwrap_or_else(|| panic!("{id}: {it}"));
        Claim { role: role.to_owned(), sql: sql.to_owned(), result: result.to_owned() }
    };
    Case {
        id,
        kind,
        number: NUMBER.fetch_add(1, Ordering::Relaxed),
        title: title.to_owned(),
        sql: format!("{before}\n{sql}"),
        on: words("-- on: ").map(str::to_owned).collect(),
        clean: sql.lines().any(|it| it == "-- clean"),
        claims: words("-- as ").map(claim).collect(),
    }
}
