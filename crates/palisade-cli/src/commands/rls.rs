//! `rls matrix` and its siblings: what row security means.

use crate::{CommandError, Context, Outcome};

mod attack;
mod explain;
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
  cargo xtask rls attack")]
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
}

pub(crate) async fn run(context: &mut Context, args: RlsArgs) -> Result<Outcome, CommandError> {
    match args.what {
        What::Matrix(args) => matrix::run(context, &args).await,
        What::Test(args) => test::run(context, &args).await,
        What::Attack(args) => attack::run(context, &args).await,
        What::Explain(args) => explain::run(context, &args).await,
    }
}
