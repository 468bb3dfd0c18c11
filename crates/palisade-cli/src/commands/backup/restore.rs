//! `backup restore`

mod guarded;

use crate::arguments::WriteArgs;
use crate::backups::{self, StoreArgs};
use crate::protection::{Reach, protected, refuse_protected};
use crate::selection::place as named;
use crate::units::{bytes, duration};
use crate::{CommandError, ConnectionArgs, Context, Outcome, Selection};
use palisade_backup::{
    FreeSpace, Overwrite, Owners, Possible, RestoreError, RestoreOptions, RestoreTarget, Restored, Room, Swapped, look,
    look_swapped, restore, restore_swapped,
};
use palisade_config::{ConfigError, DatabaseIdentity, DatabaseUrl, Endpoint, EnvironmentName};
use palisade_db::{ConnectSettings, connect};
use serde_json::json;
use std::fmt::Write as _;

/// Put a backup into another database
///
/// In one transaction, unless `--jobs` is above 1: the target is what the backup was, or what it was before. It has to be empty, unless
/// `--overwrite` says that what the backup brings may replace what is there, or `--swap` that a new database takes its place.
///
/// Onto a protected environment only by its name, after somebody has approved exactly this restore, and after a backup of what is there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask backup restore latest --to dev --overwrite
  cargo xtask backup restore 2NYE --to \"$SCRATCH_URL\" --jobs 4
  cargo xtask backup restore latest --to dev --swap
  cargo xtask backup restore 2NYE --to prod --swap --approve 3f1c0a9b77d2e846")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct RestoreArgs {
    /// The backup: its id, the end of it, or `latest`
    #[arg(value_name = "ID")]
    backup: String,

    /// Where to: an environment, or the URL of a database
    #[arg(long, value_name = "ENV|URL")]
    to: String,

    /// Replace what is in the database
    #[arg(long, conflicts_with_all = ["schema", "table", "data_only"])]
    overwrite: bool,

    /// Let everything belong to the role that restores
    #[arg(long)]
    no_owner: bool,

    /// Let what belongs to roles that are not here belong to the role that restores; leave out what is granted to them
    #[arg(long, conflicts_with = "no_owner")]
    fit_owners: bool,

    /// Restore with several connections: faster, and not in one transaction
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64), default_value = "1")]
    jobs: u16,

    /// Restore into a new database, and give it the name of this one when everything is there; the old one stays under another name
    #[arg(long, conflicts_with_all = ["overwrite", "schema", "table", "data_only"])]
    swap: bool,

    /// End the sessions that keep a database from being renamed
    #[arg(long, requires = "swap")]
    terminate: bool,

    /// Only what is in this schema; can be given several times
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,

    /// Only this table and its rows; can be given several times
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,

    /// Only rows: the tables are there
    #[arg(long)]
    data_only: bool,

    #[command(flatten)]
    store: StoreArgs,

    /// Approve exactly the restore that has this digest, for a protected environment
    #[arg(long, value_name = "DIGEST")]
    approve: Option<String>,

    #[command(flatten)]
    write: WriteArgs,
}

pub(super) async fn run(context: &mut Context, args: RestoreArgs) -> Result<Outcome, CommandError> {
    let home = context.select(&ConnectionArgs::default())?;
    let (place, entry) = backups::named(context, &home, &args.store, &args.backup).await?;
    let manifest = backups::complete(&entry)?.clone();
    let To { target, protected } = target(context, &args).await?;
    let mut options = RestoreOptions {
        store: place.store,
        manifest,
        identities: backups::identities(&home)?,
        selection: palisade_backup::Selection {
            schemas: args.schema.clone(),
            tables: args.table.clone(),
            data_only: args.data_only,
        },
        target,
        overwrite: if args.overwrite { Overwrite::Confirmed } else { Overwrite::Refuse },
        owners: match (args.no_owner, args.fit_owners) {
            (true, _) => Owners::Restorer,
            (false, true) => Owners::Fitting,
            (false, false) => Owners::AsBackedUp,
        },
        jobs: args.jobs.into(),
        embedded: home.embedded(),
    };
    if let Some(selection) = protected {
        return Box::pin(guarded::run(context, &args, &selection, options)).await;
    }
    let called = if args.to.contains("://") { "--to" } else { args.to.as_str() };
    let connection = connect(options.target.settings()).await?;
    refuse_protected(context, called, &connection, Reach::Everywhere).await?;
    connection.close().await;
    if args.write.dry_run {
        return Ok(possible(&looked(&options, &args).await?, &options, args.swap));
    }
    if args.swap {
        let progress = backups::restoring(context.printer.clone());
        return Ok(swapped(&restore_swapped(&options, args.terminate, progress).await?, &options));
    }
    let mut result = restore(&options, backups::restoring(context.printer.clone())).await;
    if let Err(error @ RestoreError::NotEmpty { .. }) = &result {
        let question = format!("{error}. What the backup brings would replace it.");
        let database = options.target.settings().url.database.clone();
        context.prompt.typed(&question, &database, "--overwrite").await?;
        options.overwrite = Overwrite::Confirmed;
        result = restore(&options, backups::restoring(context.printer.clone())).await;
    }
    Ok(done(&result?, &options))
}

