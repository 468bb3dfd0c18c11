//! `db-generate`

use crate::generate::{Comparison, Texts, check_data_loss};
use crate::names::{self, column_value};
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use palisade_diff::{Options, Script};
use palisade_embedded::Layer;
use palisade_migrator::{Content, Migration, MigrationFile, check, create, read_dir};
use palisade_source::{NewName, Proof, Proven, migration_text, prove, summary};
use serde_json::json;

/// Make a new migration: what the schema has and the migrations have not
///
/// Both the SQL files of `schema/` (or what `schema-source` in `config/` names) and the migrations are loaded into throwaway
/// databases; what differs becomes one file. Its name begins with the time in UTC, so that it comes after all others.
/// Before it is written it is tried on a copy with rows in it: the result must be the schema, to the last grant.
///
/// Policies, row security flags and grants belong to `rls/`, and are left out unless the files of the schema speak of them.
/// Whatever loses data is refused unless you name it. With `--custom` the file is empty and you write the SQL; the first line
/// `-- no-transaction` makes a file run statement by statement, for what Postgres refuses inside of a transaction.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-generate \"add invoices\"
  cargo xtask db-generate --check
  cargo xtask db-generate \"drop legacy\" --allow-data-loss public.legacy --reversible
  cargo xtask db-generate --custom \"move rows\"
  cargo xtask db-generate --verify migrations/20260131235959_move_rows.sql")]
pub(crate) struct DbGenerateArgs {
    /// What the migration does, in a few words
    #[arg(required_unless_present_any = ["custom", "check", "verify"])]
    name: Option<String>,

    /// An empty file for SQL that you write; the name says what it does
    #[arg(long, value_name = "NAME", conflicts_with_all = ["name", "check", "allow_data_loss", "rename", "using", "online", "shadow"])]
    custom: Option<String>,

    /// Only say whether a migration is missing; exit code 3 if so
    #[arg(long, conflicts_with_all = ["name", "reversible", "allow_data_loss"])]
    check: bool,

