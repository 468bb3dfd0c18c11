//! Commands that no database needs: they panic, hang and talk too much, so that tests can see what becomes of it.

use palisade_cli::{CliRunner, CommandError, Context, Outcome, clap};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    CliRunner::new()
        .called("misbehave")
        .command("panic", panic)
        .command("hang", hang)
        .command("chatter", chatter)
        .command("decide", decide)
        .run()
}

/// Panic with a connection string in the message
#[derive(clap::Args)]
struct Panic {
    url: String,
}

async fn panic(_: &mut Context, args: Panic) -> Result<Outcome, CommandError> {
    panic!("cannot go on with {}", args.url)
}

/// Hang until a signal comes, then leave a sign that the guard ran
#[derive(clap::Args)]
struct Hang {
    sign: PathBuf,
}

struct Guard(PathBuf);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = std::fs::write(&self.0, "cleaned up");
    }
}

async fn hang(context: &mut Context, args: Hang) -> Result<Outcome, CommandError> {
    let _guard = Guard(args.sign);
    context.printer.note("hanging");
    std::future::pending().await
}

/// Say a text in all ways there are
#[derive(clap::Args)]
struct Chatter {
    text: String,
}

async fn chatter(context: &mut Context, args: Chatter) -> Result<Outcome, CommandError> {
    let text = args.text;
    context.printer.note(&text);
    context.printer.warn(&text);
    context.printer.progress(&text);
    let data = [("text", text.clone())].into_iter().collect::<std::collections::BTreeMap<_, _>>();
    let data = serde_json::to_value(data).map_err(|error| CommandError::of("json", &error))?;
    Ok(Outcome::done(text).data(data))
}

/// Ask for a decision
#[derive(clap::Args)]
struct Decide {
    /// The decision
    #[arg(long)]
    yes: bool,
}

async fn decide(context: &mut Context, args: Decide) -> Result<Outcome, CommandError> {
    if !args.yes {
        context.prompt.yes("Drop everything?", "--yes").await?;
    }
    Ok(Outcome::done("decided"))
}
