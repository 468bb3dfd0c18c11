//! `rls matrix` and its siblings: what row security means.

use crate::{CommandError, Context, Outcome};

mod attack;
pub(crate) mod diff;
mod explain;
mod lint;
pub(crate) mod lock;
mod matrix;
mod test;

/// Say what row security means: who can do what to which rows
///
/// All of these read; `db-rls` applies.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls matrix
  cargo xtask rls matrix --env prod --role anon
  cargo xtask rls test
  cargo xtask rls attack
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
    /// Run the tests of `rls/tests`, and find out what they do not notice
    Test(test::TestArgs),
    /// Try to reach the rows of others, and show every way that leads there
    Attack(attack::AttackArgs),
    /// Say why somebody can or cannot reach a row
    Explain(explain::ExplainArgs),
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
        What::Test(args) => test::run(context, &args).await,
        What::Attack(args) => attack::run(context, &args).await,
        What::Explain(args) => explain::run(context, &args).await,
        What::Lint(args) => lint::run(context, &args).await,
        What::Diff(args) => diff::run(context, &args).await,
        What::Lock(args) => lock::run(context, &args).await,
    }
}
