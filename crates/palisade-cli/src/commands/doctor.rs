//! `doctor`

use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome, Selection};
use serde_json::json;
use std::fmt::Write as _;

mod database;
mod machine;

/// Check everything that a command relies on, and name the fix for what is wrong
///
/// Looks at the project, the layers of its configuration, local Postgres, the connection, what lies between us and the
/// server, versions, rights and clocks. Changes nothing and starts nothing. Exit code 1 when something has to be mended.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask doctor
  cargo xtask doctor --env prod")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// One thing that was looked at.
pub(crate) struct Check {
    name: &'static str,
    verdict: Verdict,
    says: String,
    help: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Note,
    Bad,
}

impl Check {
    pub(crate) fn good(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Good, says: says.into(), help: Vec::new() }
    }

    /// Not wrong, but worth knowing.
    pub(crate) fn note(name: &'static str, says: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Note, says: says.into(), help: vec![help.into()] }
    }

    pub(crate) fn bad(name: &'static str, says: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Bad, says: says.into(), help: vec![help.into()] }
    }

    pub(crate) fn error(name: &'static str, error: CommandError) -> Self {
        Self { name, verdict: Verdict::Bad, says: error.message, help: error.help }
    }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Bad => "FAIL",
        }
    }
}

pub(crate) async fn run(context: &mut Context, args: DoctorArgs) -> Result<Outcome, CommandError> {
    let mut checks = Vec::new();
    match context.project() {
        Err(error) => checks.push(Check::error("project", error)),
        Ok(project) => {
            checks.push(Check::good("project", project.root.as_str()));
            match context.select_by_name(&context.global.env, &args.connection) {
                Err(error) => checks.push(Check::error("configuration", error)),
                Ok(selection) => {
                    checks.extend(configuration(&selection));
                    checks.extend(machine::files(&selection));
                    checks.extend(machine::checks(&selection).await);
                    checks.extend(database::checks(&selection).await);
                }
            }
        }
    }
    Ok(outcome(&checks))
}

fn configuration(selection: &Selection) -> Vec<Check> {
    let Selection { project: _, environment, variables } = selection;
    let protected = if environment.protected { "protected" } else { "not protected" };
    let mut checks = vec![Check::good("configuration", format!("environment `{}`, {protected}", environment.name))];
    let urls = environment.settings(variables).into_iter().filter(|it| ["url", "direct-url"].contains(&it.key));
    checks.extend(urls.map(|it| Check::good(it.key, it.value)));
    let help = format!("see `cargo xtask env show {}`", environment.name);
    checks.extend(environment.warnings.iter().map(|it| Check::note("configuration", it, &help)));
    checks
}

fn outcome(checks: &[Check]) -> Outcome {
    let width = checks.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Check { name, verdict, says, help } in checks {
        let indent = format!("\n{:1$}", "", width + 8);
        let _ = writeln!(text, "{:4}  {name:width$}  {}", verdict.word(), says.replace('\n', &indent));
        for help in help {
            let _ = writeln!(text, "{:1$}help: {2}", "", width + 8, help.replace('\n', &indent));
        }
    }
    let bad = checks.iter().filter(|it| it.verdict == Verdict::Bad).count();
    let _ = match bad {
        0 => write!(text, "\nEverything is in order"),
        1 => write!(text, "\nOne thing has to be mended"),
        _ => write!(text, "\n{bad} things have to be mended"),
    };
    let objects = checks.iter().map(|Check { name, verdict, says, help }| {
        let help = (!help.is_empty()).then(|| help.join("\n"));
        json!({ "check": name, "verdict": verdict.word().to_lowercase(), "says": says, "help": help })
    });
    let data = json!({ "checks": objects.collect::<Vec<_>>(), "failed": bad });
    Outcome::done(text).data(data).exit(if bad == 0 { Exit::Done } else { Exit::Failed })
}
