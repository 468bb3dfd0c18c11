//! What each statement locks of what was there before.
//!
//! The manual says it [of each form of `ALTER TABLE`](https://www.postgresql.org/docs/current/sql-altertable.html) and
//! [of the rest](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES); what it does not say, a test asks
//! the server. The forms are those that this crate writes.

use std::collections::{BTreeMap, BTreeSet};

use palisade_catalog::{Definition, ObjectKey, ObjectKind};
use palisade_plan::LockMode::{self, AccessExclusive, Share, ShareRowExclusive, ShareUpdateExclusive};
use palisade_sql::{Token, TokenKind, lex, quote_ident};

use crate::item::Items;
use crate::script::{Lock, Statement};

/// Schema and name of a relation.
type Name = (String, String);

/// Relations that were there before and still are.
#[derive(Default)]
struct Relations {
    /// The server's, on which the statements run.
    version: u32,
    there: BTreeSet<Name>,
    /// Partitions and other children by parent.
    children: BTreeMap<Name, BTreeSet<Name>>,
    /// Children that are partitions.
    partitions: BTreeSet<Name>,
    /// Checks that children do not have, by table and name.
    only_here: BTreeSet<(Name, String)>,
    /// The default partition by parent.
    default_partitions: BTreeMap<Name, Name>,
    /// The tables of indexes.
    tables: BTreeMap<Name, Name>,
    /// What foreign keys refer to, by table and name.
    references: BTreeMap<(Name, String), Name>,
    /// The sequences of columns, by table and column.
    sequences: BTreeMap<(Name, String), Name>,
    /// The tables that store values of a domain, or rows of a type.
    stored: BTreeMap<Name, BTreeSet<Name>>,
    /// The tables of extended statistics.
    statistics: BTreeMap<Name, Name>,
}

/// Says of each statement what it locks.
pub(crate) fn tell(items: &Items<'_>, version: u32, statements: &mut [Statement]) {
    if statements.is_empty() {
        return;
    }
    let mut relations = Relations { version, ..Relations::new(items) };
    if relations.there.is_empty() {
        return;
    }
    for statement in statements {
        let mut found = relations.locks(statement);
        found.retain(|(name, _)| relations.there.contains(name));
        found.sort();
        // Of each relation the strongest.
        let strongest: BTreeMap<Name, LockMode> = found.into_iter().collect();
        let lock = |((schema, name), mode): (Name, LockMode)| Lock {
            mode,
            relation: format!("{}.{}", quote_ident(&schema), quote_ident(&name)),
        };
        statement.locks = strongest.into_iter().map(lock).collect();
        statement.locks.sort_by(|one, other| other.mode.cmp(&one.mode).then_with(|| one.relation.cmp(&other.relation)));
        relations.after(statement);
    }
}

impl Relations {
    fn new(items: &Items<'_>) -> Self {
        let mut it = Self::default();
        for item in &items.all {
            let (Some(object), key) = (item.from, item.key) else { continue };
            let own = || (key.part(0).to_owned(), key.part(1).to_owned());
            match &object.definition {
                Definition::Table(table) => {
                    it.there.insert(own());
                    if table.is_partition() {
                        it.partitions.insert(own());
                    }
                    for parent in &table.parents {
                        it.children.entry(parent.clone()).or_default().insert(own());
                        if table.bound.as_deref() == Some("DEFAULT") {
                            it.default_partitions.insert(parent.clone(), own());
                        }
                    }
                    for whole in object.needs.keys().filter(|it| it.kind == ObjectKind::Composite) {
                        it.stored.entry(name_of(whole)).or_default().insert(own());
                    }
                }
                Definition::View(_) | Definition::IdentitySequence => drop(it.there.insert(own())),
                Definition::Sequence(sequence) => {
                    it.there.insert(own());
                    if let Some((schema, table, column)) = sequence.owned_by.clone() {
                        it.sequences.insert(((schema, table), column), own());
                    }
                }
                Definition::Column(column) => {
                    if let Some(identity) = &column.identity {
                        it.sequences.insert((own(), key.name().to_owned()), identity.sequence.clone());
                    }
                    for domain in object.needs.keys().filter(|it| it.kind == ObjectKind::Domain) {
                        it.stored.entry(name_of(domain)).or_default().insert(own());
                    }
                }
                Definition::Index(index) => drop(it.tables.insert(own(), index.table.clone())),
                Definition::Constraint(constraint) => {
                    if constraint.no_inherit && !constraint.kind.has_index() {
                        it.only_here.insert((own(), key.name().to_owned()));
                    }
                    if let Some(to) = &constraint.references {
                        it.references.insert((own(), key.name().to_owned()), to.clone());
                    }
                }
                _ if key.kind == ObjectKind::Statistics => {
                    let table =
                        object.needs.keys().find(|it| it.kind == ObjectKind::Table || it.kind == ObjectKind::Column);
                    it.statistics.extend(table.map(|it| (own(), name_of(it))));
                }
                _ => {}
            }
        }
        it
    }

