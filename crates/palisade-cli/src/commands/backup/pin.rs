//! `backup pin`, `backup unpin`

use crate::backups::{self, StoreArgs};
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use palisade_backup::{pin, unpin};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct PinArgs {
    /// The backup: its id, the end of it, or `latest`
    #[arg(value_name = "ID")]
    backup: String,

    /// Why it has to stay
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,

    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct UnpinArgs {
    /// The backup: its id, the end of it, or `latest`
    #[arg(value_name = "ID")]
    backup: String,

    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(context: &Context, args: PinArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    let (place, entry) = backups::named(context, &selection, &args.store, &args.backup).await?;
    if entry.pinned.is_none() {
        pin(&place.store, &entry.name, &args.reason).await?;
    }
    let text = format!("`backup prune` leaves `{}` alone", entry.name);
    Ok(Outcome::done(text).data(json!({ "backup": entry.name, "pinned": true })))
}

pub(super) async fn run_unpin(context: &Context, args: UnpinArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    let (place, entry) = backups::named(context, &selection, &args.store, &args.backup).await?;
    unpin(&place.store, &entry.name).await?;
    let text = format!("`backup prune` may remove `{}`", entry.name);
    Ok(Outcome::done(text).data(json!({ "backup": entry.name, "pinned": false })))
}
