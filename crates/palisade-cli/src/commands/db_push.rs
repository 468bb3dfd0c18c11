//! `db-push`

use crate::arguments::WriteArgs;
use crate::push::{Detail, Road, describe};
use crate::{CommandError, Context, Outcome};
use palisade_guard::{AllowedWidening, Scope};

/// Bring a database to what the files say: migrations, then row security
///
/// An environment that is not protected is changed at once. For a protected one (`prod`) the plan is shown, every gate has
/// to be open (clean history, applied in `dev` first, no drift, nobody can do more unless `rls/access.lock` says so), somebody types the environment's name, a backup is
/// taken, and only then the plan is applied, exactly as it was shown. In a pipeline `--approve DIGEST` takes the place of
/// typing: the digest names this one plan, and `db-plan` prints it beforehand.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-push
  cargo xtask db-push --env prod
  cargo xtask db-push --env prod --approve 3f1c0a9b77d2e846 --non-interactive")]
pub(crate) struct DbPushArgs {
    /// Approve exactly the plan that has this digest
    #[arg(long, value_name = "DIGEST")]
    approve: Option<String>,

    /// Also apply migrations that come before one that is applied
    #[arg(long)]
    allow_out_of_order: bool,

    /// Let this be wider than before without `rls/access.lock` saying so; can be given several times
    #[arg(long, value_name = "ROLE:TABLE:COMMAND")]
    allow_widen: Vec<AllowedWidening>,

    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbPushArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.write.connection)?;
    let road =
        Road::new(&selection, Scope::All)?.out_of_order(args.allow_out_of_order).allow_widening(args.allow_widen);
    if args.write.dry_run {
        return road.dry_run(context).await;
    }
    let pushed = Box::pin(road.push(context, &args.write, args.approve.as_deref())).await?;
    let (text, data) = describe(&pushed, Detail::Full);
    Ok(Outcome::done(text).data(data))
}