    /// A relation and all that is under it.
    fn with_children(&self, name: &Name) -> Vec<Name> {
        let (mut found, mut waiting) = (BTreeSet::new(), vec![name.clone()]);
        while let Some(next) = waiting.pop() {
            waiting.extend(self.children.get(&next).into_iter().flatten().cloned());
            found.insert(next);
        }
        found.into_iter().collect()
    }

    /// The sequences of one column, or of all.
    fn sequences(&self, table: &Name, column: Option<&str>) -> Vec<Name> {
        let of_it = |((of, name), _): &(&(Name, String), &Name)| of == table && column.is_none_or(|it| it == name);
        self.sequences.iter().filter(of_it).map(|(_, it)| it.clone()).collect()
    }

    /// What a statement locks, of which some may be new.
    fn locks(&self, statement: &Statement) -> Vec<(Name, LockMode)> {
        let Ok(tokens) = lex(&statement.sql) else { return Vec::new() };
        let (words, key) = (Words(&tokens), &statement.object);
        let of = |names: Vec<Name>, mode| names.into_iter().map(|it| (it, mode)).collect::<Vec<_>>();
        let behind = |word: &str| words.find(&[word]).and_then(|it| words.name(it + 1)).into_iter().collect::<Vec<_>>();
        let begins = |them: &[&[&str]]| them.iter().any(|it| words.are(0, it));
        if begins(&[&["alter", "table"], &["alter", "foreign", "table"]]) {
            return self.alter_table(&words, key);
        }
        if begins(&[&["alter", "materialized", "view"]]) {
            let weak = words.find(&["owner"]).is_none() && words.find(&["tablespace"]).is_none();
            return of(vec![name_of(key)], if weak { ShareUpdateExclusive } else { AccessExclusive });
        }
        if begins(&[&["drop", "table"], &["drop", "foreign", "table"]]) {
            return self.drop_table(&name_of(key));
        }
        if begins(&[
            &["alter", "view"],
            &["drop", "view"],
            &["drop", "materialized"],
            &["drop", "sequence"],
            &["refresh"],
        ]) {
            return of(vec![name_of(key)], AccessExclusive);
        }
        if begins(&[&["create", "or", "replace", "view"]]) {
            return of(vec![name_of(key)], AccessExclusive);
        }
        if begins(&[&["alter", "sequence"]]) {
            let strong = ["owner", "rename", "logged", "unlogged"].iter().any(|it| words.find(&[it]).is_some());
            return of(words.name(2).into_iter().collect(), if strong { AccessExclusive } else { ShareRowExclusive });
        }
        if let Some(on) = words.index_on() {
            let mode = if words.find(&["concurrently"]).is_some() { ShareUpdateExclusive } else { Share };
            let only = words.are(on + 1, &["only"]);
            let Some(table) = words.name(on + 1 + usize::from(only)) else { return Vec::new() };
            return of(if only { vec![table] } else { self.with_children(&table) }, mode);
        }
        if begins(&[&["drop", "index"]]) {
            let mode = if words.find(&["concurrently"]).is_some() { ShareUpdateExclusive } else { AccessExclusive };
            let table = self.tables.get(&name_of(key));
            return of(table.map(|it| self.with_children(it)).unwrap_or_default(), mode);
        }
        if begins(&[&["create", "statistics"]]) {
            return of(behind("from"), ShareUpdateExclusive);
        }
        if begins(&[&["drop", "statistics"]]) {
            return of(self.statistics.get(&name_of(key)).cloned().into_iter().collect(), ShareUpdateExclusive);
        }
        if begins(&[&["comment", "on", "table"], &["comment", "on", "view"], &["comment", "on", "sequence"]]) {
            return of(vec![name_of(key)], ShareUpdateExclusive);
        }
        if begins(&[&["comment", "on", "column"], &["comment", "on", "foreign"], &["comment", "on", "materialized"]]) {
            return of(vec![name_of(key)], ShareUpdateExclusive);
        }
        if begins(&[&["alter", "publication"]]) {
            return of(behind("only"), ShareUpdateExclusive);
        }
        if begins(&[&["alter", "domain"], &["alter", "type"]]) {
            let looks =
                ["add", "set", "validate"].iter().any(|it| words.are(5, &[it])) && !words.end_with(&["not", "valid"]);
            let mode = match key.kind {
                ObjectKind::Domain | ObjectKind::DomainConstraint if looks && words.find(&["default"]).is_none() => {
                    Share
                }
                ObjectKind::Composite if words.find(&["attribute"]).is_some() => AccessExclusive,
                _ => return Vec::new(),
            };
            return of(self.stored.get(&name_of(key)).into_iter().flatten().cloned().collect(), mode);
        }
        if begins(&[&["comment"], &["grant"], &["revoke"], &["do"]]) {
            return Vec::new();
        }
        match key.kind {
            ObjectKind::Trigger if words.are(0, &["create"]) => {
                of(self.with_children(&name_of(key)), ShareRowExclusive)
            }
            ObjectKind::Trigger => of(self.with_children(&name_of(key)), AccessExclusive),
            ObjectKind::Policy | ObjectKind::Rule => of(vec![name_of(key)], AccessExclusive),
            _ => Vec::new(),
        }
    }

