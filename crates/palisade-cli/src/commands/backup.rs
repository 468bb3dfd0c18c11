//! `backup`, `backup create`, `backup list`, `backup restore`

use crate::{CommandError, Context, Outcome, Selection};
use camino::Utf8PathBuf;
use palisade_config::BackupStore;

pub(crate) mod create;
mod list;
mod restore;

/// Back up a database, list backups, restore one
///
/// Without a word behind it: `backup create`. A backup is a file of `pg_dump` with a manifest next to it, in the directory
/// that `[backup] store` names. It appears under its name only when it is complete.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  cargo xtask backup --env prod
  cargo xtask backup list
  cargo xtask backup restore k7m2xq --to dev")]
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
    /// Put a backup into another database
    Restore(restore::RestoreArgs),
}

pub(crate) async fn run(context: &mut Context, args: BackupArgs) -> Result<Outcome, CommandError> {
    match args.what {
        None => create::run(context, args.create).await,
        Some(What::Create(args)) => create::run(context, args).await,
        Some(What::List(args)) => list::run(context, &args),
        Some(What::Restore(args)) => restore::run(context, args).await,
    }
}

/// The directory in which backups are.
pub(crate) fn store(selection: &Selection) -> Result<Utf8PathBuf, CommandError> {
    match &selection.environment.backup.store {
        BackupStore::Directory(path) => Ok(path.clone()),
        BackupStore::Url(url) => {
            let message = format!("backups are kept in directories, and `[backup] store` is `{url}`");
            Err(CommandError::failed("not-a-directory", message).help("name a directory in `[backup] store`"))
        }
    }
}
