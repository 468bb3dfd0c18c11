//! `completions`

use crate::{CommandError, Context, Outcome};
use clap_complete::Shell;
use serde_json::json;

/// Print the completion script of a shell
///
/// The script completes commands, options and their values for the `palisade` program.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  palisade completions bash > ~/.local/share/bash-completion/completions/palisade
  palisade completions zsh  > ~/.zfunc/_palisade
  palisade completions fish > ~/.config/fish/completions/palisade.fish")]
pub(crate) struct CompletionsArgs {
    /// Shell to complete in
    shell: Shell,
}

pub(crate) async fn run(context: &mut Context, args: CompletionsArgs) -> Result<Outcome, CommandError> {
    let (mut tree, program) = context.tree();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut tree, program, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let data = json!({ "shell": args.shell.to_string(), "script": script });
    Ok(Outcome::done(script).data(data))
}
