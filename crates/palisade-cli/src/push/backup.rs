//! The backup before a protected environment is changed.

use crate::backups::{self, StoreArgs};
use crate::{CommandError, Printer, Selection};
use palisade_backup::{CreateOptions, Identities, Level};

/// How the backup is made, how much of it is verified, and with what.
pub(super) struct Wanted {
    pub(super) options: CreateOptions,
    pub(super) verify: Option<Level>,
    pub(super) identities: Option<Identities>,
}

/// Verified at the level of the configuration, and no less than `at_least`.
pub(super) async fn wanted(
    selection: &Selection,
    printer: &Printer,
    store: &StoreArgs,
    at_least: u32,
) -> Result<Wanted, CommandError> {
    let place = backups::place(selection, store)?;
    let options = backups::options(selection, printer, &place).await?;
    let identities = backups::identities(selection)?;
    let (level, encrypted) = (selection.environment.backup.verify.max(at_least), !options.recipients.is_empty());
    backups::check_key(level, &options.recipients, identities.as_ref())?;
    let verify = backups::level(selection, printer, level, encrypted, identities.as_ref());
    Ok(Wanted { options, verify, identities })
}