    fn drop_table(&self, table: &Name) -> Vec<(Name, LockMode)> {
        let referred = self.references.iter().filter(|((of, _), _)| of == table).map(|(_, it)| it);
        let parents = self.children.iter().filter(|(_, children)| children.contains(table)).map(|(it, _)| it);
        let parents = parents.filter(|_| self.partitions.contains(table));
        let beside = parents.clone().filter_map(|it| self.default_partitions.get(it));
        let all = referred.chain(parents).chain(beside).cloned().chain(self.sequences(table, None));
        all.chain([table.clone()]).map(|it| (it, AccessExclusive)).collect()
    }

    /// By what stands behind `ALTER TABLE [ONLY] name`.
    fn alter_table(&self, words: &Words<'_>, key: &ObjectKey) -> Vec<(Name, LockMode)> {
        let begin = if words.are(1, &["foreign"]) { 3 } else { 2 };
        let only = words.are(begin, &["only"]);
        let begin = begin + usize::from(only);
        let Some(table) = words.name(begin) else { return Vec::new() };
        let at = begin + 3;
        let other = |words_before: usize| words.name(at + words_before);
        let is = |them: &[&[&str]]| them.iter().any(|it| words.are(at, it));
        let column_is = |what: &[&str]| is(&[&["alter", "column"]]) && words.are(at + 3, what);
        if is(&[&["attach", "partition"]]) {
            let beside = self.default_partitions.get(&table).cloned();
            let strong = other(2).map(|it| self.with_children(&it)).unwrap_or_default().into_iter().chain(beside);
            return strong.map(|it| (it, AccessExclusive)).chain([(table, ShareUpdateExclusive)]).collect();
        }
        if is(&[&["detach", "partition"]]) {
            let beside = self.default_partitions.get(&table).cloned();
            let all = other(2).into_iter().chain(beside).chain([table]);
            return all.map(|it| (it, AccessExclusive)).collect();
        }
        if is(&[&["inherit"]]) {
            return other(1)
                .map(|it| (it, ShareUpdateExclusive))
                .into_iter()
                .chain([(table, AccessExclusive)])
                .collect();
        }
        let weak_column = column_is(&["set", "statistics"])
            || (column_is(&["set"]) || column_is(&["reset"]))
                && [at + 4].iter().any(|it| words.0.get(*it).is_some_and(|it| it.kind == TokenKind::Symbol('(')));
        let weak_table = is(&[&["cluster"], &["set", "without", "cluster"], &["validate"]])
            || is(&[&["set"], &["reset"]]) && words.0.get(at + 1).is_some_and(|it| it.kind == TokenKind::Symbol('('));
        let foreign_key = is(&[&["add", "constraint"]]) && words.are(at + 3, &["foreign", "key"]);
        let triggers = (is(&[&["enable"], &["disable"]])) && words.find(&["trigger"]).is_some_and(|it| it <= at + 2);
        let mode = if weak_column || weak_table {
            ShareUpdateExclusive
        } else if foreign_key || triggers {
            ShareRowExclusive
        } else {
            AccessExclusive
        };
        // From 18 on children are locked before anybody looks.
        let no_inherit = is(&[&["add", "constraint"]]) && words.end_with(&["no", "inherit"]) && self.version < 180_000
            || is(&[&["drop", "constraint"]])
                && words.ident(at + 2).is_some_and(|it| self.only_here.contains(&(table.clone(), it)));
        let alone = only
            || no_inherit
            || is(&[
                &["owner"],
                &["replica"],
                &["of"],
                &["not"],
                &["no"],
                &["force"],
                &["set"],
                &["reset"],
                &["cluster"],
            ])
            || is(&[&["enable"], &["disable"], &["rename", "to"]])
            || column_is(&["drop", "identity"])
            || column_is(&["add", "generated"]);
        let tables = if alone { vec![table.clone()] } else { self.with_children(&table) };
        let mut found: Vec<(Name, LockMode)> = tables.iter().map(|it| (it.clone(), mode)).collect();
        if foreign_key && let Some(to) = words.find(&["references"]).and_then(|it| words.name(it + 1)) {
            found.extend(self.with_children(&to).into_iter().map(|it| (it, mode)));
        }
        if is(&[&["drop", "constraint"]])
            && let Some(to) = words.ident(at + 2).and_then(|it| self.references.get(&(table.clone(), it)))
        {
            found.extend(self.with_children(to).into_iter().map(|it| (it, mode)));
        }
        if is(&[&["owner"], &["set", "logged"], &["set", "unlogged"]]) {
            found.extend(self.sequences(&table, None).into_iter().map(|it| (it, AccessExclusive)));
        }
        let column = (key.kind == ObjectKind::Column).then(|| key.name());
        if is(&[&["drop", "column"]]) || column_is(&["drop", "identity"]) {
            found.extend(self.sequences(&table, column).into_iter().map(|it| (it, AccessExclusive)));
        }
        if column_is(&["set", "generated"]) || column_is(&["type"]) {
            found.extend(self.sequences(&table, column).into_iter().map(|it| (it, ShareRowExclusive)));
        }
        found
    }

