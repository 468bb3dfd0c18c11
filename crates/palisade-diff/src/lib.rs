//! From one catalog to another: the statements that lead there, in the order in which they can run, each with what it can do
//! harm to.
//!
//! Objects of both sides are matched by name (`item`) and compared (`compare`): each stays, is made, changed in place,
//! removed, or made again. What cannot stay because something it needs goes is made again too (`spread`). All that becomes
//! steps that are put in order by who needs whom (`graph`), and each step becomes SQL (`emit`). Of each
//! statement is told what it locks (`locks`).
//!
//! Invariant: this crate does no input or output, and knows no database driver. Both catalogs were read from a server, so that
//! every text of SQL in them is the server's own; what is compared is compared as the server wrote it.

mod compare;
mod emit;
mod error;
mod faithful;
mod graph;
mod item;
mod locks;
mod options;
mod rename;
mod script;
mod spread;
mod users;

pub use error::DiffError;
pub use options::Options;
pub use rename::{Candidate, Rename, RenameError, candidates as rename_candidates, rename_statement};
pub use script::{Action, Danger, Lock, Script, Statement, Transaction};

use std::collections::{BTreeSet, HashMap};

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind};

use item::{Fate, Items};

/// The statements that make `to` of `from`.
///
/// # Errors
///
/// [`DiffError`]; never an empty script instead.
pub fn diff(from: &Catalog, to: &Catalog, options: &Options) -> Result<Script, DiffError> {
    let renamed;
    let (mut from, mut statements, mut items) = (from, Vec::new(), Items::new(from, to));
    if let Some((catalog, renames)) = rename::identical(from, &items) {
        renamed = catalog;
        (from, statements, items) = (&renamed, renames, Items::new(&renamed, to));
    }
    // What the statements run on; a catalog of nothing does not say.
    let server = if from.server.version == 0 { &to.server } else { &from.server };
    compare::compare(&mut items, options, server.version);
    if items.all.iter().all(|it| it.fate == Fate::Keep) {
        locks::tell(&items, server.version, &mut statements);
        return Ok(Script { statements, left: Vec::new() });
    }
    spread::spread(&mut items);
    let ordered = graph::order(&items)?;
    let context = emit::Context {
        items: &items,
        aliases: &ordered.aliases,
        options,
        server,
        wanted: &to.server,
        parts: parts(&ordered.aliases),
        parents: parents(&items),
        clustered: clustered(&items),
    };
    if makes_routines(&items) {
        // Bodies may speak of what is made behind them.
        let key = ObjectKey::new(ObjectKind::Unmodelled, ["session"]);
        statements.push(Statement::new(&key, Action::Alter, "SET check_function_bodies = off"));
    }
    for node in ordered.nodes {
        let begin = statements.len();
        emit::statements(&context, node, &mut statements);
        emit::need_commit(uses_new_values(&context, node), &mut statements[begin..]);
        for statement in &mut statements[begin..] {
            if let std::borrow::Cow::Owned(sql) = faithful::faithful(&statement.sql) {
                statement.sql = sql;
            }
        }
    }
    locks::tell(&items, server.version, &mut statements);
    Ok(Script { statements, left: left(&items) })
}

/// What is made together with each object.
fn parts(aliases: &graph::alias::Aliases) -> HashMap<usize, Vec<usize>> {
    let mut parts: HashMap<usize, Vec<usize>> = HashMap::new();
    for (part, whole) in &aliases.creates {
        parts.entry(*whole).or_default().push(*part);
    }
    for it in parts.values_mut() {
        it.sort_unstable();
    }
    parts
}

fn parents<'a>(items: &Items<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let tables = &items.all[items.kind(ObjectKind::Table)];
    let sides = tables.iter().flat_map(|it| [it.from, it.to]).flatten().filter_map(item::table_of);
    sides.flat_map(|it| &it.parents).map(|(schema, name)| (schema.as_str(), name.as_str())).collect()
}

fn clustered<'a>(items: &Items<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let of_item = |item: &item::Item<'a>| match item.to.map(|it| &it.definition) {
        Some(Definition::Index(it)) if it.clustered => Some((it.table.0.as_str(), it.table.1.as_str())),
        Some(Definition::Constraint(it)) if it.index.as_ref().is_some_and(|it| it.clustered) => {
            Some(item.key.relation())
        }
        _ => None,
    };
    let kinds = [ObjectKind::Constraint, ObjectKind::Index].map(|it| items.kind(it));
    kinds.into_iter().flatten().filter_map(|it| of_item(&items.all[it])).collect()
}

fn makes_routines(items: &Items<'_>) -> bool {
    items.all.iter().any(|it| {
        let made = !matches!(it.fate, Fate::Keep | Fate::Drop) && it.from.map(|it| &it.definition) != it.to.map(|it| &it.definition);
        (made || it.fate == Fate::Replace) && matches!(it.definition(), Some(Definition::Routine(it)) if it.body_is_text && matches!(it.language.as_str(), "sql" | "plpgsql"))
    })
}

/// Whether a step may use a value that an enum gets in the same script: itself, or in a part that it makes as well.
fn uses_new_values(context: &emit::Context<'_>, (number, step): graph::Node) -> bool {
    if matches!(step, graph::Step::Drop | graph::Step::Detach | graph::Step::GoAside) {
        return false;
    }
    let grows = |needed: usize| {
        let it = &context.items.all[needed];
        let differs = it.from.map(|it| &it.definition) != it.to.map(|it| &it.definition);
        it.key.kind == ObjectKind::Enum && it.fate == Fate::Alter && differs
    };
    let own = context.items.needs_after(number).iter().any(|(needed, _)| grows(*needed));
    let parts = || context.parts.get(&number).into_iter().flatten();
    own || parts().any(|part| uses_new_values(context, (*part, step)))
}

/// Differences that no statement takes away.
fn left(items: &Items<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for item in items.all.iter().filter(|it| it.fate != Fate::Keep) {
        match item.definition() {
            Some(Definition::Opaque(it)) if it.create.is_empty() => {
                found.push(format!("{} is not modelled: nothing is done about it", item.key));
            }
            Some(Definition::Options(it)) if !it.secret.is_empty() && item.fate.creates() => {
                found.push(format!("{}: set {} by hand, secrets are not read", item.key, it.secret.join(", ")));
            }
            Some(Definition::Subscription(_)) if item.fate.creates() => {
                found.push(format!("{}: say how to reach the publisher, and enable it", item.key));
            }
            _ => {}
        }
    }
    found
}