    /// Prove a migration that somebody wrote: on a copy with rows it must make what the schema says
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "custom", "check", "reversible", "allow_data_loss", "rename", "using", "online"])]
    verify: Option<Utf8PathBuf>,

    /// A pair of files, `.up.sql` and `.down.sql`, so that it can be taken back
    #[arg(long)]
    reversible: bool,

    /// Let the migration lose the data of this object; can be given several times
    #[arg(long, value_name = "OBJECT")]
    allow_data_loss: Vec<String>,

    /// Rename instead of dropping and adding: `posts.title=headline`, `posts=articles`; can be given several times
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,

    /// How values of a column become values of its new type, such as `posts.rank=rank::integer`; can be given several times
    #[arg(long, value_name = "TABLE.COLUMN=EXPRESSION")]
    using: Vec<String>,

    /// Prefer forms that let others read and write meanwhile
    #[arg(long)]
    online: bool,

    /// Let the server of this environment lend databases, if it has extensions that this machine does not
    #[arg(long, value_name = "env:NAME")]
    shadow: Option<String>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbGenerateArgs) -> Result<Outcome, CommandError> {
    if let Some(name) = &args.custom {
        let files = write(context, name, Content::Empty { reversible: args.reversible })?;
        let text = format!("{}\nWrite the SQL into it, then `cargo xtask db-migrate` applies it", files.join("\n"));
        return Ok(Outcome::done(text).data(json!({ "files": files })));
    }
    if let Some(file) = &args.verify {
        return Box::pin(verify(context, &args, file)).await;
    }
    let mut options = Options { online: args.online, ..Options::ALL };
    for text in &args.using {
        let (column, expression) = column_value("--using", text)?;
        options.using.insert(column, expression);
    }
    let renames = args.rename.iter().map(|it| names::rename(it)).collect::<Result<Vec<_>, _>>()?;
    let texts = Texts::read(context, |_| true, args.shadow.as_deref(), &args.connection).await?;
    if renames.is_empty() && texts.are_known_equal().await? {
        return Ok(nothing(&texts.schema.label));
    }
    let mut comparison = texts.compare().await?;
    comparison.rename(&renames).await?;
    let mut script = comparison.script(&options)?;
    if !args.check && ask_for_renames(context, &mut comparison, renames, &args.allow_data_loss).await? {
        script = comparison.script(&options)?;
    }
    for difference in &script.left {
        context.printer.warn(&format!("left as it is: {difference}"));
    }
    let data = json!({
        "missing": !script.is_empty(),
        "summary": summary(&script),
        "statements": script.statements,
        "left": script.left,
    });
    if script.is_empty() && script.left.is_empty() {
        comparison.note_equal().await?;
        return Ok(nothing(&comparison.schema.label));
    }
    if script.is_empty() {
        return Ok(Outcome { data, ..nothing(&comparison.schema.label) });
    }
    let Some(name) = args.name.as_deref().filter(|_| !args.check) else {
        let text = format!(
            "A migration is missing: {}\n`cargo xtask db-generate NAME` makes it, `cargo xtask db-diff --from migrations --to \
             schema` shows it",
            summary(&script)
        );
        return Ok(Outcome::done(text).data(data).exit(Exit::Found));
    };
    check_data_loss(&script, &args.allow_data_loss, &comparison.candidates())?;
    let down = if args.reversible { Some(way_back(&comparison, &script)) } else { None };
    let up = migration_text(&script, &[]);
    // A way down that cannot be is there to say so.
    let back = down.as_deref().filter(|_| comparison.way_back().is_ok()).map(|it| layer("the way down", it));
    let proven = try_out(context, &comparison, Some(&script), &layer("the new migration", &up), back.as_ref())
        .await
        .map_err(|error| error.help("nothing was written"))?;
    let files = write(context, name, Content::Sql { up: &up, down: down.as_deref() })?;
    let text = format!("{}\n{}\nRead it, then `cargo xtask db-push` applies it", files.join("\n"), summary(&script));
    let mut data = data;
    data["files"] = json!(files);
    data["proof"] = proof_data(&proven);
    Ok(Outcome::done(text).data(data))
}

/// Proves a file that somebody wrote.
async fn verify(context: &Context, args: &DbGenerateArgs, file: &Utf8Path) -> Result<Outcome, CommandError> {
    let project = context.project()?;
    let wrong = |message: String| CommandError::usage("bad-flag", message);
    let directory = project.migrations_dir();
    let existing = if directory.exists() { read_dir(&project.root, &directory)? } else { Vec::new() };
    let own = existing.iter().find(|it| it.up.file.rsplit('/').next() == file.file_name() && file.exists());
    let (name, sql) = match own {
        Some(it) if existing.last() == Some(it) => (it.up.file.clone(), it.up.sql.clone()),
        Some(it) => {
            let last = existing.last().map_or("", |it| it.up.file.as_str());
            let message = format!("`{}` is not the last migration: `{last}` comes behind it", it.up.file);
            return Err(
                wrong(message).help("the schema is what all migrations together make: only the last one can be proven")
            );
        }
        None => {
            let sql = std::fs::read_to_string(file)
                .map_err(|error| CommandError::failed("cannot-read", format!("cannot read `{file}`: {error}")))?;
            (file.to_string(), sql)
        }
    };
    check(&MigrationFile { file: name.clone(), sql: sql.clone() })?;
    let version = own.map(|it| it.version);
    let counts = |it: &Migration| Some(it.version) != version;
    let texts = Texts::read(context, counts, args.shadow.as_deref(), &args.connection).await?;
    let comparison = texts.compare().await?;
    let proven = try_out(context, &comparison, None, &layer(&name, &sql), None).await?;
    let text = format!("`{name}` makes of the migrations before it what `{}` says", comparison.schema.label);
    Ok(Outcome::done(text).data(json!({ "file": name, "proof": proof_data(&proven) })))
}

