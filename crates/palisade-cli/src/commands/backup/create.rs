//! `backup create`

use crate::units::{bytes, duration};
use crate::{CommandError, ConnectionArgs, Context, Outcome, Printer};
use palisade_backup::{CreateOptions, Manifest, Progress, create};
use serde_json::json;
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub(super) struct CreateArgs {
    /// Show what would be backed up, and where to; write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(context: &mut Context, args: CreateArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.connection)?;
    let store = super::store(&selection)?;
    let name = selection.environment.name.clone();
    if args.dry_run {
        let text = format!("Would back up `{name}` into {store}");
        return Ok(Outcome::done(text).data(json!({ "dry_run": true, "store": store })));
    }
    let options = CreateOptions {
        store: store.clone(),
        environment: name,
        connect: selection.reach(&context.printer).await?,
        history: selection.environment.history_table.clone(),
        embedded: selection.embedded(),
    };
    let manifest = create(&options, reporter(context.printer.clone())).await?;
    let text = format!("{}\n{}", store.join(manifest.name.dump_file()), describe(&manifest));
    Ok(Outcome::done(text).data(json!({ "file": store.join(manifest.name.dump_file()), "manifest": manifest })))
}

/// Shows amount and rate while a backup is made.
pub(crate) fn reporter(printer: Printer) -> impl FnMut(Progress) + Send {
    move |Progress { bytes: done, database_bytes, elapsed }| {
        let rate = u128::from(done) * 1000 / elapsed.as_millis().max(1);
        let rate = bytes(u64::try_from(rate).unwrap_or(u64::MAX));
        printer.progress(&format!("Backing up: {} of a database of {}, {rate}/s", bytes(done), bytes(database_bytes)));
    }
}

fn describe(manifest: &Manifest) -> String {
    let elapsed = manifest.finished_at.duration_since(manifest.started_at).unsigned_abs();
    let migrations = manifest.migrations.as_ref().map_or(0, Vec::len);
    let mut text = format!(
        "{} in {}: {} objects, {migrations} migrations, Postgres {}",
        bytes(manifest.bytes),
        duration(elapsed),
        manifest.objects,
        manifest.server_version
    );
    for warning in &manifest.warnings {
        let _ = write!(text, "\nwarning: {warning}");
    }
    text
}
