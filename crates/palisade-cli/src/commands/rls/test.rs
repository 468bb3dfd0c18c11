//! `rls test`

use crate::ground::{Ground, Protected, personas};
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use camino::Utf8PathBuf;
use palisade_rls::testing::{Outcome as Ended, Test, TestResult, check_tables, read_tests, run_tests};
use serde_json::json;
use std::fmt::Write as _;
use std::time::Instant;

mod junit;
mod mutate;

/// Run the tests of `rls/tests`: as whom, on which table, what is possible and what is not
///
/// Each test runs in a transaction that is rolled back, on a scratch database with the migrations, the policies and the sample
/// rows of the project; with `--env NAME` on that database, which must not be protected. Exit code 3 if a test failed, 1 if one
/// could not be run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls test
  cargo xtask rls test drafts
  cargo xtask rls test --mutate --min-score 90
  cargo xtask rls test --env dev --junit target/rls.xml")]
pub(crate) struct TestArgs {
    /// Only tests with one of these words in their name, their table or their file
    #[arg(value_name = "WORD")]
    words: Vec<String>,

    /// Also write the results as `JUnit` XML
    #[arg(long, value_name = "FILE")]
    junit: Option<Utf8PathBuf>,

    /// Change every policy in every way that makes a difference, one at a time, and show the changes that no test notices
    #[arg(long, conflicts_with = "junit")]
    mutate: bool,

    /// Exit code 3 if fewer of the changes than this, in percent, make a test fail
    #[arg(long, value_name = "PERCENT", requires = "mutate", value_parser = percent)]
    min_score: Option<f64>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// From 0 to 100.
fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("not between 0 and 100".to_owned()) }
}

pub(crate) async fn run(context: &mut Context, args: &TestArgs) -> Result<Outcome, CommandError> {
    let personas = personas(context)?;
    let all = read_tests(&context.project()?.rls_dir().join("tests"), &personas)?;
    let tests: Vec<Test> = all.iter().filter(|it| args.is_meant(it)).cloned().collect();
    if all.is_empty() {
        context.printer.warn("there are no tests: write some into `rls/tests/*.toml`, docs/rls-tests.md says how");
    } else if tests.is_empty() {
        return Err(CommandError::usage("no-test", format!("no test has `{}` in its name", args.words.join("` or `")))
            .help("`cargo xtask rls test` without a word runs all of them"));
    }
    if args.mutate {
        return mutate::run(context, args, &tests).await;
    }
    let started = Instant::now();
    let results = tried(context, args, &tests).await?;
    if let Some(file) = &args.junit {
        let xml = junit::xml(&results, started.elapsed());
        std::fs::write(file, xml)
            .map_err(|error| CommandError::failed("cannot-write", format!("`{file}` cannot be written: {error}")))?;
    }
    Ok(told(&results))
}

impl TestArgs {
    fn is_meant(&self, test: &Test) -> bool {
        let table = format!("{}.{}", test.table.schema.as_str(), test.table.name.as_str());
        let places = [test.name.as_str(), table.as_str(), test.file.as_str()];
        self.words.is_empty() || self.words.iter().any(|word| places.iter().any(|it| it.contains(word.as_str())))
    }
}

async fn tried(context: &Context, args: &TestArgs, tests: &[Test]) -> Result<Vec<TestResult>, CommandError> {
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let mut ground = Ground::choose(context, &args.connection, "testing row security", Protected::Refuse).await?;
    let tried = async {
        check_tables(ground.connection(), tests).await?;
        Ok(run_tests(ground.connection(), tests).await?)
    };
    let tried: Result<_, CommandError> = tried.await;
    let closed = ground.close().await;
    let results = tried?;
    closed?;
    Ok(results)
}

/// The results as text and data.
fn told(results: &[TestResult]) -> Outcome {
    let count = |of: fn(&Ended) -> bool| results.iter().filter(|it| of(&it.outcome)).count();
    let passed = count(|it| matches!(it, Ended::Passed));
    let failed = count(|it| matches!(it, Ended::Failed(_)));
    let broken = count(|it| matches!(it, Ended::Broken(_)));
    let mut text = String::new();
    for result in results {
        describe(&mut text, result);
    }
    let _ = match (results.len(), passed) {
        (0, _) => write!(text, "There are no tests"),
        (1, 1) => write!(text, "The test passed"),
        (all, passed) if all == passed => write!(text, "All {all} tests passed"),
        (all, passed) => write!(text, "{passed} of {all} tests passed, {failed} failed, {broken} could not be run"),
    };
    let exit = match (failed, broken) {
        (0, 0) => Exit::Done,
        (_, 0) => Exit::Found,
        _ => Exit::Failed,
    };
    let data = json!({ "passed": passed, "failed": failed, "broken": broken, "tests": results });
    Outcome::done(text).data(data).exit(exit)
}

fn describe(text: &mut String, result: &TestResult) {
    let (word, got) = match &result.outcome {
        Ended::Passed => return,
        Ended::Failed(got) => ("failed", got),
        Ended::Broken(got) => ("could not be run", got),
    };
    let TestResult { name, file, line, expected, sql, .. } = result;
    let _ = writeln!(text, "{file}:{line}: {word}: {name}");
    let _ = writeln!(text, "  expected: {expected}");
    let _ = writeln!(text, "  got:      {}", got.replace('\n', "\n            "));
    let _ = writeln!(text, "    {}\n", sql.trim_end().replace('\n', "\n    "));
}
