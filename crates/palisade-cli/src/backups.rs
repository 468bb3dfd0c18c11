//! Backups as the settings of an environment want them.

mod progress;

use crate::{CommandError, Context, Printer, Selection};
use palisade_backup::{CreateOptions, EngineChoice, Entry, Identities, Laboratory, Level, Recipients, find, latest};
use palisade_config::{BackupEngine, BackupStore, SecretSource};
use palisade_store::{Location, S3Settings, Store};

pub(crate) use progress::{creating, restoring, verifying};

/// Where backups lie, in place of what the configuration says.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct StoreArgs {
    /// Where backups lie: a directory, or `s3://bucket/prefix` [default: `[backup] store`]
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) store: Option<String>,
}

/// A store, and how it is called.
pub(crate) struct Place {
    pub(crate) store: Store,
    /// The directory or the URL.
    pub(crate) name: String,
}

impl Place {
    /// Where a backup lies, as people can name it again.
    pub(crate) fn of(&self, name: &palisade_backup::BackupName) -> String {
        format!("{}/{name}", self.name.trim_end_matches('/'))
    }
}

/// Opens the store of an environment, or the one that a flag names.
pub(crate) fn place(selection: &Selection, args: &StoreArgs) -> Result<Place, CommandError> {
    let configured = match &selection.environment.backup.store {
        BackupStore::Directory(path) => path.to_string(),
        BackupStore::Url(url) => url.clone(),
    };
    open(selection, args.store.as_deref().unwrap_or(&configured))
}

fn open(selection: &Selection, name: &str) -> Result<Place, CommandError> {
    let location: Location = name.parse()?;
    let access = &selection.environment.backup.s3;
    let s3 = S3Settings {
        endpoint: access.endpoint.clone(),
        region: access.region.clone(),
        path_style: access.path_style,
        // Whoever names an address without TLS wants it so.
        allow_http: access.endpoint.as_deref().is_some_and(|it| it.starts_with("http://")),
        ..S3Settings::default()
    };
    let store = Store::open(&location, &s3, |it| selection.variables.get(it).map(str::to_owned))?;
    Ok(Place { store, name: name.to_owned() })
}

/// The backup that somebody names: an id, the end of one, `latest` (of the environment that `--env` names, if it is given), or the place
/// that `backup` has printed.
pub(crate) async fn named(
    context: &Context,
    selection: &Selection,
    args: &StoreArgs,
    which: &str,
) -> Result<(Place, Entry), CommandError> {
    let (place, which) = match which.trim_end_matches('/').rsplit_once('/') {
        Some((store, name)) => (open(selection, store)?, name),
        None => (place(selection, args)?, which),
    };
    let entry = if which == "latest" && context.env_named {
        latest(&place.store, |it| *it.environment() == selection.environment.name).await?
    } else {
        find(&place.store, which).await?
    };
    Ok((place, entry))
}

/// The manifest of a backup that has to be complete.
pub(crate) fn complete(entry: &Entry) -> Result<&palisade_backup::Manifest, CommandError> {
    use palisade_backup::State;
    let reason = match &entry.state {
        State::Complete(manifest) => return Ok(manifest),
        State::Damaged { reason } => reason.clone(),
        State::Foreign { format } => format!("another version of Palisade wrote it, in format {format}"),
        State::Unfinished => "it has no manifest: it is being written, or its writing was interrupted".to_owned(),
    };
    let message = format!("`{}` is not a complete backup: {reason}", entry.name);
    Err(CommandError::failed("bad-backup", message).help("`backup list` shows what there is"))
}

/// What decrypts backups, if the environment names it.
pub(crate) fn identities(selection: &Selection) -> Result<Option<Identities>, CommandError> {
    let settings = &selection.environment.backup;
    let Some(source) = &settings.identity else { return Ok(None) };
    if !source.is_set(&selection.variables) {
        return Ok(None);
    }
    Ok(Some(Identities::new(&source.resolve(&selection.variables)?)?))
}

/// Whether the key lies where the backups lie: whoever gets one gets both.
pub(crate) fn warn_of_key(selection: &Selection, printer: &Printer) {
    let settings = &selection.environment.backup;
    if let (Some(SecretSource::File { path }), BackupStore::Directory(store)) = (&settings.identity, &settings.store)
        && selection.project.root.join(path).starts_with(store)
    {
        printer.warn("`[backup] identity` lies beside the backups: keep it somewhere else");
    }
}

/// How a backup of the environment is made.
pub(crate) async fn options(
    selection: &Selection,
    printer: &Printer,
    place: &Place,
) -> Result<CreateOptions, CommandError> {
    let settings = &selection.environment.backup;
    warn_of_key(selection, printer);
    let recipients = Recipients::new(settings.recipients.iter().map(String::as_str))?;
    Ok(CreateOptions {
        store: place.store.clone(),
        environment: selection.environment.name.clone(),
        connect: selection.reach(printer).await?,
        history: selection.environment.history_table.clone(),
        embedded: selection.embedded(),
        engine: match settings.engine {
            BackupEngine::Fitting => EngineChoice::Fitting,
            BackupEngine::Single => EngineChoice::Single,
            BackupEngine::Parallel => EngineChoice::Parallel,
        },
        jobs: usize::try_from(settings.jobs).unwrap_or(1),
        compression: i32::try_from(settings.compression).unwrap_or(1),
        recipients,
    })
}

/// How much of a backup is verified: as much as is asked for, and can be without a key.
pub(crate) fn level(
    selection: &Selection,
    printer: &Printer,
    wanted: u32,
    encrypted: bool,
    identities: Option<&Identities>,
) -> Option<Level> {
    if wanted > 1 && encrypted && identities.is_none() {
        printer.warn(
            "the backup is encrypted and there is no `[backup] identity` here: only its sizes and hashes are compared",
        );
        return Some(Level::Sums);
    }
    match wanted {
        0 => None,
        1 => Some(Level::Sums),
        2 => Some(Level::Contents),
        _ => Some(Level::Restored(Box::new(laboratory(selection)))),
    }
}

/// Refuses to begin with a key that could not read what is to be verified afterwards, at `level`.
pub(crate) fn check_key(
    level: u32,
    recipients: &Recipients,
    identities: Option<&Identities>,
) -> Result<(), CommandError> {
    let reads = level > 1 && !recipients.is_empty();
    match identities {
        Some(identities) if reads && !identities.fit(&recipients.texts()) => {
            Err(palisade_backup::FetchError::WrongKey.into())
        }
        _ => Ok(()),
    }
}

/// Where a backup is restored to be looked at.
pub(crate) fn laboratory(selection: &Selection) -> Laboratory {
    Laboratory { embedded: selection.embedded(), checks: Some(selection.project.root.join("backup/checks")) }
}
