//! Where commands of `rls` try things: a scratch database with all that the project has, or the database of an environment.

use crate::sources::{Place, layers};
use crate::{CommandError, ConnectionArgs, Context};
use palisade_db::{Connection, Session};
use palisade_embedded::Layer;
use palisade_migrator::read_seeds;
use palisade_rls::trial::Mode;
use palisade_rls::{Personas, PolicyScript};
use palisade_source::Temporary;
use std::time::Duration;

/// A database to try things on.
#[derive(Debug)]
pub(crate) struct Ground {
    /// What it is called.
    pub(crate) label: String,
    /// Whether it may be written to.
    pub(crate) mode: Mode,
    /// The schemas of the project.
    pub(crate) schemas: Vec<String>,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Scratch(Box<Connection>, Temporary),
    Live(Box<Session>),
    Look(Box<Connection>),
}

/// What may be done with a protected environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protected {
    /// Nothing.
    Refuse,
    /// Reading.
    Read,
}

/// How long another run of Palisade on the same database is waited for.
const WAIT: Duration = Duration::from_secs(30);

impl Ground {
    /// The database of `--env`, if it was given; else a scratch database with the migrations, the policies and the sample rows.
    pub(crate) async fn choose(
        context: &Context,
        connection: &ConnectionArgs,
        action: &'static str,
        protected: Protected,
    ) -> Result<Self, CommandError> {
        if context.env_named {
            Self::live(context, connection, action, protected).await
        } else {
            Self::scratch(context, connection).await
        }
    }

    async fn live(
        context: &Context,
        connection: &ConnectionArgs,
        action: &'static str,
        protected: Protected,
    ) -> Result<Self, CommandError> {
        let selection = context.select(connection)?;
        let label = selection.environment.name.to_string();
        let schemas = selection.environment.schemas.clone();
        if selection.environment.protected && protected == Protected::Read {
            let held = Held::Look(Box::new(selection.connect(&context.printer).await?));
            return Ok(Self { label, mode: Mode::ReadOnly, schemas, held });
        }
        selection.refuse_if_protected(action)?;
        let mut session = selection.session(&context.printer, WAIT).await?;
        selection.unprotected(context, session.connection(), action).await?;
        Ok(Self { label, mode: Mode::RolledBack, schemas, held: Held::Live(Box::new(session)) })
    }

    /// A scratch database with the migrations, the policies and the sample rows.
    pub(crate) async fn scratch(context: &Context, connection: &ConnectionArgs) -> Result<Self, CommandError> {
        let place = Place::here(context, connection)?;
        let project = context.project()?;
        let schemas = context.select(connection)?.environment.schemas;
        let policies = PolicyScript::read(&project.rls_dir())?;
        let policies = policies.files().iter().map(|it| Layer::new(it.path.as_str(), it.sql.as_str()));
        let seeds = read_seeds(&project.root, &project.seeds_dir())?;
        let seeds = seeds.iter().map(|it| Layer::new(it.file.as_str(), it.sql.as_str()));
        let all: Vec<Layer> =
            layers(&place.migrations("migrations")?).into_iter().chain(policies).chain(seeds).collect();
        let database = place.workbench(None).database(&all).await?;
        let held = Held::Scratch(Box::new(database.connect().await?), database);
        Ok(Self { label: "scratch".to_owned(), mode: Mode::RolledBack, schemas, held })
    }

    /// The connection to it.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        match &mut self.held {
            Held::Scratch(connection, _) | Held::Look(connection) => connection,
            Held::Live(session) => session.connection(),
        }
    }

    /// Gives it back.
    pub(crate) async fn close(self) -> Result<(), CommandError> {
        match self.held {
            Held::Scratch(connection, database) => {
                connection.close().await;
                database.close().await?;
            }
            Held::Live(session) => session.release().await?.close().await,
            Held::Look(connection) => connection.close().await,
        }
        Ok(())
    }
}

/// The personas of the project.
pub(crate) fn personas(context: &Context) -> Result<Personas, CommandError> {
    Ok(Personas::read(&context.project()?.rls_dir().join("personas.toml"))?)
}
