//! `backup show`

use crate::backups::{self, StoreArgs};
use crate::table::table;
use crate::units::{bytes, duration};
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use palisade_backup::{Entry, Manifest, StageDuration};
use serde_json::json;
use std::fmt::Write as _;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// The backup: its id, the end of it, or `latest`
    #[arg(value_name = "ID")]
    backup: String,

    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(context: &Context, args: ShowArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    let (place, entry) = backups::named(context, &selection, &args.store, &args.backup).await?;
    let manifest = backups::complete(&entry)?;
    let data = json!({ "place": place.of(&entry.name), "manifest": manifest, "verdicts": entry.verdicts });
    Ok(Outcome::done(text(&entry, manifest)).data(data))
}

fn text(entry: &Entry, manifest: &Manifest) -> String {
    let encryption = manifest.encryption.as_ref().map_or("none".to_owned(), |it| it.recipients.join(", "));
    let lsn = manifest.snapshot.lsn.as_deref().unwrap_or("unknown");
    let mut text = format!(
        "{}\nSource      {} on {}:{}, Postgres {}\nState of    {}, LSN {lsn}\nSize        {} in {} parts, {} before compression\n\
         Encryption  {encryption}\nRead by     {} engine, pg_dump {}\nTook        {}\nSchema      {}",
        entry.name,
        manifest.source.database,
        manifest.source.host,
        manifest.source.port,
        manifest.server_version,
        manifest.snapshot.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        bytes(manifest.bytes()),
        manifest.parts.len(),
        bytes(manifest.plain_bytes()),
        manifest.engine.as_str(),
        manifest.client_version,
        took(manifest),
        manifest.fingerprint,
    );
    for verdict in &entry.verdicts {
        let found = if verdict.problems.is_empty() { "good".to_owned() } else { verdict.problems.join("; ") };
        let at = verdict.at.strftime("%Y-%m-%d %H:%M UTC");
        let _ = write!(text, "\nVerified    {at} at level {}: {found}", verdict.level);
        for unverified in &verdict.unverified {
            let _ = write!(text, "\n            not told: {unverified}");
        }
    }
    for exclusion in &manifest.exclusions {
        let _ = write!(text, "\nNot in it   {} ({})", exclusion.what, exclusion.why);
    }
    for warning in &manifest.warnings {
        let _ = write!(text, "\nwarning     {warning}");
    }
    let rows: Vec<Vec<String>> = manifest
        .tables
        .iter()
        .map(|it| vec![it.qualified(), format!("{} rows", it.rows), bytes(it.bytes), it.digest.clone()])
        .collect();
    if !rows.is_empty() {
        let _ = write!(text, "\n\n{}", table(&rows));
    }
    text
}

/// How long it took to make, and each stage of that, if it was measured.
fn took(manifest: &Manifest) -> String {
    let total = duration(manifest.finished_at.duration_since(manifest.started_at).unsigned_abs());
    let stage = |StageDuration { what, milliseconds }: &StageDuration| {
        format!("{what} {}", duration(Duration::from_millis(*milliseconds)))
    };
    let stages: Vec<String> = manifest.stages.iter().map(stage).collect();
    if stages.is_empty() { total } else { format!("{total}: {}", stages.join(", ")) }
}
