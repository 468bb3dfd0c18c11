//! `backup create`

use crate::backups::{self, Place, StoreArgs};
use crate::units::{bytes, duration};
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome, Printer, Selection};
use palisade_backup::{Entry, Manifest, Verdict, create, hook, newest, shrunk, verify};
use palisade_config::{BackupEngine, EnvironmentName};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct CreateArgs {
    /// Show what would be backed up, and where to; write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    store: StoreArgs,

    /// How rows are read: by one `pg_dump`, or by several connections that share its snapshot
    #[arg(long, value_name = "ENGINE", value_enum)]
    engine: Option<Engine>,

    /// How many connections read rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    jobs: Option<u32>,

    /// At which level the backup is verified when it is made: 0 (not at all) to 3
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u32).range(0..=3))]
    verify: Option<u32>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Engine {
    Single,
    Parallel,
}

pub(super) async fn run(context: &mut Context, args: CreateArgs) -> Result<Outcome, CommandError> {
    let mut selection = context.select(&args.connection)?;
    let settings = &mut selection.environment.backup;
    settings.jobs = args.jobs.unwrap_or(settings.jobs);
    settings.verify = args.verify.unwrap_or(settings.verify);
    match args.engine {
        Some(Engine::Single) => settings.engine = BackupEngine::Single,
        Some(Engine::Parallel) => settings.engine = BackupEngine::Parallel,
        None => {}
    }
    let place = backups::place(&selection, &args.store)?;
    let name = selection.environment.name.clone();
    if args.dry_run {
        let text = format!("Would back up `{name}` into {}", place.name);
        return Ok(Outcome::done(text).data(json!({ "dry_run": true, "store": place.name })));
    }
    let made = Box::pin(make(context, &selection, &place)).await;
    tell(&selection, &name, &context.printer, &made).await;
    let Made { manifest, verdict, warnings } = made?;
    let text = format!("{}\n{}", place.of(&manifest.name), describe(&manifest, verdict.as_ref(), &warnings));
    let bad = verdict.as_ref().is_some_and(|it| !it.problems.is_empty());
    if bad {
        let problems = verdict.iter().flat_map(|it| &it.problems).cloned().collect::<Vec<_>>().join("; ");
        let message = format!("the backup `{}` was made and is not what it should be: {problems}", manifest.name);
        return Err(CommandError::failed("bad-backup", message)
            .help("take another one, and look what has touched the store")
            .data(data(&place, &manifest, verdict.as_ref(), &warnings)));
    }
    Ok(Outcome::done(text).data(data(&place, &manifest, verdict.as_ref(), &warnings)).exit(Exit::Done))
}

struct Made {
    manifest: Manifest,
    verdict: Option<Verdict>,
    warnings: Vec<String>,
}

async fn make(context: &Context, selection: &Selection, place: &Place) -> Result<Made, CommandError> {
    let identities = backups::identities(selection)?;
    let options = backups::options(selection, &context.printer, place).await?;
    backups::check_key(selection.environment.backup.verify, &options.recipients, identities.as_ref())?;
    let manifest = Box::pin(create(&options, backups::creating(context.printer.clone()))).await?;
    let (wanted, encrypted) = (selection.environment.backup.verify, manifest.encryption.is_some());
    let level = backups::level(selection, &context.printer, wanted, encrypted, identities.as_ref());
    let mut verdict = None;
    if let Some(level) = level {
        let progress = backups::verifying(context.printer.clone());
        // Whoever ends this now has a backup all the same.
        context.printer.note(&format!("Backup {} made", manifest.name));
        let verified = Box::pin(verify(&place.store, &manifest, identities.as_ref(), &level, progress)).await;
        verdict = Some(verified.map_err(|error| {
            let mut error = CommandError::from(error);
            error.message =
                format!("the backup `{}` was made and could not be verified: {}", manifest.name, error.message);
            error.data(data(place, &manifest, None, &manifest.warnings))
        })?);
    }
    let mut warnings = manifest.warnings.clone();
    warnings.extend(lost(selection, place, &manifest).await);
    Ok(Made { manifest, verdict, warnings })
}

/// What lost many rows since the backup before. That this cannot be told is no reason to have no backup.
async fn lost(selection: &Selection, place: &Place, manifest: &Manifest) -> Vec<String> {
    let percent = u8::try_from(selection.environment.backup.shrunk.min(100)).unwrap_or(100);
    if percent == 0 {
        return Vec::new();
    }
    let name = &manifest.name;
    match newest(&place.store, |it| it.environment() == name.environment() && it != name).await {
        Ok(previous) => {
            previous.as_ref().and_then(Entry::manifest).map(|it| shrunk(it, manifest, percent)).unwrap_or_default()
        }
        Err(error) => vec![format!("the backup before could not be compared with: {error}")],
    }
}

/// Runs what is to run after a backup. That it fails is a warning: the backup is there, or is not, all the same.
async fn tell(
    selection: &Selection,
    environment: &EnvironmentName,
    printer: &Printer,
    made: &Result<Made, CommandError>,
) {
    let settings = &selection.environment.backup;
    let (program, event) = match made {
        Ok(made) => {
            let problems = made.verdict.as_ref().map(|it| it.problems.clone()).unwrap_or_default();
            let program = if problems.is_empty() { &settings.on_success } else { &settings.on_failure };
            let event = json!({
                "environment": environment.as_str(), "backup": made.manifest.name, "bytes": made.manifest.bytes(),
                "rows": made.manifest.rows(), "problems": problems,
            });
            (program, event)
        }
        Err(error) => (&settings.on_failure, json!({ "environment": environment.as_str(), "error": error.message })),
    };
    if program.is_empty() {
        return;
    }
    if let Err(error) = hook(program, &event).await {
        printer.warn(&format!("{error}: {}", error.help()));
    }
}

fn data(place: &Place, manifest: &Manifest, verdict: Option<&Verdict>, warnings: &[String]) -> Value {
    json!({
        "id": manifest.name.id(), "name": manifest.name, "store": place.name, "place": place.of(&manifest.name),
        "manifest": manifest, "verdict": verdict, "warnings": warnings,
    })
}

fn describe(manifest: &Manifest, verdict: Option<&Verdict>, warnings: &[String]) -> String {
    let elapsed = manifest.finished_at.duration_since(manifest.started_at).unsigned_abs();
    let migrations = manifest.migrations.as_ref().map_or(0, Vec::len);
    let mut text = format!(
        "{} in {}: {} rows of {} tables, {migrations} migrations, Postgres {}{}",
        bytes(manifest.bytes()),
        duration(elapsed),
        manifest.rows(),
        manifest.tables.len(),
        manifest.server_version,
        if manifest.encryption.is_some() { ", encrypted" } else { "" },
    );
    if let Some(verdict) = verdict {
        let time = duration(Duration::from_millis(verdict.milliseconds));
        let _ = write!(text, "\nVerified at level {} in {time}: it is what was backed up", verdict.level);
    }
    for exclusion in &manifest.exclusions {
        let _ = write!(text, "\nNot in it: {} ({})", exclusion.what, exclusion.why);
    }
    for warning in warnings {
        let _ = write!(text, "\nwarning: {warning}");
    }
    text
}
