//! `rls matrix` and its siblings: what row security means.

use crate::{CommandError, Context, Outcome};

pub(crate) mod diff;
mod lint;
pub(crate) mod lock;
mod matrix;

/// Say what row security means: who can do what to which rows
///
/// All of these read; `db-rls` applies.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls matrix
  cargo xtask rls matrix --env prod --role anon
  cargo xtask rls lint
  cargo xtask rls diff --from env:prod --to migrations
  cargo xtask rls lock --check")]
pub(crate) struct RlsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show for every role, table and command which rows it reaches, and why
    Matrix(matrix::MatrixArgs),
    /// Find what is dangerous, useless or slow
    Lint(lint::LintArgs),
    /// Say in words who can do more or less in one database than in another
    Diff(diff::DiffArgs),
    /// Write down who can do what, in `rls/access.lock`
    Lock(lock::LockArgs),
}

pub(crate) async fn run(context: &mut Context, args: RlsArgs) -> Result<Outcome, CommandError> {
    match args.what {
        What::Matrix(args) => matrix::run(context, &args).await,
        What::Lint(args) => lint::run(context, &args).await,
        What::Diff(args) => diff::run(context, &args).await,
        What::Lock(args) => lock::run(context, &args).await,
    }
}
