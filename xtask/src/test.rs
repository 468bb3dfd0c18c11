//! `cargo xtask test`: the whole suite of this repository.

use crate::archives;
use crate::pgbouncer;
use crate::program::run;
use palisade_cli::{CommandError, ConnectionArgs, Context, Outcome, clap};
use std::ffi::OsStr;
use std::path::Path;

/// Run the whole suite: fetch what it needs, then all tests and the example workspace
///
/// The suite runs on real Postgres servers that it starts itself: all of it on the newest one installed here, and what
/// depends on the server's version again on the two newest that Palisade knows. Their archives are fetched once into
/// `target/pg-archives`. Nothing is ever skipped: what is missing is an error.
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
    let program = std::env::current_exe().map_err(|error| CommandError::of("no-program", &error))?;
    let selection = context.select(&ConnectionArgs::default())?;
    let path = selection.variables.get("PATH").unwrap_or_default();
    let path = pgbouncer::bring(selection.embedded().cache_dir.as_std_path(), path, &context.printer).await?;
    let variables = [
        ("PALISADE_TEST_PG_ARCHIVES", archives.directory.as_os_str()),
        ("PALISADE_TEST_XTASK", program.as_os_str()),
        ("PATH", &path),
    ];
    if !args.words.is_empty() {
        cargo_test(root, &args.words, &variables).await?;
        return Ok(Outcome::done("The tests have passed"));
    }
    cargo_test(root, &["--workspace".to_owned()], &variables).await?;
    for archive in &archives.newest {
        context.printer.note(&format!("once more on {}", archive.display()));
        let more = [("PALISADE_PG_ARCHIVE", archive.as_os_str()), ("PALISADE_TEST_PAIRS", OsStr::new(PAIRS_ON_OTHERS))];
        let variables = [&variables[..], &more].concat();
        let packages = ON_EVERY_VERSION.iter().flat_map(|it| ["--package".to_owned(), (*it).to_owned()]);
        let words: Vec<String> = ["--test".to_owned(), "it".to_owned()].into_iter().chain(packages).collect();
        cargo_test(root, &words, &variables).await?;
    }
    example(root).await?;
    Ok(Outcome::done("The suite has passed"))
}

/// The crates whose results depend on the server's version.
const ON_EVERY_VERSION: [&str; 7] = [
    "palisade-db",
    "palisade-diff",
    "palisade-source",
    "palisade-migrator",
    "palisade-rls",
    "palisade-backup",
    "palisade-guard",
];

/// How many random pairs of schemas the other versions get, of which the first has hundreds.
const PAIRS_ON_OTHERS: &str = "60";

async fn cargo_test(root: &Path, words: &[String], variables: &[(&str, &OsStr)]) -> Result<(), CommandError> {
    run("cargo", &[&["test".to_owned()], words].concat(), root, variables).await
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
        run("cargo", &words, &directory, &[("CARGO_TARGET_DIR", target.as_os_str())]).await?;
    }
    Ok(())
}
