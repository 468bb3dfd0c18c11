//! `db-status`

mod drifted;

use crate::push::Road;
use crate::table::table;
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use drifted::Drifted;
use palisade_guard::{Scope, drift};
use palisade_migrator::{Entry, OutOfOrder, Reconciliation, State, load, reconcile};
use palisade_rls::is_current;
use serde_json::json;
use std::fmt::Write as _;

/// Show what is applied, what is pending, and what is wrong
///
/// Compares the files of `migrations/` and `rls/` with what the database says about itself, and the database with what its
/// applied migrations make on a throwaway one: what somebody changed by hand is named object by object. Reads only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-status
  cargo xtask db-status --env prod
  cargo xtask db-status --exit-code || echo \"something is pending or wrong\"")]
pub(crate) struct DbStatusArgs {
    /// End with exit code 3 when anything is pending, wrong or changed by hand
    #[arg(long)]
    exit_code: bool,

    /// Do not look for what somebody changed by hand
    #[arg(long)]
    no_drift: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbStatusArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.connection)?;
    let road = Road::new(&selection, Scope::All)?;
    let mut connection = selection.connect(&context.printer).await?;
    let history = load(&mut connection, &road.tables).await?;
    let row_security = is_current(&mut connection, &road.policies).await? || road.policies.files().is_empty();
    let drift = if args.no_drift {
        Drifted::NotAsked
    } else {
        Drifted::of(drift(&mut connection, &road.inputs(), &selection.embedded()).await)
    };
    connection.close().await;

    let found = reconcile(&road.migrations, &history);
    let counts = Counts::of(&found, row_security);
    let problems = found.drift(OutOfOrder::Refuse);
    let mut text = table(&found.entries.iter().map(row).collect::<Vec<_>>());
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&counts.sentence());
    text.push_str(&drift.text(row_security));
    for error in &problems {
        let _ = write!(text, "\n\n{error}\n  help: {}", error.help());
    }
    let data = json!({
        "migrations": found.entries,
        "applied": counts.applied,
        "pending": counts.pending,
        "wrong": counts.wrong,
        "row_security_current": counts.row_security,
        "problems": problems.iter().map(|it| json!({ "message": it.to_string(), "help": it.help() })).collect::<Vec<_>>(),
        "drift": drift.data(row_security),
    });
    let exit = match &drift {
        _ if !args.exit_code => Exit::Done,
        // Who asks must not take "not known" for "nothing".
        Drifted::Unknown { .. } => Exit::Failed,
        _ if counts.is_current() && drift.is_none() => Exit::Done,
        _ => Exit::Found,
    };
    Ok(Outcome::done(text).data(data).exit(exit))
}

struct Counts {
    applied: usize,
    pending: usize,
    wrong: usize,
    row_security: bool,
}

impl Counts {
    fn of(found: &Reconciliation<'_>, row_security: bool) -> Self {
        let mut counts = Self { applied: 0, pending: 0, wrong: 0, row_security };
        for entry in &found.entries {
            match entry.state {
                State::Applied { .. } => counts.applied += 1,
                State::Pending => counts.pending += 1,
                State::OutOfOrder { .. }
                | State::Edited { .. }
                | State::Missing { .. }
                | State::Failed { .. }
                | State::Dirty => counts.wrong += 1,
            }
        }
        counts
    }

    fn is_current(&self) -> bool {
        self.pending == 0 && self.wrong == 0 && self.row_security
    }

    fn sentence(&self) -> String {
        let Self { applied, pending, wrong, row_security } = self;
        // Only reading the files on a throwaway database would tell, which a status without drift does not do.
        let row_security =
            if *row_security { "row security is current" } else { "row security may differ from the files" };
        let mut text = format!("{applied} applied, {pending} pending");
        if *wrong > 0 {
            let _ = write!(text, ", {wrong} to look at");
        }
        let _ = write!(text, "; {row_security}");
        if *pending > 0 && *wrong == 0 {
            text.push_str("\n`cargo xtask db-push` applies what is pending");
        }
        text
    }
}

fn row(entry: &Entry) -> Vec<String> {
    let detail = match &entry.state {
        State::Applied { installed_on } | State::Edited { installed_on } | State::Missing { installed_on } => {
            format!("{installed_on} UTC")
        }
        State::Pending | State::Dirty => String::new(),
        State::OutOfOrder { latest } => format!("before {latest}, which is applied"),
        State::Failed { attempt } => {
            let message = attempt.message.as_deref().unwrap_or("the run ended without a word");
            format!("{} UTC: {message}", attempt.started_at)
        }
    };
    vec![entry.state.word().to_owned(), entry.version.to_string(), entry.description.clone(), detail]
}
