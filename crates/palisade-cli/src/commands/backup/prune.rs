//! `backup prune`

use crate::backups::{self, Place, StoreArgs};
use crate::table::table;
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use jiff::{SignedDuration, Timestamp};
use palisade_backup::retention::{Decision, Policy, candidates, decide};
use palisade_backup::{delete, list};
use palisade_config::Retention;
use serde_json::json;
use std::fmt::Write as _;
use std::time::Duration;

/// Remove the backups of the environment that no rule keeps
///
/// The rules are `keep-last`, `keep-hourly` … `keep-yearly`, `keep-within` and `minimum-age` of `[backup]`. Only backups that were
/// verified count, and the newest of them always stays. Nothing is removed if the latest backup failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask backup prune --env prod --dry-run
  cargo xtask backup prune --env prod")]
pub(super) struct PruneArgs {
    /// Show what would be removed and why; remove nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(context: &Context, args: PruneArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    let place = backups::place(&selection, &args.store)?;
    let name = &selection.environment.name;
    let mut entries = list(&place.store).await?;
    // Another environment has rules of its own.
    entries.retain(|it| it.name.environment() == name);
    let policy = policy(&selection.environment.backup.keep);
    let decisions = decide(&policy, &candidates(&entries), Timestamp::now())?;
    let (kept, gone): (Vec<&Decision>, Vec<&Decision>) = decisions.iter().partition(|it| it.keep);
    if !args.dry_run {
        remove(&place, &gone).await?;
    }
    let data = json!({ "store": place.name, "dry_run": args.dry_run, "decisions": decisions });
    let word = if args.dry_run { "would go" } else { "removed" };
    let row = |it: &Decision| {
        let what = if it.keep { "stays" } else { word };
        vec![it.name.to_string(), what.to_owned(), it.reasons.join(", ")]
    };
    let mut text = table(&decisions.iter().map(row).collect::<Vec<_>>());
    if decisions.is_empty() {
        text = format!("There are no backups of `{name}` in {}", place.name);
    }
    if !gone.is_empty() || !kept.is_empty() {
        let _ = write!(text, "\n{} of {} {word}", gone.len(), decisions.len());
    }
    Ok(Outcome::done(text).data(data))
}

async fn remove(place: &Place, gone: &[&Decision]) -> Result<(), CommandError> {
    for decision in gone {
        delete(&place.store, &decision.name).await?;
    }
    // What writers that died have left besides. A live one is not disturbed.
    place.store.sweep(Duration::from_hours(48)).await?;
    Ok(())
}

fn policy(keep: &Retention) -> Policy {
    let signed = |it: Duration| SignedDuration::try_from(it).unwrap_or(SignedDuration::MAX);
    Policy {
        last: keep.last,
        hourly: keep.hourly,
        daily: keep.daily,
        weekly: keep.weekly,
        monthly: keep.monthly,
        yearly: keep.yearly,
        within: (!keep.within.is_zero()).then(|| signed(keep.within)),
        minimum_age: signed(keep.minimum_age),
    }
}