    /// What is there once a statement has run.
    fn after(&mut self, statement: &Statement) {
        let Ok(tokens) = lex(&statement.sql) else { return };
        let (words, key) = (Words(&tokens), &statement.object);
        let own = name_of(key);
        if words.are(0, &["drop"]) && key.kind.is_relation() {
            self.there.remove(&own);
            for gone in self.sequences(&own, None) {
                self.there.remove(&gone);
            }
            for children in self.children.values_mut() {
                children.remove(&own);
            }
            self.default_partitions.retain(|_, it| *it != own);
            self.references.retain(|(table, _), _| *table != own);
            self.sequences.retain(|(table, _), sequence| *table != own && *sequence != own);
        }
        let column_goes = words.find(&["drop", "column"]).or(words.find(&["drop", "identity"]));
        if column_goes.is_some() && key.kind == ObjectKind::Column {
            for gone in self.sequences(&own, Some(key.name())) {
                self.there.remove(&gone);
            }
            self.sequences.remove(&(own.clone(), key.name().to_owned()));
        }
        if words.find(&["drop", "constraint"]).is_some() {
            self.references.remove(&(own.clone(), key.name().to_owned()));
        }
        for (tie, ties) in [("attach", true), ("detach", false), ("inherit", true)] {
            let Some(at) = words.find(&[tie]).filter(|_| words.are(0, &["alter", "table"])) else { continue };
            let first = words.name(2 + usize::from(words.are(2, &["only"])));
            let second = words.name(at + 1 + usize::from(tie != "inherit"));
            let (Some(first), Some(second)) = (first, second) else { continue };
            let (parent, child) = if tie == "inherit" { (second, first) } else { (first, second) };
            let ties = ties && !words.are(at.saturating_sub(1), &["no"]);
            let children = self.children.entry(parent.clone()).or_default();
            if ties {
                children.insert(child.clone());
                self.partitions.extend((tie == "attach").then(|| child.clone()));
            } else {
                children.remove(&child);
                self.partitions.remove(&child);
                self.default_partitions.retain(|_, it| *it != child);
            }
            if ties && words.find(&["default"]).is_some() {
                self.default_partitions.insert(parent, child);
            }
        }
    }
}

fn name_of(key: &ObjectKey) -> Name {
    (key.part(0).to_owned(), key.part(1).to_owned())
}

/// The tokens of a statement.
struct Words<'a>(&'a [Token<'a>]);

impl Words<'_> {
    fn are(&self, at: usize, words: &[&str]) -> bool {
        self.0.get(at..).is_some_and(|it| it.len() >= words.len() && it.iter().zip(words).all(|(it, word)| it.is(word)))
    }

    /// The `ON` of `CREATE INDEX`.
    fn index_on(&self) -> Option<usize> {
        let is_one = self.are(0, &["create", "index"]) || self.are(0, &["create", "unique", "index"]);
        is_one.then(|| self.find(&["on"])).flatten()
    }

    fn end_with(&self, words: &[&str]) -> bool {
        self.are(self.0.len().saturating_sub(words.len()), words)
    }

    /// The place of some words that stand behind each other.
    fn find(&self, words: &[&str]) -> Option<usize> {
        (0..self.0.len()).find(|it| self.are(*it, words))
    }

    /// `schema.name` at a place.
    fn name(&self, at: usize) -> Option<Name> {
        let dot = self.0.get(at + 1)?.kind == TokenKind::Symbol('.');
        dot.then_some(())?;
        Some((self.ident(at)?, self.ident(at + 2)?))
    }

    fn ident(&self, at: usize) -> Option<String> {
        let token = self.0.get(at)?;
        match token.kind {
            TokenKind::Word => Some(token.text.to_owned()),
            TokenKind::QuotedIdent => Some(token.text[1..token.text.len() - 1].replace("\"\"", "\"")),
            _ => None,
        }
    }
}
