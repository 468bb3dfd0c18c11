//! `backup list`

use crate::backups::{self, StoreArgs};
use crate::table::table;
use crate::units::bytes;
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use palisade_backup::{Entry, State, list};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<Outcome, CommandError> {
    let place = backups::place(&context.select(&ConnectionArgs::default())?, &args.store)?;
    let entries = list(&place.store).await?;
    let data = json!({ "store": place.name, "backups": entries.iter().map(object).collect::<Vec<Value>>() });
    if entries.is_empty() {
        return Ok(Outcome::done(format!("There are no backups in {}", place.name)).data(data));
    }
    let text = table(&entries.iter().map(row).collect::<Vec<_>>());
    Ok(Outcome::done(text).data(data))
}

fn row(entry: &Entry) -> Vec<String> {
    let (name, started) = (entry.name.to_string(), entry.name.started().strftime("%Y-%m-%d %H:%M UTC").to_string());
    match &entry.state {
        State::Complete(manifest) => {
            let rows = format!("{} rows", manifest.rows());
            vec![name, started, bytes(manifest.bytes()), rows, verified(entry)]
        }
        State::Damaged { .. } | State::Foreign { .. } | State::Unfinished => vec![name, started, state(entry)],
    }
}

fn verified(entry: &Entry) -> String {
    match (entry.problem(), entry.verified_level()) {
        (Some(verdict), _) => format!("bad: {}", verdict.problems.join("; ")),
        (None, Some(level)) => format!("verified at level {level}"),
        (None, None) => "not verified".to_owned(),
    }
}

fn object(entry: &Entry) -> Value {
    json!({
        "id": entry.name.id(), "name": entry.name, "state": state(entry), "verified_level": entry.verified_level(),
        "verdicts": entry.verdicts, "manifest": entry.manifest(),
    })
}

fn state(entry: &Entry) -> String {
    match &entry.state {
        State::Complete(_) => "complete".to_owned(),
        State::Damaged { reason } => format!("damaged: {reason}"),
        State::Foreign { format } => format!("of another version of Palisade (format {format})"),
        State::Unfinished => "unfinished: it is being written, or its writing was interrupted".to_owned(),
    }
}
