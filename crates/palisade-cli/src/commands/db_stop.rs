//! `db-stop`

use crate::{CommandError, ConnectionArgs, Context, Outcome};
use palisade_embedded::{dev, stop_scratch};
use serde_json::json;
use std::fmt::Write as _;

/// Stop the local server of this project; its data stays
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-stop
  cargo xtask db-stop --all")]
pub(crate) struct DbStopArgs {
    /// Also the servers for throwaway databases, which all projects of this user share
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(context: &mut Context, args: DbStopArgs) -> Result<Outcome, CommandError> {
    let settings = context.select(&ConnectionArgs::default())?.embedded();
    let stopped = dev::stop(&settings).await?;
    let mut text = if stopped { "The local server is stopped" } else { "The local server did not run" }.to_owned();
    let mut scratch = None;
    if args.all {
        let servers = stop_scratch(&settings).await?;
        let _ = write!(text, "\nServers for throwaway databases stopped: {servers}");
        scratch = Some(servers);
    }
    Ok(Outcome::done(text).data(json!({ "stopped": stopped, "scratch_servers_stopped": scratch })))
}
