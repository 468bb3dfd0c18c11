//! The backup before a protected environment is changed.

use crate::commands::backup::store;
use crate::{CommandError, Printer, Selection};
use palisade_backup::CreateOptions;

pub(super) use crate::commands::backup::create::reporter;

pub(super) async fn options(selection: &Selection, printer: &Printer) -> Result<CreateOptions, CommandError> {
    Ok(CreateOptions {
        store: store(selection)?,
        environment: selection.environment.name.clone(),
        connect: selection.reach(printer).await?,
        history: selection.environment.history_table.clone(),
        embedded: selection.embedded(),
    })
}
