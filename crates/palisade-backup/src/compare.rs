//! What changed between two backups, as their manifests tell it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::manifest::{AppliedMigration, Extension, Manifest, Sequence, TableContents};
use crate::name::BackupName;

mod shrunk;

pub use shrunk::shrunk;

/// What changed from one backup to another. Nothing was read for it but their manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The one that was changed.
    pub old: BackupName,
    /// What it was changed to.
    pub new: BackupName,
    /// Whether anything is different in the catalog.
    pub schema_changed: bool,
    /// Tables that only the new one has.
    pub tables_added: Vec<TableRows>,
    /// Tables that only the old one has.
    pub tables_removed: Vec<TableRows>,
    /// Tables with another number of rows.
    pub rows_changed: Vec<RowsChange>,
    /// Tables with as many rows as before that are not the same rows.
    pub contents_changed: Vec<TableRows>,
    /// Sequences that stand elsewhere, are new, or are gone.
    pub sequences: Vec<SequenceChange>,
    /// Migrations that only the new one has.
    pub migrations_added: Vec<AppliedMigration>,
    /// Migrations that only the old one has.
    pub migrations_removed: Vec<AppliedMigration>,
    /// Versions of migrations whose file has another checksum.
    pub migrations_edited: Vec<i64>,
    /// Extensions that have another version, are new, or are gone.
    pub extensions: Vec<ExtensionChange>,
    /// Rows of all tables.
    pub rows: Change,
    /// Bytes in the store.
    pub bytes: Change,
    /// Bytes before compression and encryption.
    pub plain_bytes: Change,
    /// Bytes of the database on the server's disk.
    pub database_bytes: Change,
}

/// A number before and after. The two may be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Before.
    pub old: u64,
    /// After.
    pub new: u64,
}

/// A table and how many rows it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableRows {
    /// Its schema and name.
    pub table: String,
    /// Number of rows.
    pub rows: u64,
}

/// A table that has another number of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowsChange {
    /// Its schema and name.
    pub table: String,
    /// How many there were.
    pub old: u64,
    /// How many there are.
    pub new: u64,
}

/// A sequence that stands elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SequenceChange {
    /// Its schema and name.
    pub sequence: String,
    /// Where it stood; `None` if there was none.
    pub old: Option<SequencePosition>,
    /// Where it stands; `None` if there is none.
    pub new: Option<SequencePosition>,
}

/// Where a sequence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SequencePosition {
    /// Its value.
    pub last_value: i64,
    /// Whether that was given out, so that the next is another.
    pub is_called: bool,
}

/// An extension that has another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExtensionChange {
    /// Its name.
    pub name: String,
    /// The version it had; `None` if it was not installed.
    pub old: Option<String>,
    /// The version it has; `None` if it is not installed.
    pub new: Option<String>,
}

impl Comparison {
    /// Whether both hold the same: schema, rows, sequences, migrations and extensions. Sizes do not matter, for an unchanged
    /// database grows and shrinks as well.
    pub fn is_same(&self) -> bool {
        let Self {
            old: _,
            new: _,
            schema_changed,
            tables_added,
            tables_removed,
            rows_changed,
            contents_changed,
            sequences,
            migrations_added,
            migrations_removed,
            migrations_edited,
            extensions,
            rows: _,
            bytes: _,
            plain_bytes: _,
            database_bytes: _,
        } = self;
        !schema_changed
            && tables_added.is_empty()
            && tables_removed.is_empty()
            && rows_changed.is_empty()
            && contents_changed.is_empty()
            && sequences.is_empty()
            && migrations_added.is_empty()
            && migrations_removed.is_empty()
            && migrations_edited.is_empty()
            && extensions.is_empty()
    }
}