/// Tries a migration on a copy; nothing is written that was not tried.
async fn try_out(
    context: &Context,
    comparison: &Comparison,
    script: Option<&Script>,
    up: &Layer,
    down: Option<&Layer>,
) -> Result<Proven, CommandError> {
    context.printer.note("Trying the migration on a copy with rows in it");
    let proven = prove(&Proof {
        workbench: &comparison.workbench,
        before: &comparison.layers,
        migration: up,
        row_security: &comparison.row_security,
        back: down.map(|it| (it, &comparison.before)),
        script,
        wanted: &comparison.after,
        blueprint: comparison.blueprint(),
        managed: comparison.managed(),
        declares: comparison.declares,
    })
    .await?;
    for note in &proven.notes {
        context.printer.warn(note);
    }
    Ok(proven)
}

fn layer(name: &str, sql: &str) -> Layer {
    Layer { name: name.to_owned(), sql: sql.to_owned(), transactional: !sql.starts_with("-- no-transaction") }
}

fn proof_data(proven: &Proven) -> serde_json::Value {
    let Proven { tables, with_rows, notes } = proven;
    json!({ "tables": tables, "with_rows": with_rows, "notes": notes })
}

fn nothing(schema: &str) -> Outcome {
    let text = format!("The migrations make what `{schema}` says: nothing to do");
    Outcome::done(text).data(json!({ "missing": false, "summary": "", "statements": [], "left": [] }))
}

/// Asks about what looks renamed, where there is somebody to ask, and says whether anything was. Without an answer nothing is
/// taken for renamed: what would be lost is refused.
async fn ask_for_renames(
    context: &Context,
    comparison: &mut Comparison,
    mut renames: Vec<NewName>,
    lost: &[String],
) -> Result<bool, CommandError> {
    let told = renames.len();
    for candidate in comparison.candidates() {
        let old = candidate.from.join(".");
        if lost.iter().any(|it| it.trim_start_matches("table ").trim_start_matches("column ").trim() == old) {
            continue;
        }
        let question = format!("Was `{old}` renamed to `{}`? [y/N] ", candidate.to);
        let answer = context.prompt.line(&question).await?;
        if answer.is_some_and(|it| ["y", "yes"].contains(&it.to_lowercase().as_str())) {
            renames.push(candidate);
        }
    }
    let more = renames.len() > told;
    if more {
        comparison.rename(&renames).await?;
    }
    Ok(more)
}

/// The file that takes a migration back, with what it cannot bring back.
fn way_back(comparison: &Comparison, script: &Script) -> String {
    let lost: Vec<String> =
        script.data_loss().iter().map(|it| format!("does not bring back the data of {it}")).collect();
    match comparison.way_back() {
        Ok(back) if !back.is_empty() => {
            let left = back.left.iter().map(|it| format!("does not take back: {it}"));
            let notes: Vec<String> = lost.into_iter().chain(left).collect();
            migration_text(&back, &notes)
        }
        Ok(_) => "-- There is nothing to take back.\n".to_owned(),
        // As a statement that fails: a way down that does nothing would be taken for one.
        Err(error) => {
            let reason = format!("this migration cannot be taken back: {error}");
            format!(
                "do $palisade$ begin raise exception '%', {}; end $palisade$;\n",
                palisade_sql::quote_literal(&reason)
            )
        }
    }
}

fn write(context: &Context, name: &str, content: Content<'_>) -> Result<Vec<String>, CommandError> {
    let project = context.project()?;
    let directory = project.migrations_dir();
    std::fs::create_dir_all(&directory).map_err(|error| {
        CommandError::failed("cannot-write", format!("cannot make the directory `{directory}`: {error}"))
    })?;
    let existing = read_dir(&project.root, &directory)?;
    let made = create(&directory, &existing, name, content, Timestamp::now())?;
    Ok(made.iter().map(|it| it.strip_prefix(&project.root).unwrap_or(it).to_string()).collect())
}
