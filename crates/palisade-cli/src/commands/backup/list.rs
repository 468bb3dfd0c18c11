//! `backup list`

use crate::table::table;
use crate::units::bytes;
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use palisade_backup::{Entry, State, list};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {}

pub(super) fn run(context: &Context, _: &ListArgs) -> Result<Outcome, CommandError> {
    let store = super::store(&context.select(&ConnectionArgs::default())?)?;
    let entries = list(&store)?;
    if entries.is_empty() {
        return Ok(
            Outcome::done(format!("There are no backups in {store}")).data(json!({ "store": store, "backups": [] }))
        );
    }
    let text = table(&entries.iter().map(row).collect::<Vec<_>>());
    let objects: Vec<Value> = entries.iter().map(object).collect();
    Ok(Outcome::done(text).data(json!({ "store": store, "backups": objects })))
}

fn row(entry: &Entry) -> Vec<String> {
    let name = entry.name.to_string();
    match &entry.state {
        State::Complete(manifest) => {
            let migrations = manifest.migrations.as_ref().map_or(0, Vec::len);
            let server = format!("Postgres {}", manifest.server_version);
            vec![name, bytes(manifest.bytes), server, format!("{migrations} migrations")]
        }
        State::Damaged { .. } | State::Running | State::Abandoned => vec![name, state(entry)],
    }
}

fn object(entry: &Entry) -> Value {
    json!({ "name": entry.name, "file": entry.dump, "state": state(entry), "manifest": entry.manifest() })
}

fn state(entry: &Entry) -> String {
    match &entry.state {
        State::Complete(_) => "complete".to_owned(),
        State::Damaged { reason } => format!("damaged: {reason}"),
        State::Running => "being written now".to_owned(),
        State::Abandoned => "interrupted, the next backup removes it".to_owned(),
    }
}
