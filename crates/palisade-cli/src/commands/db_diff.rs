//! `db-diff`

use crate::names::{self, column_value};
use crate::sources::{Place, Side};
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use palisade_catalog::Catalog;
use palisade_diff::{Options, Script, diff};
use palisade_source::{Part, comparable, renamed_copy, renamings, version_mismatch};
use serde_json::json;

/// Print the SQL that makes one schema of another
///
/// Standard output holds exactly the SQL, nothing when both are equal; what can hurt stands as a comment above its statement.
/// It only prints: nothing is asked, nothing is written. Each side is one of
///
///   env:NAME            the database of an environment
///   url:VARIABLE        the database whose URL is in a variable, or a postgres:// URL itself
///   dir:PATH            SQL files, in any order of dependency
///   migrations          what the files of `migrations/` make
///   schema              what `schema/` says the schema should be
///   snapshot:FILE       what `db-pull --snapshot FILE` has written
///   empty               a new database
///
/// Without `--schema` everything that users have made is compared, in all schemas.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  cargo xtask db-diff --from env:prod --to env:dev
  cargo xtask db-diff --from migrations --to schema --exit-code
  cargo xtask db-diff --from url:OLD_DATABASE_URL --to dir:schema/ --schema public --online"
)]
pub(crate) struct DbDiffArgs {
    /// What is there
    #[arg(long, value_name = "SOURCE")]
    from: String,

    /// What should be there
    #[arg(long, value_name = "SOURCE")]
    to: String,

    /// End with exit code 3 when they differ
    #[arg(long)]
    exit_code: bool,

    /// Only this schema and what is in it; can be given several times
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,

    /// Prefer forms that let others read and write meanwhile [default: when `--from` is a protected environment]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    online: Option<bool>,

    /// Rename instead of dropping and adding: `posts.title=headline`, `posts=articles`; can be given several times
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,

    /// How values of a column become values of its new type, such as `posts.rank=rank::integer`; can be given several times
    #[arg(long, value_name = "TABLE.COLUMN=EXPRESSION")]
    using: Vec<String>,

    /// Let the server of this environment lend a database for files, if it has extensions that this machine does not
    #[arg(long, value_name = "env:NAME")]
    shadow: Option<String>,

    /// Compare servers of different major versions, which write some definitions differently
    #[arg(long)]
    across_versions: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbDiffArgs) -> Result<Outcome, CommandError> {
    let renames = args.rename.iter().map(|it| names::rename(it)).collect::<Result<Vec<_>, _>>()?;
    let mut options = Options::ALL;
    for text in &args.using {
        let (column, expression) = column_value("--using", text)?;
        options.using.insert(column, expression);
    }
    let mut place = Place::here(context, &args.connection)?;
    place.lend(context, args.shadow.as_deref(), &args.connection).await?;
    let from = place.side(context, &args.from, &args.connection).await?;
    let to = place.side(context, &args.to, &args.connection).await?;
    options.online = args.online.unwrap_or(from.protected);
    let (left, right) = place.read(&from, &to).await?;
    check_versions(context, &args, &left, &right)?;
    let schemas = (!args.schema.is_empty()).then_some(args.schema.as_slice());
    let part = Part { schemas, history: place.history.as_ref() };
    // For a copy on which to rename; nothing is started for it yet.
    let workbench = place.workbench(Some(&left));
    let (left, right) = comparable(left, right, part).map_err(|missing| no_schema(&missing))?;
    let script = if renames.is_empty() {
        diff(&left, &right, &options)?
    } else {
        let renamings = renamings(&left, &renames)?;
        let renamed = Box::pin(renamed_copy(&workbench, &left, part, &renamings)).await?;
        let mut script = diff(&renamed, &right, &options)?;
        script.statements.splice(0..0, renamings.into_iter().map(|it| it.forth));
        script
    };
    for difference in &script.left {
        context.printer.warn(&format!("left as it is: {difference}"));
    }
    // The process is about to end. To give back the memory of large catalogs, object by object, would keep somebody waiting.
    std::mem::forget((left, right));
    Ok(outcome(&script, &from, &to, args.exit_code))
}

fn outcome(script: &Script, from: &Side, to: &Side, exit_code: bool) -> Outcome {
    let sql = script.to_string();
    let differs = !script.is_empty() || !script.left.is_empty();
    let data = json!({
        "from": from.label,
        "to": to.label,
        "equal": !differs,
        "sql": sql,
        "statements": script.statements,
        "left": script.left,
    });
    let exit = if exit_code && differs { Exit::Found } else { Exit::Done };
    Outcome::sql(sql).data(data).exit(exit)
}

fn check_versions(context: &Context, args: &DbDiffArgs, from: &Catalog, to: &Catalog) -> Result<(), CommandError> {
    let Some((left, right)) = version_mismatch(from, to) else { return Ok(()) };
    let message = format!(
        "one side is Postgres {left}, the other Postgres {right}: they write some definitions differently, which would look \
         like a difference of the schemas"
    );
    if args.across_versions {
        context.printer.warn(&message);
        return Ok(());
    }
    Err(CommandError::failed("other-version", message).help("compare them all the same with `--across-versions`"))
}

fn no_schema(missing: &[String]) -> CommandError {
    let message = format!("neither side has a schema `{}`", missing.join("`, `"));
    CommandError::failed("no-schema", message).help("`--schema` takes a name as the catalog has it, without quotes")
}
