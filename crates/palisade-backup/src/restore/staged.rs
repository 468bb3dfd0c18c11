//! Restoring in stages, with several connections.

mod indexes;
mod large_objects;
mod locks;
mod parts;
mod plan;
mod spread;
mod store;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join;
use palisade_embedded::Installation;

use super::run::pipe;
use super::{Edit, RestoreOptions};
use crate::manifest::Engine;
use crate::restore_error::RestoreError;
use crate::said::Said;
use plan::Plan;

/// A part of a restore with several jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// What is in the backup; nothing is written.
    Contents,
    /// Schemas, types, tables, functions: in one transaction.
    Schema,
    /// Rows of tables and large objects.
    Rows,
    /// What comes behind rows: indexes, constraints, triggers, policies, rights.
    Rest,
}

/// To follow "while".
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contents => "reading what is in the backup",
            Self::Schema => "making the schema",
            Self::Rows => "loading rows",
            Self::Rest => "making indexes, constraints, policies and rights",
        })
    }
}

impl Stage {
    /// What a failure in this stage means for the target.
    fn failed(self, options: &RestoreOptions) -> impl FnOnce(RestoreError) -> RestoreError {
        let database = options.target.settings().url.database.clone();
        move |cause| {
            let cause = Box::new(cause);
            match self {
                Self::Contents | Self::Schema => RestoreError::Stage { stage: self, cause },
                Self::Rows | Self::Rest => RestoreError::Incomplete { stage: self, database, cause },
            }
        }
    }
}

/// Restores everything, and returns what should be known of it.
pub(super) async fn restore(
    options: &RestoreOptions,
    installation: &Installation,
    edit: &Edit,
    tell: &mut (impl FnMut(u64) + Send),
) -> Result<Vec<String>, RestoreError> {
    let plan = plan::plan(options, edit, &mut *tell).await.map_err(Stage::Contents.failed(options))?;
    let Plan { schema, tables, large_objects, rest } = plan;
    let schema: Bytes = schema.write().into();
    // All of it is there: nothing has to be held back. If nobody takes it, the program says why.
    let feeding = async |sink: tokio::sync::mpsc::Sender<Bytes>| {
        let _ = sink.send(schema).await;
        Ok(())
    };
    let mut said = vec![pipe(options, installation, feeding).await.map_err(Stage::Schema.failed(options))?];

    let tell = Mutex::new(tell);
    let tell = |bytes| tell.lock().unwrap_or_else(PoisonError::into_inner)(bytes);
    let loading = async {
        match options.manifest.engine {
            Engine::Single => spread::load(options, installation, tables, large_objects, tell).await,
            Engine::Parallel => {
                let rows = parts::load(options, &tables, tell);
                let ((), said) =
                    try_join(rows, large_objects::load(options, installation, large_objects, tell)).await?;
                Ok(said)
            }
        }
    };
    said.extend(loading.await.map_err(Stage::Rows.failed(options))?);
    said.push(indexes::make(options, installation, &rest).await.map_err(Stage::Rest.failed(options))?);
    Ok(said.into_iter().flat_map(Said::warnings).collect())
}
