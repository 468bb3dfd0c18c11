//! Roles that layers create. They belong to the server, not to a database, and so outlive what created them.

use std::time::{Duration, Instant};

use palisade_sql::{Ident, Literal, SqlState};
use tracing::info;

use super::{Server, prune, text};
use crate::error::ScratchError;

/// How long other databases that use a role may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// The role that kept a layer from running, if that is what did: `create role` knows no `if not exists`.
pub(super) fn in_the_way(error: &ScratchError) -> Option<String> {
    let ScratchError::Layer { source, .. } = error else { return None };
    let server = source.error.server()?;
    if server.sqlstate != SqlState::parse("42710") {
        return None;
    }
    let name = server.message.strip_prefix("role \"")?.strip_suffix("\" already exists")?;
    // Those of Supabase are in the way there, too.
    let ours = name == crate::cluster::SUPERUSER || crate::supabase::ROLES.contains(&format!("('{name}', "));
    (!ours).then(|| name.to_owned())
}

/// Drops a role that databases before us have left, with the templates that need it. Databases in use are waited for.
pub(super) async fn make_room(server: &Server, role: &str) -> Result<(), ScratchError> {
    let (Ok(ident), Ok(literal)) = (Ident::new(role), Literal::new(role)) else { return Ok(()) };
    info!(role, "dropping a role that other scratch databases have left");
    let users = include_str!("role_users.sql").replace("$role", &literal.to_string());
    let started = Instant::now();
    loop {
        let mut in_use = false;
        for database in server.run("look who uses a role", &users).await?.iter().filter_map(|row| text(row, 0)) {
            if database.starts_with("palisade_template_") {
                prune::drop(server, &database).await?;
            } else {
                in_use = true;
            }
        }
        if !in_use {
            break;
        }
        server.drop_ownerless().await?;
        if started.elapsed() > PATIENCE {
            break; // Then dropping the role fails, and the server says who uses it.
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.run("drop a role", &format!("drop role if exists {ident}")).await.map(drop)
}
