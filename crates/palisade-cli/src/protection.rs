//! Whether a database that nothing seems to protect is that of a protected environment all the same.
//!
//! Two URLs are compared as text when the configuration is read. That finds neither other names of one server, nor URLs that
//! only a command prints. So before the first write, both servers are asked who they are. (That the database itself may say
//! whose it is, and is believed, is not here: [`palisade_plan::Target::check_belongs`] sees to it.)

use crate::{CommandError, ConnectionArgs, Context, Selection};
use palisade_config::{ConfigError, DatabaseUrl, Endpoint};
use palisade_db::{ConnectSettings, Connection, connect};
use palisade_embedded::dev;
use palisade_plan::{OtherEnvironment, ProtectedError, UnprotectedTarget};
use std::time::Duration;

/// How long a protected server may take to say who it is: one that lies behind a network that is not there must not keep
/// everybody from working.
const PATIENCE: Duration = Duration::from_secs(3);

impl Selection {
    /// The database behind `connection` as one that may be written to freely.
    pub(crate) async fn unprotected(
        &self,
        context: &Context,
        connection: &Connection,
        action: &'static str,
    ) -> Result<UnprotectedTarget, CommandError> {
        let target = connection.facts().target(&self.environment).unprotected(action)?;
        self.refuse_other_environment(context, connection).await?;
        Ok(target)
    }

    /// Refuses if the database behind `connection` is that of a protected environment. To be called before the first write to
    /// an environment that is not protected.
    pub(crate) async fn refuse_other_environment(
        &self,
        context: &Context,
        connection: &Connection,
    ) -> Result<(), CommandError> {
        if self.environment.protected {
            return Ok(());
        }
        let embedded = matches!(self.environment.direct_endpoint(&self.variables), Ok(Endpoint::Embedded));
        let reach = if embedded { Reach::ThisMachine } else { Reach::Everywhere };
        refuse_protected(context, self.environment.name.as_str(), connection, reach).await
    }
}

/// How far a database can be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The embedded server listens on this machine only, so no remote server can be it.
    ThisMachine,
    /// An address says little: it may be a tunnel.
    Everywhere,
}

/// Refuses if `connection`, opened for `called`, leads to the database of a protected environment.
pub(crate) async fn refuse_protected(
    context: &Context,
    called: &str,
    connection: &Connection,
    reach: Reach,
) -> Result<(), CommandError> {
    for selection in protected(context)? {
        let name = &selection.environment.name;
        for url in urls(&selection).await? {
            if reach == Reach::ThisMachine && !url.is_local() {
                continue;
            }
            if url.identity() == connection.settings().url.identity() || is_same(&selection, url, connection).await {
                return Err(ProtectedError::Database(OtherEnvironment {
                    environment: called.to_owned(),
                    protected: name.to_string(),
                    how: OtherEnvironment::ASKED,
                })
                .into());
            }
        }
    }
    Ok(())
}

/// All protected environments.
pub(crate) fn protected(context: &Context) -> Result<Vec<Selection>, CommandError> {
    let names = context.project()?.environments()?.into_iter();
    let all = names.map(|it| context.select_by_name(it.as_str(), &ConnectionArgs::default()));
    all.filter(|it| it.as_ref().map_or(true, |it| it.environment.protected)).collect()
}

/// The URLs of a protected environment, as far as this user can read them; commands that print one are run. Who cannot read
/// one is left with what the database says of itself.
async fn urls(selection: &Selection) -> Result<Vec<DatabaseUrl>, CommandError> {
    let Selection { project: _, environment, variables } = selection;
    let mut urls = Vec::new();
    for endpoint in [environment.direct_endpoint(variables), environment.endpoint(variables)] {
        match endpoint {
            Ok(Endpoint::Url(url)) if !urls.contains(&url) => urls.push(url),
            // One that does not run is nobody's target.
            Ok(Endpoint::Embedded) => urls.extend(dev::url(&selection.embedded()).await?),
            Ok(Endpoint::Url(_)) | Err(ConfigError::NoUrl { .. }) => {}
            Err(error @ ConfigError::SameDatabase { .. }) => return Err(error.into()),
            Err(error) => tracing::info!(environment = %environment.name, %error, "its database cannot be compared"),
        }
    }
    Ok(urls)
}

/// Asks the server behind `url` who it is. One that does not answer is not compared.
async fn is_same(selection: &Selection, url: DatabaseUrl, connection: &Connection) -> bool {
    let settings = ConnectSettings::for_environment(&selection.environment, url);
    let settings = ConnectSettings { connect_timeout: settings.connect_timeout.min(PATIENCE), ..settings };
    match connect(&settings).await {
        Ok(other) => {
            let same = connection.facts().is_same_database(other.facts());
            other.close().await;
            same
        }
        Err(error) => {
            tracing::info!(environment = %selection.environment.name, %error, "its server cannot be asked who it is");
            false
        }
    }
}
