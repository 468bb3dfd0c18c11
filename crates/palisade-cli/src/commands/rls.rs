//! `rls matrix` and its siblings: what row security means.

use crate::{CommandError, Context, Outcome};

mod lint;
mod matrix;

/// Say what row security means: who can do what to which rows
///
/// All of these read; `db-rls` applies.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls matrix
  cargo xtask rls matrix --env prod --role anon
  cargo xtask rls lint")]
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
}

pub(crate) async fn run(context: &mut Context, args: RlsArgs) -> Result<Outcome, CommandError> {
    match args.what {
        What::Matrix(args) => matrix::run(context, &args).await,
        What::Lint(args) => lint::run(context, &args).await,
    }
}
