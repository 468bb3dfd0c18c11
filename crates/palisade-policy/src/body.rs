//! What functions do, as far as it can be told.
//!
//! A body that the server has parsed (`BEGIN ATOMIC`) is a tree. All others are text that it parses when they run; of these, this
//! module reads the words: which known relations stand behind `FROM`, which known functions are called, which texts they contain.
//! What is put together at run time (`EXECUTE`) cannot be told, and is noted.

mod words;

use crate::Oid;
use crate::expr::{Command, Expr, Query, SessionValue, Value};
use crate::facts::{Facts, Function};
use std::collections::{BTreeMap, BTreeSet};

/// What one function does itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Relations that it reads.
    pub reads: BTreeSet<Oid>,
    /// Relations that it writes.
    pub writes: BTreeSet<Oid>,
    /// Functions that it calls.
    pub calls: BTreeSet<Oid>,
    /// Texts in it.
    pub texts: BTreeSet<String>,
    /// Columns and other words in it, in lower case.
    pub words: BTreeSet<String>,
    /// Whether it asks for a setting of the session or for its user.
    pub reads_session: bool,
    /// Whether it runs statements that it puts together.
    pub dynamic: bool,
}

/// What all functions do.
#[derive(Debug, Default)]
pub struct Bodies {
    bodies: BTreeMap<Oid, Body>,
    session: BTreeSet<Oid>,
}

impl Bodies {
    /// Reads the bodies of all functions.
    pub fn new(facts: &Facts) -> Self {
        let names = words::Names::new(facts);
        let bodies: BTreeMap<Oid, Body> = facts.functions.iter().map(|(oid, it)| (*oid, body(it, &names))).collect();
        let session = reaching(&bodies, |it| it.reads_session);
        Self { bodies, session }
    }

    /// What a function does itself.
    pub fn of(&self, function: Oid) -> Option<&Body> {
        self.bodies.get(&function)
    }

    /// Functions whose result depends on the session, themselves or through others: who the caller is.
    pub fn session(&self) -> &BTreeSet<Oid> {
        &self.session
    }

    /// All functions that these call, themselves counted.
    pub fn reachable(&self, from: impl IntoIterator<Item = Oid>) -> BTreeSet<Oid> {
        let mut all = BTreeSet::new();
        let mut left: Vec<Oid> = from.into_iter().collect();
        while let Some(function) = left.pop() {
            if all.insert(function) {
                left.extend(self.bodies.get(&function).into_iter().flat_map(|it| it.calls.iter().copied()));
            }
        }
        all
    }

    /// Whether an expression depends on who the caller is.
    pub fn mentions_caller(&self, expr: &Expr) -> bool {
        let mut found = false;
        expr.walk(&mut |it, _| found |= self.is_caller(it));
        found
    }

    /// Whether a query depends on who the caller is.
    pub fn query_mentions_caller(&self, query: &Query) -> bool {
        let mut found = false;
        query.walk(&mut |it, _| found |= self.is_caller(it));
        found
    }

    /// Whether an expression itself, not its parts, says who the caller is.
    pub fn is_caller(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Call { function, .. } => self.session.contains(function),
            Expr::Session(SessionValue::CurrentUser | SessionValue::SessionUser) => true,
            _ => false,
        }
    }
}

/// All functions that call one, directly or not, of which this holds.
fn reaching(bodies: &BTreeMap<Oid, Body>, holds: impl Fn(&Body) -> bool) -> BTreeSet<Oid> {
    let mut found: BTreeSet<Oid> = bodies.iter().filter(|(_, it)| holds(it)).map(|(oid, _)| *oid).collect();
    let mut callers: BTreeMap<Oid, Vec<Oid>> = BTreeMap::new();
    for (caller, body) in bodies {
        for called in &body.calls {
            callers.entry(*called).or_default().push(*caller);
        }
    }
    let mut left: Vec<Oid> = found.iter().copied().collect();
    while let Some(function) = left.pop() {
        for caller in callers.get(&function).into_iter().flatten() {
            if found.insert(*caller) {
                left.push(*caller);
            }
        }
    }
    found
}

/// Functions of the system that answer about the session.
const OF_SESSION: [&str; 4] = ["current_setting", "getpgusername", "session_user", "inet_client_addr"];

fn body(function: &Function, names: &words::Names<'_>) -> Body {
    if function.language == "internal" || function.language == "c" {
        let reads_session = function.schema == "pg_catalog" && OF_SESSION.contains(&function.name.as_str());
        return Body { reads_session, ..Body::default() };
    }
    if function.body.is_empty() {
        return words::read(function, names);
    }
    let mut body = Body::default();
    for query in &function.body {
        add_query(query, &mut body);
    }
    body
}

fn add_query(query: &Query, body: &mut Body) {
    query.walk_queries(&mut |it, _| {
        for (place, relation) in it.tables() {
            if it.command != Command::Select && place == it.result {
                body.writes.insert(relation);
            } else {
                body.reads.insert(relation);
            }
        }
    });
    query.walk(&mut |it, _| match it {
        Expr::Call { function, .. } => {
            body.calls.insert(*function);
        }
        Expr::Const { value: Value::Text(text), .. } => {
            body.texts.insert(text.clone());
        }
        Expr::Session(SessionValue::CurrentUser | SessionValue::SessionUser) => body.reads_session = true,
        _ => {}
    });
}