/// What changed from `old` to `new`, everything in the order of names. They may be backups of different databases.
pub fn compare(old: &Manifest, new: &Manifest) -> Comparison {
    let mut comparison = Comparison {
        old: old.name.clone(),
        new: new.name.clone(),
        schema_changed: old.fingerprint != new.fingerprint,
        tables_added: Vec::new(),
        tables_removed: Vec::new(),
        rows_changed: Vec::new(),
        contents_changed: Vec::new(),
        sequences: sequences(&old.sequences, &new.sequences),
        migrations_added: Vec::new(),
        migrations_removed: Vec::new(),
        migrations_edited: Vec::new(),
        extensions: extensions(&old.extensions, &new.extensions),
        rows: Change { old: old.rows(), new: new.rows() },
        bytes: Change { old: old.bytes(), new: new.bytes() },
        plain_bytes: Change { old: old.plain_bytes(), new: new.plain_bytes() },
        database_bytes: Change { old: old.database_bytes, new: new.database_bytes },
    };
    compare_tables(&mut comparison, &old.tables, &new.tables);
    compare_migrations(&mut comparison, old.migrations.as_deref(), new.migrations.as_deref());
    comparison
}

fn compare_tables(comparison: &mut Comparison, old: &[TableContents], new: &[TableContents]) {
    let with_rows = |it: &TableContents| TableRows { table: it.qualified(), rows: it.rows };
    for pair in pairs(old, new, |it| (&it.schema, &it.name)) {
        match pair {
            (Some(old), Some(new)) if old.rows != new.rows => {
                comparison.rows_changed.push(RowsChange { table: new.qualified(), old: old.rows, new: new.rows });
            }
            (Some(old), Some(new)) if old.digest != new.digest => comparison.contents_changed.push(with_rows(new)),
            (Some(_), Some(_)) | (None, None) => {}
            (None, Some(new)) => comparison.tables_added.push(with_rows(new)),
            (Some(old), None) => comparison.tables_removed.push(with_rows(old)),
        }
    }
}

/// A database without a history has no migrations: the difference between the two is one of the schema.
fn compare_migrations(comparison: &mut Comparison, old: Option<&[AppliedMigration]>, new: Option<&[AppliedMigration]>) {
    for pair in pairs(old.unwrap_or_default(), new.unwrap_or_default(), |it| it.version) {
        match pair {
            (Some(old), Some(new)) if old.checksum != new.checksum => comparison.migrations_edited.push(new.version),
            (Some(_), Some(_)) | (None, None) => {}
            (None, Some(new)) => comparison.migrations_added.push(new.clone()),
            (Some(old), None) => comparison.migrations_removed.push(old.clone()),
        }
    }
}

fn sequences(old: &[Sequence], new: &[Sequence]) -> Vec<SequenceChange> {
    let position = |it: &Sequence| SequencePosition { last_value: it.last_value, is_called: it.is_called };
    pairs(old, new, |it| (&it.schema, &it.name))
        .into_iter()
        .filter_map(|(old, new)| {
            let either = new.or(old)?;
            let sequence = format!("{}.{}", either.schema, either.name);
            let (old, new) = (old.map(position), new.map(position));
            (old != new).then_some(SequenceChange { sequence, old, new })
        })
        .collect()
}

fn extensions(old: &[Extension], new: &[Extension]) -> Vec<ExtensionChange> {
    pairs(old, new, |it| &it.name)
        .into_iter()
        .filter_map(|(old, new)| {
            let name = new.or(old)?.name.clone();
            let (old, new) = (old.map(|it| it.version.clone()), new.map(|it| it.version.clone()));
            (old != new).then_some(ExtensionChange { name, old, new })
        })
        .collect()
}

/// What has the same key on both sides, side by side, in the order of the keys.
fn pairs<'a, T, K: Ord>(old: &'a [T], new: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let olds: BTreeMap<K, &T> = old.iter().map(|it| (key(it), it)).collect();
    let news: BTreeMap<K, &T> = new.iter().map(|it| (key(it), it)).collect();
    let keys: BTreeSet<&K> = olds.keys().chain(news.keys()).collect();
    keys.into_iter().map(|it| (olds.get(it).copied(), news.get(it).copied())).collect()
}
