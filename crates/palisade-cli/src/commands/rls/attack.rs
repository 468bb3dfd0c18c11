//! `rls attack`

use crate::ground::Ground;
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use palisade_policy::Access;
use palisade_rls::attack::{AttackReport, Attacked, State, attack};
use palisade_rls::read_facts;
use serde_json::json;
use std::fmt::Write as _;

/// Try to reach the rows of others: as another user, with forged claims, without a user, not signed in
///
/// On a scratch database with the migrations, policies and sample rows of the project. Rows are invented that please all
/// constraints; then others try to read, change and take them over, directly and through views and functions. All of it is tried
/// again with row security off: an attack that could not succeed there proves nothing, and is exit code 1. Exit code 3 if rows of
/// others were reached.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls attack
  cargo xtask rls attack --readable public.profiles --output json")]
pub(crate) struct AttackArgs {
    /// The role of who is signed in
    #[arg(long, value_name = "NAME", default_value = "authenticated")]
    signed_in: String,

    /// The role of who is not
    #[arg(long, value_name = "NAME", default_value = "anon")]
    anonymous: String,

    /// All users may read the rows of this table, so that it counts for nothing if they do; can be given several times
    #[arg(long, value_name = "NAME")]
    readable: Vec<String>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: &AttackArgs) -> Result<Outcome, CommandError> {
    if context.env_named {
        let message = "an attack is tried on a scratch database only";
        return Err(CommandError::usage("not-there", message).help("leave out `--env`"));
    }
    let mut ground = Ground::scratch(context, &args.connection).await?;
    let report = attacked(&mut ground, args).await;
    let closed = ground.close().await;
    let mut report = report?;
    closed?;
    forget(&mut report, &args.readable)?;
    let exit = match (report.blind().next(), report.crossings.is_empty()) {
        (Some(_), _) => Exit::Failed,
        (None, false) => Exit::Found,
        (None, true) => Exit::Done,
    };
    let data = json!({ "attack": report });
    Ok(Outcome::done(text(&report)).data(data).exit(exit))
}

/// Leaves out what is meant to be so.
fn forget(report: &mut AttackReport, readable: &[String]) -> Result<(), CommandError> {
    if let Some(name) = readable.iter().find(|name| !report.tables.iter().any(|it| it.table == **name)) {
        return Err(CommandError::failed("no-table", format!("there is no table `{name}`"))
            .help("`--readable` takes `schema.name` as the catalog has it, without quotes"));
    }
    report.crossings.retain(|it| !(readable.contains(&it.table) && it.what.starts_with("reads ")));
    Ok(())
}

async fn attacked(ground: &mut Ground, args: &AttackArgs) -> Result<AttackReport, CommandError> {
    let schemas = ground.schemas.clone();
    let connection = ground.connection();
    let facts = read_facts(connection).await?;
    if [&args.signed_in, &args.anonymous].iter().all(|it| facts.role_named(it).is_none()) {
        let message = format!("there is neither a role `{}` nor a role `{}`", args.signed_in, args.anonymous);
        return Err(CommandError::failed("no-role", message).help("name those of the application: `--signed-in NAME`"));
    }
    Ok(attack(connection, &Access::new(&facts), &schemas, &args.signed_in, &args.anonymous).await?)
}

fn text(report: &AttackReport) -> String {
    let mut text = String::new();
    for crossing in &report.crossings {
        let _ = writeln!(text, "{}: {} {}", crossing.table, crossing.attacker, crossing.what);
        let _ = writeln!(text, "    {}\n", crossing.script.replace('\n', "\n    "));
    }
    for (table, why) in report.blind() {
        let _ = writeln!(text, "the attack could not have found anything on {table}: {why}");
    }
    for Attacked { table, row_security, attempts, state } in &report.tables {
        let _ = match state {
            State::Attacked if *row_security => {
                writeln!(text, "{table}: {attempts} attempts; without row security they succeed")
            }
            State::Attacked => writeln!(text, "{table}: {attempts} attempts; it has no row security"),
            State::NothingToFind(why) => writeln!(text, "{table}: nothing to find: {why}"),
            State::Blind(why) if !row_security => writeln!(text, "{table}: {why}"),
            State::Blind(_) => Ok(()),
        };
    }
    let _ = match report.crossings.len() {
        0 if report.blind().next().is_some() => write!(text, "Nothing is proven"),
        0 => write!(text, "No row of anybody else was reached in {} attempts", report.attempts),
        found => write!(text, "{found} ways to what belongs to somebody else, in {} attempts", report.attempts),
    };
    text
}
