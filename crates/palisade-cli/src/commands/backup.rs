//! `backup`, and what is done with backups.

use crate::{CommandError, Context, Outcome};

mod create;
mod diff;
mod list;
mod pin;
mod prune;
mod restore;
mod show;
mod verify;

/// Back up a database; list, verify and restore backups
///
/// Without a word behind it: `backup create`. All tables are read from one state of the database, and only what was read to its end
/// and compared becomes a backup.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  cargo xtask backup --env prod
  cargo xtask backup list
  cargo xtask backup verify latest --level 3
  cargo xtask backup restore 2NYE --to dev")]
pub(crate) struct BackupArgs {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    create: create::CreateArgs,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a backup of the environment's database
    Create(create::CreateArgs),
    /// Show the backups there are, newest first
    List(list::ListArgs),
    /// Show what a backup says about itself
    Show(show::ShowArgs),
    /// Show what changed from one backup to another
    Diff(diff::DiffArgs),
    Verify(verify::VerifyArgs),
    Restore(restore::RestoreArgs),
    Prune(prune::PruneArgs),
    /// Keep a backup whatever the rules say
    Pin(pin::PinArgs),
    /// Let the rules decide about a backup again
    Unpin(pin::UnpinArgs),
}

pub(crate) async fn run(context: &mut Context, args: BackupArgs) -> Result<Outcome, CommandError> {
    match args.what {
        None => create::run(context, args.create).await,
        Some(What::Create(args)) => create::run(context, args).await,
        Some(What::List(args)) => list::run(context, args).await,
        Some(What::Show(args)) => show::run(context, args).await,
        Some(What::Diff(args)) => diff::run(context, args).await,
        Some(What::Prune(args)) => prune::run(context, args).await,
        Some(What::Pin(args)) => pin::run(context, args).await,
        Some(What::Unpin(args)) => pin::run_unpin(context, args).await,
        Some(What::Verify(args)) => verify::run(context, args).await,
        Some(What::Restore(args)) => restore::run(context, args).await,
    }
}
