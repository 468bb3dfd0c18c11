//! `man`

use crate::{CommandError, Context, Outcome};
use camino::Utf8PathBuf;
use serde_json::json;

/// Print the manual page, or write all of them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask man | man -l -
  cargo xtask man --to ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Directory to write one page a command into; it is made if it is missing
    #[arg(long, value_name = "DIR")]
    to: Option<Utf8PathBuf>,
}

pub(crate) async fn run(context: &mut Context, args: ManArgs) -> Result<Outcome, CommandError> {
    let (tree, _) = context.tree();
    let Some(directory) = args.to else {
        let mut page = Vec::new();
        clap_mangen::Man::new(tree).render(&mut page).map_err(|error| CommandError::of("no-man-page", &error))?;
        let page = String::from_utf8_lossy(&page).into_owned();
        let data = json!({ "page": page });
        return Ok(Outcome::done(page).data(data));
    };
    std::fs::create_dir_all(&directory).and_then(|()| clap_mangen::generate_to(tree, &directory)).map_err(|error| {
        let message = format!("could not write the manual pages to `{directory}`: {error}");
        CommandError::failed("no-man-page", message)
    })?;
    Ok(Outcome::done(format!("Wrote the manual pages to {directory}")).data(json!({ "directory": directory })))
}
