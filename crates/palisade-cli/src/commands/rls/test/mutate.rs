//! `rls test --mutate`

use super::{TestArgs, told};
use crate::ground::Ground;
use crate::{CommandError, Context, Exit, Outcome};
use palisade_policy::Access;
use palisade_rls::mutate::{Mutant, MutationReport, mutate};
use palisade_rls::read_facts;
use palisade_rls::testing::{Outcome as Ended, Test, check_tables, run_tests};
use serde_json::json;
use std::fmt::Write as _;

pub(super) async fn run(context: &Context, args: &TestArgs, tests: &[Test]) -> Result<Outcome, CommandError> {
    if context.env_named {
        let message = "mutants live on a scratch database only: they lock tables and change policies";
        return Err(CommandError::usage("not-there", message).help("leave out `--env`"));
    }
    let mut ground = Ground::scratch(context, &args.connection).await?;
    let outcome = tried(&mut ground, args, tests).await;
    let closed = ground.close().await;
    let outcome = outcome?;
    closed?;
    Ok(outcome)
}

async fn tried(ground: &mut Ground, args: &TestArgs, tests: &[Test]) -> Result<Outcome, CommandError> {
    let schemas = ground.schemas.clone();
    let connection = ground.connection();
    check_tables(connection, tests).await?;
    let results = run_tests(connection, tests).await?;
    if !results.iter().all(|it| it.outcome == Ended::Passed) {
        let mut outcome = told(&results);
        outcome.text.push_str("\nMutants say nothing as long as tests fail");
        return Ok(outcome);
    }
    let facts = read_facts(connection).await?;
    let report = mutate(connection, &Access::new(&facts), &schemas, tests).await?;
    let enough = args.min_score.is_none_or(|it| report.score >= it);
    let data = json!({ "tests": tests.len(), "min_score": args.min_score, "mutation": report });
    let exit = if enough { Exit::Done } else { Exit::Found };
    Ok(Outcome::done(text(&report, args.min_score.filter(|_| !enough))).data(data).exit(exit))
}

fn text(report: &MutationReport, missed: Option<f64>) -> String {
    let MutationReport { mutants, killed, score, survivors, equivalent, impossible } = report;
    let mut text = String::new();
    for mutant in survivors {
        let _ = writeln!(text, "no test fails if {}\n    {}\n", says(mutant), mutant.sql.replace('\n', "\n    "));
    }
    for (mutant, refusal) in impossible {
        let _ = writeln!(text, "could not be tried: {}: {} (SQLSTATE {})", says(mutant), refusal.message, refusal.code);
    }
    let _ = write!(text, "{killed} of {mutants} mutants make a test fail: {score} %");
    if !equivalent.is_empty() {
        let _ = write!(text, " ({} changes make no difference and do not count)", equivalent.len());
    }
    if let Some(wanted) = missed {
        let _ = write!(text, "\nThe score is below {wanted} %");
    }
    text
}

fn says(mutant: &Mutant) -> String {
    match &mutant.policy {
        Some(policy) => format!("of `{policy}` on {}, {}", mutant.table, mutant.what),
        None => format!("of {}, {}", mutant.table, mutant.what),
    }
}
