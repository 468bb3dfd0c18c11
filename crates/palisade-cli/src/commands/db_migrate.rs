//! `db-migrate`

use crate::arguments::WriteArgs;
use crate::push::{Detail, Road, describe};
use crate::{CommandError, Context, Outcome};
use palisade_guard::Scope;

/// Apply pending migrations, and nothing else
///
/// For work on a local database. `db-push` applies row security as well, and is the only way to a protected environment.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-migrate
  cargo xtask db-migrate --dry-run
  cargo xtask db-migrate --down")]
pub(crate) struct DbMigrateArgs {
    /// Also apply migrations that come before one that is applied
    #[arg(long)]
    allow_out_of_order: bool,

    /// Take back the latest migration instead, by its `.down.sql`
    #[arg(long, conflicts_with = "allow_out_of_order")]
    down: bool,

    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbMigrateArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.write.connection)?;
    selection.refuse_if_protected("`db-migrate`")?;
    let road = Road::new(&selection, if args.down { Scope::LatestMigrationBack } else { Scope::Migrations })?
        .out_of_order(args.allow_out_of_order);
    if args.write.dry_run {
        return road.dry_run(context).await;
    }
    let (text, data) = describe(&Box::pin(road.push(context, &args.write, None)).await?, Detail::Full);
    Ok(Outcome::done(text).data(data))
}
