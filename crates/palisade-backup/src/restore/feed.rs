//! From the store to `pg_restore`.

use std::collections::HashSet;

use bytes::Bytes;
use palisade_archive::{Entry, Event, Toc};
use tokio::sync::mpsc;

use super::merge::{self, Merged};
use super::outlet::{Mode, Outlet};
use super::{Edit, RestoreOptions, Selection};
use crate::fetch::{self, FetchError};
use crate::manifest::{Content, Engine, Part};
use crate::restore_error::RestoreError;
use crate::verify::different_rows;

/// What ends the rows of a table in an archive.
const END_OF_ROWS: &[u8] = b"\\.\n\n\n";

/// Sends everything, compares it with the manifest, and lets go of the end.
pub(super) async fn feed(
    options: &RestoreOptions,
    edit: Edit,
    sink: mpsc::Sender<Bytes>,
    tell: &mut (impl FnMut(u64) + Send),
) -> Result<(), RestoreError> {
    let (apply, selection) = (edit.clone(), options.selection.clone());
    let edited = move |toc: &mut Toc| {
        apply.apply(toc);
        wanted(toc, &selection)
    };
    let mut outlet = Outlet::new(sink, Box::new(edited));
    outlet = match options.manifest.engine {
        Engine::Single => {
            let part = part(options, &Content::Everything)?;
            outlet.begin(Mode::Archive);
            let mut outlet = open(options, part, outlet, tell).await?;
            ended(&mut outlet, part)?;
            outlet
        }
        Engine::Parallel => several(options, &edit, outlet, tell).await?,
    };
    let problems = different_rows(&options.manifest, &outlet.found.rows);
    if !problems.is_empty() {
        return Err(RestoreError::Different { problems });
    }
    if outlet.release().await { Ok(()) } else { Err(given_up("the end")) }
}

async fn several(
    options: &RestoreOptions,
    edit: &Edit,
    mut outlet: Outlet,
    tell: &mut (impl FnMut(u64) + Send),
) -> Result<Outlet, RestoreError> {
    let mut contents = Vec::new();
    let large_objects = options.manifest.parts.iter().find(|it| it.content == Content::LargeObjects);
    let (pre_data, post_data) = (part(options, &Content::PreData)?, part(options, &Content::PostData)?);
    for part in [Some(pre_data), Some(post_data), large_objects].into_iter().flatten() {
        outlet.begin(Mode::Contents);
        // Large objects are read twice: what is in them must be announced before their first byte.
        outlet = open(options, part, outlet, &mut *tell).await?;
        contents.push(ended(&mut outlet, part)?.ok_or_else(|| given_up(&part.file))?);
    }
    let mut contents = contents.into_iter();
    let (Some(pre), Some(post), objects) = (contents.next(), contents.next(), contents.next()) else {
        return Err(given_up("the schema"));
    };
    let Merged { mut toc, tables } = merge::merge(pre, objects, &post, &options.manifest)?;
    edit.apply(&mut toc);
    outlet.want(wanted(&toc, &options.selection));
    outlet.write(&Event::Toc(Box::new(toc))).await;
    if let Some(part) = large_objects {
        outlet.begin(Mode::Data);
        outlet = open(options, part, outlet, &mut *tell).await?;
        ended(&mut outlet, part)?;
    }
    for (number, table) in tables {
        outlet.write(&Event::DataBegin { dump_id: number }).await;
        let is_of_table = |part: &&Part| match &part.content {
            Content::Rows { schema, table: name } => *schema == table.schema && *name == table.name,
            _ => false,
        };
        for part in options.manifest.parts.iter().filter(is_of_table) {
            outlet.begin(Mode::Rows);
            outlet = open(options, part, outlet, &mut *tell).await?;
            let rows = outlet.rows().map_err(|error| RestoreError::Different { problems: vec![error.to_string()] })?;
            *outlet.found.rows.entry((table.schema.clone(), table.name.clone())).or_default() += rows;
        }
        outlet.write(&Event::Data(END_OF_ROWS)).await;
        if !outlet.write(&Event::DataEnd).await {
            return Err(given_up(&table.qualified()));
        }
    }
    Ok(outlet)
}

/// The entries whose data `pg_restore` reads.
pub(super) fn wanted(toc: &Toc, selection: &Selection) -> HashSet<i32> {
    let has_data = |it: &&Entry| it.has_data() && selection.wants_data(it);
    toc.entries.iter().filter(has_data).map(|it| it.dump_id).collect()
}

pub(super) fn part<'a>(options: &'a RestoreOptions, content: &Content) -> Result<&'a Part, RestoreError> {
    let found = options.manifest.parts.iter().find(|it| it.content == *content);
    found.ok_or_else(|| RestoreError::Different {
        problems: vec!["the manifest names no part with the schema".to_owned()],
    })
}

pub(super) async fn open(
    options: &RestoreOptions,
    part: &Part,
    outlet: Outlet,
    tell: &mut (impl FnMut(u64) + Send),
) -> Result<Outlet, RestoreError> {
    let identities = options.identities.as_ref();
    Ok(fetch::open(&options.store, &options.manifest, part, identities, outlet, tell).await?)
}

pub(super) fn ended(outlet: &mut Outlet, part: &Part) -> Result<Option<Toc>, RestoreError> {
    let contents = outlet.contents();
    Ok(contents.map_err(|source| FetchError::Archive { file: part.file.clone(), source })?)
}

pub(super) fn given_up(what: &str) -> RestoreError {
    RestoreError::Fetch(FetchError::GivenUp { file: what.to_owned() })
}
