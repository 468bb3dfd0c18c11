//! `cargo xtask test`: the whole suite of this repository.

use crate::archives;
use crate::program::run;
use palisade_cli::{CommandError, Context, Outcome, clap};
use std::path::Path;

/// Run the whole suite: fetch what it needs, then all tests and the example workspace
///
/// The suite runs on real Postgres servers that it starts itself: the newest one installed here, and two further
/// versions whose archives are fetched once into `target/pg-archives`. Nothing is ever skipped: what is missing is an
/// error.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask test
  cargo xtask test -- --package palisade-migrator lost_commit")]
pub(crate) struct TestArgs {
    /// Words for `cargo test` in place of `--workspace`; the example workspace is left out then
    #[arg(last = true, value_name = "WORDS")]
    words: Vec<String>,
}

pub(crate) async fn test(context: &mut Context, args: TestArgs) -> Result<Outcome, CommandError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let postgres = context.installation().await?;
    context.printer.note(&format!("Postgres {} at {}", postgres.version, postgres.bin));
    let archives = archives::bring(root, &context.printer).await?;
    let test = if args.words.is_empty() { vec!["--workspace".to_owned()] } else { args.words.clone() };
    run("cargo", &[&["test".to_owned()], &test[..]].concat(), root, &[("PALISADE_TEST_PG_ARCHIVES", &archives)])
        .await?;
    if args.words.is_empty() {
        example(root).await?;
    }
    Ok(Outcome::done("The suite has passed"))
}

/// Builds and runs `examples/custom_xtask` as its own workspace, with our versions of all dependencies.
async fn example(root: &Path) -> Result<(), CommandError> {
    let directory = root.join("examples/custom_xtask");
    std::fs::copy(root.join("Cargo.lock"), directory.join("Cargo.lock"))
        .map_err(|error| CommandError::of("no-lock-file", &error))?;
    let target = root.join("target");
    for command in [&["db-init"][..], &["db-size"], &["db-stop"]] {
        let words = ["run", "--quiet", "--package", "shop-xtask", "--"].iter().chain(command);
        let words: Vec<String> = words.map(|it| (*it).to_owned()).collect();
        run("cargo", &words, &directory, &[("CARGO_TARGET_DIR", &target)]).await?;
    }
    Ok(())
}
