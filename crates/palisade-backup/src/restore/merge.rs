//! One archive of the parts that several connections have read.

use palisade_archive::{DataPosition, Entry, Section, Toc};
use palisade_db::DbError;
use palisade_sql::{Literal, QualifiedName};

use crate::inventory::column_list;
use crate::manifest::{Manifest, Sequence, TableContents};

/// The table of contents of everything, and the numbers of the tables in it that have rows, in the order of the manifest.
pub(super) struct Merged {
    pub(super) toc: Toc,
    pub(super) tables: Vec<(i32, TableContents)>,
}

/// Puts the tables of contents of pre-data, large objects and post-data together, with rows and sequences between them. Each was
/// numbered by a run of its own, so all get new numbers.
pub(super) fn merge(
    pre_data: Toc,
    large_objects: Option<Toc>,
    post_data: &Toc,
    manifest: &Manifest,
) -> Result<Merged, DbError> {
    let mut merged = pre_data;
    let entries = std::mem::take(&mut merged.entries);
    let mut numbers = Numbers { next: 1 };
    numbers.append(&mut merged, entries);
    // The data of large objects keep the numbers of their own archive, which stand before each block of them.
    let objects =
        large_objects.into_iter().flat_map(|it| it.entries).filter(|it| !it.is_setting() && it.desc != "DATABASE");
    let objects: Vec<Entry> = objects.collect();
    let highest = objects.iter().map(|it| it.dump_id).max().unwrap_or(0);
    if highest > 0 {
        numbers.move_behind(&mut merged, highest);
        merged.entries.extend(objects);
    }
    let mut tables = Vec::new();
    for table in manifest.tables.iter().filter(|it| it.rows > 0) {
        let number = numbers.take();
        merged.entries.push(rows(number, table)?);
        tables.push((number, table.clone()));
    }
    for sequence in &manifest.sequences {
        let number = numbers.take();
        merged.entries.push(position(number, sequence)?);
    }
    // Comments on indexes, triggers and policies have no section of their own.
    let post_data = post_data.sections().filter(|(section, _)| *section == Section::PostData);
    let post_data = post_data.map(|(_, entry)| entry.clone()).collect();
    numbers.append(&mut merged, post_data);
    Ok(Merged { toc: merged, tables })
}

/// Numbers that no entry has yet.
struct Numbers {
    next: i32,
}

impl Numbers {
    fn take(&mut self) -> i32 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Adds entries whose numbers mean each other, and nothing else.
    fn append(&mut self, to: &mut Toc, entries: Vec<Entry>) {
        let offset = self.next - 1;
        let highest = entries.iter().map(|it| it.dump_id).max().unwrap_or(0);
        to.entries.extend(entries.into_iter().map(|it| shifted(it, offset)));
        self.next += highest;
    }

    /// Makes room for numbers up to `highest`.
    fn move_behind(&mut self, toc: &mut Toc, highest: i32) {
        for entry in &mut toc.entries {
            *entry = shifted(entry.clone(), highest);
        }
        self.next += highest;
    }
}

fn shifted(mut entry: Entry, offset: i32) -> Entry {
    entry.dump_id += offset;
    for dependency in &mut entry.dependencies {
        if let Ok(number) = dependency.parse::<i32>() {
            *dependency = (number + offset).to_string();
        }
    }
    entry
}

pub(super) fn rows(number: i32, table: &TableContents) -> Result<Entry, DbError> {
    let name = qualified(&table.schema, &table.name)?;
    let columns = column_list(&table.columns)?;
    let columns = if columns.is_empty() { columns } else { format!(" ({columns})") };
    Ok(Entry {
        had_data: true,
        copy_statement: Some(format!("COPY {name}{columns} FROM stdin;\n")),
        data: DataPosition::NotSet,
        ..entry(number, "TABLE DATA", &table.schema, &table.name)
    })
}

pub(super) fn position(number: i32, sequence: &Sequence) -> Result<Entry, DbError> {
    let name = qualified(&sequence.schema, &sequence.name)?.to_string();
    let name = Literal::new(name).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let Sequence { last_value, is_called, .. } = sequence;
    Ok(Entry {
        definition: Some(format!("SELECT pg_catalog.setval({name}, {last_value}, {is_called});\n")),
        ..entry(number, "SEQUENCE SET", &sequence.schema, &sequence.name)
    })
}

fn qualified(schema: &str, name: &str) -> Result<QualifiedName, DbError> {
    QualifiedName::new(schema, name).map_err(|it| DbError::Unexpected { reason: it.to_string() })
}

/// An entry of ours.
pub(super) fn entry(number: i32, desc: &str, schema: &str, name: &str) -> Entry {
    Entry {
        dump_id: number,
        had_data: false,
        table_oid: "0".to_owned(),
        oid: "0".to_owned(),
        tag: Some(name.to_owned()),
        desc: desc.to_owned(),
        section: Section::Data,
        definition: Some(String::new()),
        drop_statement: Some(String::new()),
        copy_statement: None,
        namespace: Some(schema.to_owned()),
        tablespace: None,
        table_am: None,
        relation_kind: 0,
        owner: Some(String::new()),
        dependencies: Vec::new(),
        data: DataPosition::NoData,
    }
}
