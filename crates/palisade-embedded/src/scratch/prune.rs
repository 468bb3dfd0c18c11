//! Old templates go.

use tracing::debug;

use super::template::BuildLock;
use super::{Server, text};
use crate::error::ScratchError;

/// Drops the templates that have not been used for the longest time, but for those that are kept.
///
/// A template that is being copied just now is not dropped: Postgres lets us wait until the copy is there.
pub(super) async fn oldest(server: &Server) -> Result<(), ScratchError> {
    for row in server.run("list templates", include_str!("oldest.sql")).await? {
        let Some(template) = text(&row, 0).filter(|it| it.starts_with("palisade_template_")) else { continue };
        // Somebody who builds upon it holds another lock, and finds out that it is gone.
        let Some(lock) = BuildLock::try_acquire(server, &template).await? else { continue };
        debug!(template, "dropping an old template");
        let dropped = drop(server, &template).await;
        lock.release(server).await?;
        dropped?;
    }
    Ok(())
}

/// Drops one template.
pub(super) async fn drop(server: &Server, template: &str) -> Result<(), ScratchError> {
    // Two processes that prune at once are in no hurry: the slower one finds nothing.
    let unprotect = format!("alter database {template} with is_template false");
    if server.try_run(&unprotect).await.is_ok() {
        server.run("drop a template", &format!("drop database if exists {template} with (force)")).await?;
    }
    server.run("forget a template", &format!("delete from palisade_templates where name = '{template}'")).await?;
    Ok(())
}
