//! `rls diff`

use crate::security::{LookArgs, look};
use crate::{CommandError, Context, Exit, Outcome};
use palisade_policy::{AccessChange, Compare, access_difference};
use serde_json::json;
use std::collections::BTreeSet;

/// Say in words who can do more or less in one database than in another
///
/// `+` somebody may do what they could not, `-` no longer, `!` other rows (WIDENED, or both ways), `~` fewer rows, `?` cannot be told:
/// a sub-select or a function that is not looked into is another one. Narrower and wider are proven, not guessed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls diff --from env:prod --to migrations
  cargo xtask rls diff --from env:prod --to env:dev --exit-code")]
pub(crate) struct DiffArgs {
    /// What is there [default: the database of `--env`]
    #[arg(long, value_name = "SOURCE")]
    from: Option<String>,

    /// What should be there: a source as `db-diff` takes it; `migrations` and `schema` with the policies of `rls/` on top
    #[arg(long, value_name = "SOURCE")]
    to: String,

    /// Only this role; can be given several times
    #[arg(long, value_name = "NAME")]
    role: Vec<String>,

    /// Only this table or view; can be given several times
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,

    /// End with exit code 3 when they differ
    #[arg(long)]
    exit_code: bool,

    /// Let the server of this environment lend a database for files, if it has extensions that this machine does not
    #[arg(long, value_name = "env:NAME")]
    shadow: Option<String>,

    #[command(flatten)]
    connection: crate::ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: &DiffArgs) -> Result<Outcome, CommandError> {
    let source = args.from.clone().unwrap_or_else(|| format!("env:{}", context.global.env));
    let how = LookArgs { from: None, shadow: args.shadow.clone(), connection: args.connection.clone() };
    let from = look(context, &source, &how).await?;
    let to = look(context, &args.to, &how).await?;
    // A table that one side alone has is a difference, not a mistake.
    let (left, right) = (from.relations(&args.table), to.relations(&args.table));
    let named = match (left, right) {
        (Err(error), Err(_)) => return Err(error),
        (left, right) => [(&from, left.unwrap_or_default()), (&to, right.unwrap_or_default())],
    };
    let tables: BTreeSet<String> =
        named.iter().flat_map(|(side, oids)| oids.iter().map(|it| side.facts.relation_name(*it))).collect();
    let application: Vec<String> =
        from.api_roles().into_iter().map(|it| from.facts.role_name(it)).chain(args.role.iter().cloned()).collect();
    let what = Compare { tables: &tables, roles: &args.role, application: &application };
    let changes = access_difference(&from.facts, &to.facts, &what);
    let data = json!({ "from": from.label, "to": to.label, "changes": changes });
    let exit = if args.exit_code && !changes.is_empty() { Exit::Found } else { Exit::Done };
    Ok(Outcome::done(text(&changes)).data(data).exit(exit))
}

/// One line for each change.
pub(crate) fn text(changes: &[AccessChange]) -> String {
    if changes.is_empty() {
        return "Nobody can do more or less".to_owned();
    }
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
