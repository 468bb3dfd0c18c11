//! `db-init`

use crate::arguments::WriteArgs;
use crate::outcome::SECRET;
use crate::push::{Detail, Road, describe, plan_text};
use crate::{CommandError, Context, Outcome, Selection};
use palisade_config::{DatabaseUrl, Endpoint, SecretString};
use palisade_guard::Scope;
use palisade_migrator::{read_seeds, seed};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// From a clone to a running database: server, migrations, row security, sample data
///
/// Without `DATABASE_URL` it starts a Postgres of this project's own; nothing has to be set up by hand. A second run does
/// nothing. The connection string of that local server is printed with its password, which opens nothing else: the server
/// listens on this machine only. That of any other database is printed without.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-init --seed
  cargo xtask db-init --env staging")]
pub(crate) struct DbInitArgs {
    /// Load the sample data as well
    #[arg(long)]
    seed: bool,

    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbInitArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.write.connection)?;
    selection.refuse_if_protected("`db-init`")?;
    let road = Road::new(&selection, Scope::All)?;
    let seeds = read_seeds(&selection.project.root, &selection.project.seeds_dir())?;
    if args.write.dry_run {
        return dry_run(context, &selection, &road).await;
    }
    let connection = ConnectionString::of(context, &selection).await?;
    let mut session = selection.session(&context.printer, args.write.wait).await?;
    let pushed = road.push_within(context, &mut session).await?;
    let mut rows = None;
    if args.seed {
        let target = selection.unprotected(context, session.connection(), "loading sample data").await?;
        rows = Some(seed(&mut session, &target, &seeds).await?);
    }
    session.release().await?.close().await;

    let (mut text, mut data) = describe(&pushed, Detail::Numbers);
    match rows {
        None => {}
        Some(0) => text.push_str("\nThe sample data is there"),
        Some(rows) => {
            let _ = write!(text, "\nWrote {rows} rows of sample data");
        }
    }
    let nothing = pushed.plan.steps.is_empty() && rows.unwrap_or(0) == 0;
    let _ = write!(text, "\n\nConnection string: {}", connection.shown);
    if !nothing {
        text.push_str(NEXT_STEPS);
    }
    data["nothing_to_do"] = json!(nothing);
    data["seeded_rows"] = json!(rows);
    data["url"] = Value::String(connection.shown.clone());
    let outcome = Outcome::done(text).data(data);
    Ok(match connection.secret {
        Some(secret) => outcome.secret(secret),
        None => outcome,
    })
}

const NEXT_STEPS: &str = "

Next:
  look at the tables               psql \"$(cargo xtask db-url)\"
  see what is applied and pending  cargo xtask db-status
  write a migration of your own    cargo xtask db-generate --custom \"add invoices\"";

/// The connection string as it is shown.
struct ConnectionString {
    shown: String,
    secret: Option<SecretString>,
}

impl ConnectionString {
    async fn of(context: &Context, selection: &Selection) -> Result<Self, CommandError> {
        let direct: Endpoint = selection.environment.direct_endpoint(&selection.variables)?;
        Ok(match direct {
            Endpoint::Url(url) => Self { shown: DatabaseUrl::to_string(&url), secret: None },
            Endpoint::Embedded => {
                let started = selection.start(&context.printer).await?;
                Self { shown: SECRET.to_owned(), secret: Some(started.url.expose()) }
            }
        })
    }
}

async fn dry_run(context: &Context, selection: &Selection, road: &Road<'_>) -> Result<Outcome, CommandError> {
    let data = |plan: Value| json!({ "dry_run": true, "plan": plan });
    if selection.look().await?.is_none() {
        let migrations = road.migrations.len();
        let text = format!("Would start the local server, and bring it to {migrations} migrations and row security");
        return Ok(Outcome::done(text).data(data(Value::Null)));
    }
    let mut connection = selection.connect_to_look().await?;
    let judged = road.plan(context, &mut connection).await?;
    connection.close().await;
    Ok(Outcome::done(plan_text(&judged.plan, &judged.verdicts)).data(data(json!(judged.plan))))
}