/// What can be known before anything is written.
async fn looked(options: &RestoreOptions, args: &RestoreArgs) -> Result<Possible, CommandError> {
    Ok(if args.swap { look_swapped(options, args.terminate).await? } else { look(options).await? })
}

fn possible(possible: &Possible, options: &RestoreOptions, swap: bool) -> Outcome {
    let Possible { server, objects, supabase, room } = possible;
    let manifest = &options.manifest;
    let to = named(&options.target.settings().url);
    let mut text =
        format!("Would restore `{}` ({}) into {to}, Postgres {server}", manifest.name, bytes(manifest.bytes()));
    if swap {
        text.push_str("\nWould restore into a new database, which then takes the name of this one");
    }
    if !objects.is_empty() && options.overwrite == Overwrite::Confirmed {
        let _ = write!(text, "\nWould drop everything in it, among it {}", objects.join(", "));
    }
    if *supabase {
        text.push_str("\nWould leave what belongs to Supabase as it is");
    }
    if let Some(room) = room {
        let _ = write!(text, "\n{}", needs(room));
    }
    let free = room.as_ref().and_then(|it| it.free.as_ref());
    Outcome::done(text).data(json!({
        "dry_run": true, "backup": manifest.name, "to": to, "drops": objects,
        "needs_bytes": room.as_ref().map(|it| it.needed), "free_bytes": free.map(|it| it.bytes),
    }))
}

/// How much room it takes, and how much there is.
fn needs(room: &Room) -> String {
    let Room { needed, free } = room;
    let free = match free {
        Some(FreeSpace { bytes: free, place }) => format!("free: {} in {place}", bytes(*free)),
        None => "free space on the target's server is not known".to_owned(),
    };
    format!("Needs at least {}; {free}", bytes(*needed))
}

fn swapped(swapped: &Swapped, options: &RestoreOptions) -> Outcome {
    let Swapped { restored: Restored { warnings, elapsed }, database, before } = swapped;
    let name = &options.manifest.name;
    let mut text = format!(
        "Restored `{name}` as `{database}` in {}\nWhat was there before is called `{before}`: drop it when it is not needed any more",
        duration(*elapsed)
    );
    for warning in warnings {
        let _ = write!(text, "\nwarning: {warning}");
    }
    let data = json!({ "backup": name, "database": database, "before": before, "warnings": warnings });
    Outcome::done(text).data(data)
}

fn done(restored: &Restored, options: &RestoreOptions) -> Outcome {
    let Restored { warnings, elapsed } = restored;
    let to = named(&options.target.settings().url);
    let name = &options.manifest.name;
    let mut text = format!("Restored `{name}` into {to} in {}", duration(*elapsed));
    for warning in warnings {
        let _ = write!(text, "\nwarning: {warning}");
    }
    Outcome::done(text).data(json!({ "backup": name, "to": to, "warnings": warnings }))
}

/// What `--to` names.
struct To {
    target: RestoreTarget,
    /// The environment, if it is a protected one.
    protected: Option<Selection>,
}

async fn target(context: &Context, args: &RestoreArgs) -> Result<To, CommandError> {
    if args.to.contains("://") {
        let url: DatabaseUrl = args.to.parse()?;
        let target = RestoreTarget::url(settings(url, &args.write.connection), &databases(&protected(context)?)?)?;
        return Ok(To { target, protected: None });
    }
    let selection = context.select_by_name(&args.to, &args.write.connection)?;
    let url = if args.write.dry_run {
        // A dry run starts no server.
        let connection = selection.connect_to_look().await?;
        let url = connection.settings().url.clone();
        connection.close().await;
        url
    } else {
        selection.reach(&context.printer).await?.url
    };
    if selection.environment.protected {
        let target = RestoreTarget::protected(&selection.environment, url);
        return Ok(To { target, protected: Some(selection) });
    }
    let protected = protected(context)?.into_iter().map(|it| it.environment.name).collect();
    let target = RestoreTarget::environment(&selection.environment, url, protected)?;
    Ok(To { target, protected: None })
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
