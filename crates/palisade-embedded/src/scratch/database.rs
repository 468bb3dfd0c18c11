//! One throwaway database.

use std::sync::{Arc, PoisonError};

use palisade_config::DatabaseUrl;
use palisade_db::{Connection, DbError, connect};

use super::layer::{Layer, template_names};
use super::name::Name;
use super::{Server, build, template};
use crate::error::{EmbeddedError, ScratchError};

/// How often a template may vanish between being found and being copied. Only pruning removes them.
const ATTEMPTS: usize = 5;

/// A throwaway database. It lives as long as this value: [`Self::close`] drops it at once; if the value is dropped
/// instead, or its process is killed, whoever uses the scratch server next drops the database.
#[derive(Debug)]
pub struct ScratchDatabase {
    name: Name,
    url: DatabaseUrl,
    tcp_url: DatabaseUrl,
    server: Arc<Server>,
    closed: bool,
}

impl ScratchDatabase {
    /// Where it is, for the superuser: through the socket, which asks for no password.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The same through TCP, with the password: for programs that do not know sockets.
    pub fn tcp_url(&self) -> &DatabaseUrl {
        &self.tcp_url
    }

    /// Connects as the superuser.
    ///
    /// # Errors
    ///
    /// [`ScratchError::Connect`].
    pub async fn connect(&self) -> Result<Connection, EmbeddedError> {
        let settings = palisade_db::ConnectSettings::new(self.url.clone());
        Ok(connect(&settings).await.map_err(|source| ScratchError::Connect { source: Box::new(source) })?)
    }

    /// Drops the database, ending whatever is connected to it.
    ///
    /// # Errors
    ///
    /// [`ScratchError::Server`].
    pub async fn close(mut self) -> Result<(), EmbeddedError> {
        self.closed = true;
        Ok(self.server.drop_owned(&self.name).await?)
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        if !self.closed {
            self.server.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(self.name);
        }
    }
}

pub(super) async fn create(server: &Arc<Server>, layers: &[Layer]) -> Result<ScratchDatabase, ScratchError> {
    let version = server.maintenance.lock().await.server_version();
    let templates = template_names(version, layers);
    let mut attempt = 0;
    loop {
        let have = template::built(server, &templates).await?;
        let have = build::complete(server, layers, &templates, have).await?;
        let template = have.checked_sub(1).map_or("template0", |index| templates[index].as_str());
        attempt += 1;
        match copy(server, template).await {
            Err(error) if template::is_missing(&error) && attempt < ATTEMPTS => {}
            Err(source) => {
                return Err(ScratchError::Server { action: "create a database", source: Box::new(source) });
            }
            Ok(name) => {
                let (url, tcp_url) = (&server.url, &server.tcp_url);
                return Ok(ScratchDatabase {
                    name,
                    url: url.with_database(&name.to_string()),
                    tcp_url: tcp_url.with_database(&name.to_string()),
                    server: server.clone(),
                    closed: false,
                });
            }
        }
    }
}

async fn copy(server: &Server, template: &str) -> Result<Name, DbError> {
    let name = Name::scratch();
    template::copy(server, &name, template).await.map(|()| name)
}
