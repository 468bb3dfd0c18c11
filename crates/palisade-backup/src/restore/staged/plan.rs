//! What is restored in which stage.

use std::collections::{BTreeMap, BTreeSet};

use palisade_archive::{Entry, Section, Toc};
use palisade_db::DbError;
use palisade_sql::QualifiedName;

use super::locks;
use crate::inventory::column_list;
use crate::manifest::{Content, Engine, Manifest, TableContents};
use crate::restore::merge::{self, Merged};
use crate::restore::outlet::{Mode, Outlet};
use crate::restore::{Edit, RestoreOptions, feed, head, supabase};
use crate::restore_error::RestoreError;

/// An archive for each stage, and the tables whose rows are loaded.
pub(super) struct Plan {
    pub(super) schema: Toc,
    /// By the number of their data.
    pub(super) tables: BTreeMap<i32, Table>,
    /// The table of contents of large objects, if there are some.
    pub(super) large_objects: Option<Toc>,
    pub(super) rest: Toc,
}

/// A table whose rows are loaded.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) contents: TableContents,
    /// Quoted.
    pub(super) name: String,
    /// Quoted, in parentheses; empty for a table without columns.
    pub(super) columns: String,
    /// Whether it is one that the first stage has made, so that nothing is in it and nobody sees it.
    pub(super) created: bool,
    /// Whether its keys have to be put aside: see [`supabase::keys_aside`].
    pub(super) keys_aside: bool,
}

pub(super) async fn plan(
    options: &RestoreOptions,
    edit: &Edit,
    tell: &mut (impl FnMut(u64) + Send),
) -> Result<Plan, RestoreError> {
    let mut toc = match options.manifest.engine {
        // Its hash is known when all of it has been read, behind the rows.
        Engine::Single => first(head::contents(options).await?)?,
        Engine::Parallel => merged(options, tell).await?,
    };
    edit.fit(&mut toc);
    edit.begin(&mut toc);
    split(toc, &options.manifest, edit.supabase.is_some())
}

fn first(contents: Vec<Toc>) -> Result<Toc, RestoreError> {
    contents.into_iter().next().ok_or_else(|| feed::given_up("the table of contents"))
}

async fn merged(options: &RestoreOptions, tell: &mut (impl FnMut(u64) + Send)) -> Result<Toc, RestoreError> {
    let mut whole = Vec::new();
    for content in [Content::PreData, Content::PostData] {
        let part = feed::part(options, &content)?;
        // Nothing of it is written.
        let (sink, _nobody) = tokio::sync::mpsc::channel(1);
        let mut outlet = Outlet::new(sink, Box::new(|_| std::collections::HashSet::new()));
        outlet.begin(Mode::Contents);
        let mut outlet = feed::open(options, part, outlet, &mut *tell).await?;
        whole.push(feed::ended(&mut outlet, part)?.ok_or_else(|| feed::given_up(&part.file))?);
    }
    let mut whole = whole.into_iter();
    let (Some(pre_data), Some(post_data)) = (whole.next(), whole.next()) else {
        return Err(feed::given_up("the schema"));
    };
    let objects = match options.manifest.parts.iter().find(|it| it.content == Content::LargeObjects) {
        Some(part) => Some(head::head(options, part).await?),
        None => None,
    };
    let Merged { toc, tables: _ } = merge::merge(pre_data, objects, &post_data, &options.manifest)?;
    Ok(toc)
}

/// Rights come last: until everything is there, nobody has them.
fn split(mut toc: Toc, manifest: &Manifest, is_supabase: bool) -> Result<Plan, RestoreError> {
    let sections: Vec<Section> = toc.sections().map(|(section, _)| section).collect();
    let entries = std::mem::take(&mut toc.entries);
    let (mut schema, mut objects, mut rest) = (toc.clone(), toc.clone(), toc);
    let (mut rights, mut rows, mut tables_only) = (Vec::new(), Vec::new(), Vec::new());
    let mut created = BTreeSet::new();
    for (section, entry) in sections.into_iter().zip(entries) {
        match (section, entry.desc.as_str()) {
            _ if entry.is_setting() => {
                objects.entries.push(entry.clone());
                rest.entries.push(entry.clone());
                schema.entries.push(entry);
            }
            (_, "TABLE DATA") => rows.push(entry),
            (Section::PreData | Section::None, "ACL" | "DEFAULT ACL") => rights.push(entry),
            (Section::PreData | Section::None, _) | (Section::Data, "SEQUENCE SET") => {
                if entry.desc == "TABLE" {
                    created.insert((entry.namespace.clone(), entry.tag.clone()));
                    tables_only.push(locks::nothing_but_a_name(&entry));
                }
                schema.entries.push(entry);
            }
            (Section::Data, _) => objects.entries.push(entry),
            (Section::PostData, _) => rest.entries.push(entry),
        }
    }
    // As part of the last stage, whatever they followed.
    rest.entries.extend(rights.into_iter().map(|it| Entry { section: Section::PostData, ..it }));
    locks::name(&mut rest, tables_only);
    let has_objects = objects.entries.iter().any(Entry::has_data);
    let mut tables = BTreeMap::new();
    for entry in rows.into_iter().filter(Entry::has_data) {
        let is_created = created.contains(&(entry.namespace.clone(), entry.tag.clone()));
        tables.insert(entry.dump_id, table(&entry, manifest, is_created, is_supabase)?);
    }
    Ok(Plan { schema, tables, large_objects: has_objects.then_some(objects), rest })
}

fn table(entry: &Entry, manifest: &Manifest, created: bool, is_supabase: bool) -> Result<Table, RestoreError> {
    let (schema, name) = (entry.namespace.as_deref().unwrap_or_default(), entry.tag.as_deref().unwrap_or_default());
    let contents = manifest.tables.iter().find(|it| it.schema == schema && it.name == name);
    let Some(contents) = contents.cloned() else {
        let problems = vec![format!("the manifest does not know {schema}.{name}")];
        return Err(RestoreError::Different { problems });
    };
    let name = QualifiedName::new(schema, name).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
    let list = column_list(&contents.columns)?;
    Ok(Table {
        name: name.to_string(),
        columns: if list.is_empty() { list } else { format!(" ({list})") },
        keys_aside: is_supabase && !created && supabase::has_rows_of(schema),
        contents,
        created,
    })
}
