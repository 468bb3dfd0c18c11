//! From an environment to the database it means.

use secrecy::ExposeSecret;

use super::Environment;
use crate::conflict::Dispute;
use crate::{ConfigError, DatabaseUrl, Origin, SecretSource, Variables};

/// The database an environment means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The embedded server of the project: `dev` without any URL.
    Embedded,
    /// The database behind this URL.
    Url(DatabaseUrl),
}

impl Environment {
    /// The application's database: `url`, else `direct-url`. Reads secrets, and may run a command for it.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::NoUrl`] if neither is set, and this is not `dev`, which then means the embedded server.
    /// - [`ConfigError::Secret`] and [`ConfigError::Url`] if the URL cannot be read.
    /// - [`ConfigError::Expect`] if it leads to another database than `[expect]` says.
    /// - [`ConfigError::SameDatabase`] if it leads to the database of another environment.
    pub fn endpoint(&self, variables: &Variables) -> Result<Endpoint, ConfigError> {
        self.first_set([("url", &self.url), ("direct-url", &self.direct_url)], variables)
    }

    /// The database for migrations and backups, around any pooler: `direct-url`, else `url`.
    ///
    /// # Errors
    ///
    /// As [`Self::endpoint`].
    pub fn direct_endpoint(&self, variables: &Variables) -> Result<Endpoint, ConfigError> {
        self.first_set([("direct-url", &self.direct_url), ("url", &self.url)], variables)
    }

    fn first_set(
        &self,
        sources: [(&'static str, &SecretSource); 2],
        variables: &Variables,
    ) -> Result<Endpoint, ConfigError> {
        if let Some((key, source)) = sources.into_iter().find(|(_, source)| source.is_set(variables)) {
            return self.resolve(key, source, variables).map(Endpoint::Url);
        }
        let is_configured = |key| self.origins.get(key).is_some_and(|it| *it != Origin::BuiltIn);
        // Who names a source in a file means it: an unset variable is then a mistake, not a wish for the embedded server.
        if !self.name.is_dev() || sources.iter().any(|(key, _)| is_configured(key)) {
            return Err(ConfigError::NoUrl {
                environment: self.name.clone(),
                url: variable(&self.url),
                direct_url: variable(&self.direct_url),
            });
        }
        self.expect.check_embedded().map_err(|source| ConfigError::Expect {
            environment: self.name.clone(),
            key: "url",
            source,
        })?;
        Ok(Endpoint::Embedded)
    }

    fn resolve(
        &self,
        key: &'static str,
        source: &SecretSource,
        variables: &Variables,
    ) -> Result<DatabaseUrl, ConfigError> {
        let environment = || self.name.clone();
        let secret = source.resolve(variables).map_err(|source| ConfigError::Secret {
            environment: environment(),
            key,
            source: Box::new(source),
        })?;
        let place = super::place(source, variables);
        let url: DatabaseUrl = secret.expose_secret().parse().map_err(|source| ConfigError::Url {
            environment: environment(),
            key,
            place: place.clone(),
            source,
        })?;
        let expectation = self.expect.check(&url.identity());
        expectation.map_err(|source| ConfigError::Expect { environment: environment(), key, source })?;
        self.check_unclaimed(&url, key, &place)?;
        Ok(url)
    }

    /// Checks that `url`, the `key` of this environment that was found at `place`, is not the database of another
    /// environment. [`crate::load`] and [`Self::endpoint`] do so for what they resolve; this is for a URL that nobody
    /// knows before a server is started, such as that of the embedded one.
    ///
    /// # Errors
    ///
    /// [`ConfigError::SameDatabase`] if it is.
    pub fn check_unclaimed(&self, url: &DatabaseUrl, key: &'static str, place: &str) -> Result<(), ConfigError> {
        let identity = url.identity();
        let Some(claim) = self.claims.iter().find(|it| it.identity == identity) else { return Ok(()) };
        let first = Dispute { environment: self.name.clone(), key, place: place.to_owned() };
        Err(ConfigError::SameDatabase {
            identity: identity.to_string(),
            first: Box::new(first),
            second: Box::new(claim.dispute.clone()),
        })
    }
}

/// The name of the variable. Only variables can be unset, so no other source gets here.
fn variable(source: &SecretSource) -> String {
    match source {
        SecretSource::Env { name } => name.clone(),
        SecretSource::File { .. } | SecretSource::Command { .. } => source.to_string(),
    }
}
