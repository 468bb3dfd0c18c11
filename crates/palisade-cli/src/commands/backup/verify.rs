//! `backup verify`

use crate::backups::{self, StoreArgs};
use crate::units::duration;
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use palisade_backup::{Level, verify};
use serde_json::json;
use std::fmt::Write as _;
use std::time::Duration;

/// Say whether a backup is what it says
///
/// Level 1 compares sizes and hashes and needs no key. Level 2 decrypts and reads everything and compares the rows of each table.
/// Level 3 restores it into a throwaway database of the same version and compares rows, sequences and schema; every query of
/// `backup/checks/*.sql` must return no row there. The verdict is kept beside the backup. Exit code 3 if something is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask backup verify latest
  cargo xtask backup verify 2NYE --level 3")]
pub(super) struct VerifyArgs {
    /// The backup: its id, the end of it, or `latest`
    #[arg(value_name = "ID")]
    backup: String,

    /// How much is verified: 1, 2 or 3
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=3), default_value = "2")]
    level: u8,

    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(context: &Context, args: VerifyArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    let (place, entry) = backups::named(context, &selection, &args.store, &args.backup).await?;
    let manifest = backups::complete(&entry)?;
    let identities = backups::identities(&selection)?;
    let level = match args.level {
        1 => Level::Sums,
        2 => Level::Contents,
        _ => Level::Restored(Box::new(backups::laboratory(&selection))),
    };
    let progress = backups::verifying(context.printer.clone());
    let verdict = Box::pin(verify(&place.store, manifest, identities.as_ref(), &level, progress)).await?;
    let time = duration(Duration::from_millis(verdict.milliseconds));
    let data = json!({ "backup": entry.name, "verdict": verdict });
    let mut text = if verdict.problems.is_empty() {
        format!("`{}` is what was backed up (level {}, {time})", entry.name, verdict.level)
    } else {
        format!("`{}` is not what was backed up (level {}, {time}):", entry.name, verdict.level)
    };
    for problem in &verdict.problems {
        let _ = write!(text, "\n  {problem}");
    }
    for unverified in &verdict.unverified {
        let _ = write!(text, "\nnot told: {unverified}");
    }
    let exit = if verdict.problems.is_empty() { Exit::Done } else { Exit::Found };
    Ok(Outcome::done(text).data(data).exit(exit))
}
