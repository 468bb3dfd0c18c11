//! `db-pull`

use crate::sources::{Input, Place};
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use camino::{Utf8Path, Utf8PathBuf};
use palisade_catalog::{Catalog, Compared, Difference, difference};
use palisade_diff::{Options, diff};
use palisade_source::{
    Part, Placed, Source, SqlFile, Workbench, comparable, owned, place, pull, usual_owner, write_snapshot,
};
use serde_json::json;
use std::fmt::Write as _;

/// Write a database as SQL files, one for each table, view, function and type
///
/// The files make the same schema again: that is tried on a throwaway database before anything is written. Nothing that
/// `db-pull` has not written itself, or that was changed since, is written over without `--force`. Owners are named where they
/// are not the usual one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask db-pull --env prod --to pulled
  cargo xtask db-pull --from migrations
  cargo xtask db-pull --from url:OLD_DATABASE_URL --schema public --to old
  cargo xtask db-pull --env prod --snapshot prod.json")]
pub(crate) struct DbPullArgs {
    /// What to write: a source as `db-diff` takes it [default: the database of `--env`]
    #[arg(long, value_name = "SOURCE")]
    from: Option<String>,

    /// Directory to write into [default: that of `schema-source` in `config/`, `schema`]
    #[arg(long, value_name = "DIR")]
    to: Option<Utf8PathBuf>,

    /// Write one file instead that `snapshot:FILE` reads: the catalog as it is, for comparisons without the database
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "schema", "force"])]
    snapshot: Option<Utf8PathBuf>,

    /// Only this schema and what is in it; can be given several times
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,

    /// Write over files that somebody else wrote or changed, and remove those of an earlier run that are not needed any more
    #[arg(long)]
    force: bool,

    /// Let the server of this environment lend databases, if it has extensions that this machine does not
    #[arg(long, value_name = "env:NAME")]
    shadow: Option<String>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: DbPullArgs) -> Result<Outcome, CommandError> {
    let mut here = Place::here(context, &args.connection)?;
    here.lend(context, args.shadow.as_deref(), &args.connection).await?;
    let source = args.from.clone().unwrap_or_else(|| format!("env:{}", context.global.env));
    let side = here.side(context, &source, &args.connection).await?;
    let (catalog, workbench) = match &side.input {
        Input::There(there) => {
            let catalog = side.read(there).await?;
            let workbench = here.workbench(Some(&catalog));
            (catalog, workbench)
        }
        Input::Made(blueprint) => {
            let workbench = here.workbench(None);
            (workbench.catalog(blueprint).await.map_err(|it| side.failed(it))?, workbench)
        }
    };
    if let Some(path) = &args.snapshot {
        write_snapshot(path, &catalog)?;
        let text = format!("{path}\n`snapshot:{path}` is `{}` as it is now", side.label);
        return Ok(Outcome::done(text).data(json!({ "file": path, "objects": catalog.objects.len() })));
    }
    let schemas = (!args.schema.is_empty()).then_some(args.schema.as_slice());
    let part = Part { schemas, history: here.history.as_ref() };
    let (files, objects) = files(context, &workbench, catalog, part).await?;
    let directory = directory(&here, args.to.as_deref());
    let placed = place(&directory, &files, args.force)?;
    if !placed.stale.is_empty() {
        let names = placed.stale.join("`, `");
        context
            .printer
            .warn(&format!("`{directory}` still holds files of what is gone: `{names}`; `--force` removes them"));
    }
    Ok(outcome(&side.label, &directory, &placed, objects))
}

/// The files, once they are known to make the same, and how many objects they make.
async fn files(
    context: &Context,
    workbench: &Workbench,
    catalog: Catalog,
    part: Part<'_>,
) -> Result<(Vec<SqlFile>, usize), CommandError> {
    let no_schema = |missing: Vec<String>| {
        let message = format!("there is no schema `{}`", missing.join("`, `"));
        CommandError::failed("no-schema", message).help("`--schema` takes a name as the catalog has it, without quotes")
    };
    let empty = workbench.empty().await?;
    // Whoever loads the files owns what they make; only what belongs to somebody else says so.
    let usual = usual_owner(&catalog).unwrap_or_else(|| catalog.server.user.clone());
    let catalog = owned(catalog, &usual, &empty.server.user);
    let (empty, wanted) = comparable(empty, catalog.clone(), part).map_err(no_schema)?;
    let script = diff(&empty, &wanted, &Options::ALL)?;
    for left in &script.left {
        context.printer.warn(&format!("not written: {left}"));
    }
    let files = pull(&script, &wanted);
    let made = workbench.loaded(&files).await.map_err(|error| {
        let error = CommandError::from(error);
        CommandError { message: format!("the files cannot be loaded again: {}", error.message), ..error }
            .help("nothing was written")
    })?;
    let (made, wanted) = comparable(made, catalog, part).map_err(no_schema)?;
    // What cannot be written was named above.
    let is_named = |it: &Difference| script.left.iter().any(|left| left.starts_with(&it.object().to_string()));
    let mut differences = difference(&made, &wanted, Compared::ALL);
    differences.retain(|it| !is_named(it));
    if differences.is_empty() {
        return Ok((files, wanted.objects.len()));
    }
    let shown: Vec<String> = differences.iter().take(12).map(ToString::to_string).collect();
    let message = format!("what the files make is not what is there:\n{}", shown.join("\n"));
    Err(CommandError::failed("not-proven", message).help("nothing was written"))
}

fn directory(here: &Place, to: Option<&Utf8Path>) -> Utf8PathBuf {
    let configured = || {
        let source = here.schema_source.as_deref()?.parse::<Source>().ok()?;
        match (source, &here.project) {
            (Source::Directory(path), Some(project)) => Some(project.root.join(path)),
            _ => None,
        }
    };
    to.map(Utf8Path::to_owned).or_else(configured).unwrap_or_else(|| "schema".into())
}

fn outcome(label: &str, directory: &Utf8Path, placed: &Placed, objects: usize) -> Outcome {
    let Placed { written, unchanged, removed, stale } = placed;
    let mut text = String::new();
    for (sign, files) in [("wrote", written), ("removed", removed)] {
        for file in files {
            let _ = writeln!(text, "{sign} {}", directory.join(file));
        }
    }
    let files = written.len() + unchanged;
    let _ = write!(text, "{files} files make the {objects} objects of `{label}`");
    if written.is_empty() && removed.is_empty() {
        text.push_str("; nothing was to be done");
    }
    Outcome::done(text).data(json!({
        "directory": directory,
        "objects": objects,
        "written": written,
        "unchanged": unchanged,
        "removed": removed,
        "stale": stale,
    }))
}
