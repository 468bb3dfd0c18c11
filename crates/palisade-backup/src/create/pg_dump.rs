//! Running `pg_dump` and `pg_dumpall` under a snapshot that somebody holds.

use palisade_db::DbError;
use palisade_embedded::Installation;
use palisade_sql::Ident;
use tokio::process::Child;

use super::{Place, arrived};
use crate::contents::ArchiveContents;
use crate::create::CreateOptions;
use crate::create_error::CreateError;
use crate::credentials::{Credentials, database_argument};
use crate::holder::Holder;
use crate::manifest::{Content, Part};
use crate::program;
use crate::said::Said;
use crate::session_settings;
use crate::ship::Look;

pub(super) struct PgDump<'a> {
    pub(super) options: &'a CreateOptions,
    pub(super) installation: &'a Installation,
    pub(super) holder: &'a Holder,
}

impl PgDump<'_> {
    /// Ships an archive.
    pub(super) async fn archive(
        &self,
        place: &Place,
        file: &str,
        content: Content,
        arguments: &[String],
        progress: impl FnMut(u64),
    ) -> Result<(Part, ArchiveContents, Said), CreateError> {
        let (file, shipment) = place.ship(file, Look::Archive(Box::default()))?;
        let credentials = self.credentials()?;
        let said = match self.dump(&credentials, arguments) {
            Ok(child) => program::pour("pg_dump", child, shipment.pieces, progress).await,
            Err(error) => {
                drop(shipment.pieces);
                Err(error)
            }
        };
        let (said, fed) = match said {
            Ok(said) => (Some(said), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let (part, look) = arrived(file, content, shipment.arrival.wait().await, fed)?;
        let contents = match look {
            Look::Archive(contents) => *contents,
            Look::Away | Look::Rows(_) => ArchiveContents::default(),
        };
        Ok((part, contents, said.unwrap_or_default()))
    }

    /// Ships the roles of the server.
    pub(super) async fn roles(&self, place: &Place) -> Result<Part, CreateError> {
        let (file, shipment) = place.ship("roles.sql", Look::Away)?;
        let credentials = self.credentials()?;
        let path = self.installation.program("pg_dumpall");
        let mut command = program::command(&self.options.embedded, &path, Some(&credentials));
        command.args(["--roles-only", "--no-role-passwords", "--no-password"]);
        command.arg(database_argument(&self.options.connect));
        let fed = match command.spawn() {
            Ok(child) => program::pour("pg_dumpall", child, shipment.pieces, |_| ()).await.map(drop),
            Err(source) => {
                drop(shipment.pieces);
                Err(CreateError::Start { program: path, source })
            }
        };
        Ok(arrived(file, Content::Roles, shipment.arrival.wait().await, fed)?.0)
    }

    fn credentials(&self) -> Result<Credentials, CreateError> {
        Credentials::new(&self.options.connect).map_err(|source| CreateError::Credentials { source })
    }

    fn dump(&self, credentials: &Credentials, arguments: &[String]) -> Result<Child, CreateError> {
        let path = self.installation.program("pg_dump");
        let mut command = program::command(&self.options.embedded, &path, Some(credentials));
        // Our own compression is stronger and faster. Texts are of one encoding, whatever that of the database is.
        command.args(["--format=custom", "--compress=0", "--encoding=UTF8", "--no-password"]);
        command.arg(format!("--snapshot={}", self.holder.snapshot)).args(arguments);
        let lock_timeout = self.options.connect.lock_timeout.as_millis();
        if lock_timeout > 0 {
            command.arg(format!("--lock-wait-timeout={lock_timeout}"));
        }
        for schema in &self.holder.inventory.without_rows {
            // A pattern is quoted as an identifier is.
            let schema = Ident::new(*schema).map_err(|it| DbError::Unexpected { reason: it.to_string() })?;
            command.arg(format!("--exclude-table-data={schema}.*"));
        }
        command
            .arg(database_argument(&self.options.connect))
            .env(session_settings::PROGRAM.0, session_settings::PROGRAM.1);
        if !self.holder.inventory.writes_hex {
            command.env(session_settings::BYTES_AS_HEX.0, session_settings::BYTES_AS_HEX.1);
        }
        command.spawn().map_err(|source| CreateError::Start { program: path, source })
    }
}
