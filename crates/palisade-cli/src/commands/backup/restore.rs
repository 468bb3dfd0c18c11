//! `backup restore`

use crate::protection::{Reach, protected, refuse_protected};
use crate::selection::place;
use crate::units::{bytes, duration};
use crate::{CommandError, ConnectionArgs, Context, Outcome, Printer, Selection};
use palisade_backup::{
    Overwrite, Owners, Possible, RestoreError, RestoreOptions, RestoreProgress, RestoreTarget, Restored, find, look,
    restore,
};
use palisade_config::{ConfigError, DatabaseIdentity, DatabaseUrl, Endpoint, EnvironmentName};
use palisade_db::{ConnectSettings, connect};
use serde_json::json;
use std::fmt::Write as _;

/// Put a backup into another database, in one transaction
///
/// The database has to be empty, unless `--overwrite` says that what the backup brings may replace what is there. Never
/// possible on a protected environment, by whatever name it is called.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask backup restore k7m2xq --to dev --overwrite
  cargo xtask backup restore backups/prod-20260112T090000Z-k7m2xq.dump --to \"$SCRATCH_URL\"")]
pub(super) struct RestoreArgs {
    /// The backup: its name, the id at the end of it, or its file
    #[arg(value_name = "FILE")]
    backup: String,

    /// Where to: an environment, or the URL of a database
    #[arg(long, value_name = "ENV|URL")]
    to: String,

    /// Replace what is in the database
    #[arg(long)]
    overwrite: bool,

    /// Let everything belong to the role that restores
    #[arg(long)]
    no_owner: bool,

    /// Compare the backup with its manifest and ask the target what is in it; write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(context: &mut Context, args: RestoreArgs) -> Result<Outcome, CommandError> {
    let home = context.select(&ConnectionArgs::default())?;
    let store = super::store(&home)?;
    let backup = find(&store, &args.backup)?.ok_or_else(|| {
        CommandError::usage("no-such-backup", format!("there is no backup `{}` in {store}", args.backup))
            .help("`cargo xtask backup list` shows what there is")
    })?;
    let target = target(context, &args).await?;
    let mut options = RestoreOptions {
        backup,
        target,
        overwrite: if args.overwrite { Overwrite::Confirmed } else { Overwrite::Refuse },
        owners: if args.no_owner { Owners::Restorer } else { Owners::AsBackedUp },
        embedded: home.embedded(),
    };
    let called = if args.to.contains("://") { "--to" } else { args.to.as_str() };
    let connection = connect(options.target.settings()).await?;
    refuse_protected(context, called, &connection, Reach::Everywhere).await?;
    connection.close().await;
    if args.dry_run {
        return Ok(possible(&look(&options, reporter(context.printer.clone())).await?, &options.target));
    }
    let mut result = restore(&options, reporter(context.printer.clone())).await;
    if let Err(error @ RestoreError::NotEmpty { .. }) = &result {
        let question = format!("{error}. What the backup brings would replace it.");
        let database = options.target.settings().url.database.clone();
        context.prompt.typed(&question, &database, "--overwrite").await?;
        options.overwrite = Overwrite::Confirmed;
        result = restore(&options, reporter(context.printer.clone())).await;
    }
    Ok(done(&result?, &options.target))
}

fn possible(possible: &Possible, target: &RestoreTarget) -> Outcome {
    let Possible { manifest, server, objects } = possible;
    let to = place(&target.settings().url);
    let mut text =
        format!("Would restore `{}` ({}) into {to}, Postgres {server}", manifest.name, bytes(manifest.bytes));
    if !objects.is_empty() {
        let _ = write!(text, "\nWould drop everything in it, among it {}", objects.join(", "));
    }
    Outcome::done(text).data(json!({ "dry_run": true, "backup": manifest.name, "to": to, "drops": objects }))
}

fn done(restored: &Restored, target: &RestoreTarget) -> Outcome {
    let Restored { manifest, warnings, elapsed } = restored;
    let to = place(&target.settings().url);
    let mut text = format!("Restored `{}` into {to} in {}", manifest.name, duration(*elapsed));
    for warning in warnings {
        let _ = write!(text, "\nwarning: {warning}");
    }
    Outcome::done(text).data(json!({ "backup": manifest.name, "to": to, "warnings": warnings }))
}

fn reporter(printer: Printer) -> impl FnMut(RestoreProgress) + Send {
    move |progress| match progress {
        RestoreProgress::Verifying { bytes: done, of } => {
            printer.progress(&format!("Comparing the backup with its manifest: {} of {}", bytes(done), bytes(of)));
        }
        RestoreProgress::Restoring { bytes: done, elapsed } => {
            printer.progress(&format!("Restoring: {} in {}", bytes(done), duration(elapsed)));
        }
    }
}

/// What `--to` names, if that may be written to at all.
async fn target(context: &Context, args: &RestoreArgs) -> Result<RestoreTarget, CommandError> {
    if args.to.contains("://") {
        let url: DatabaseUrl = args.to.parse()?;
        return Ok(RestoreTarget::url(settings(url, &args.connection), &databases(&protected(context)?)?)?);
    }
    let selection = context.select_by_name(&args.to, &args.connection)?;
    selection.refuse_if_protected("restoring a backup")?;
    let url = if args.dry_run {
        // A dry run starts no server.
        let connection = selection.connect_to_look().await?;
        let url = connection.settings().url.clone();
        connection.close().await;
        url
    } else {
        selection.reach(&context.printer).await?.url
    };
    let protected = protected(context)?.into_iter().map(|it| it.environment.name).collect();
    Ok(RestoreTarget::environment(&selection.environment, url, protected)?)
}

fn settings(url: DatabaseUrl, flags: &ConnectionArgs) -> ConnectSettings {
    let flags = flags.overrides();
    let default = ConnectSettings::new(url);
    ConnectSettings {
        ssl_mode: flags.ssl_mode,
        root_certificate: flags.root_certificate,
        connect_timeout: flags.connect_timeout.unwrap_or(default.connect_timeout),
        lock_timeout: flags.lock_timeout.unwrap_or(default.lock_timeout),
        statement_timeout: flags.statement_timeout.unwrap_or(default.statement_timeout),
        ..default
    }
}

/// Their databases. One whose URL cannot be read is an error: a URL that cannot be compared with it might be the same.
fn databases(protected: &[Selection]) -> Result<Vec<(EnvironmentName, DatabaseIdentity)>, CommandError> {
    let mut found = Vec::new();
    for Selection { project: _, environment, variables } in protected {
        for endpoint in [environment.endpoint(variables), environment.direct_endpoint(variables)] {
            match endpoint {
                Ok(Endpoint::Url(url)) => found.push((environment.name.clone(), url.identity())),
                Ok(Endpoint::Embedded) | Err(ConfigError::NoUrl { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(found)
}
