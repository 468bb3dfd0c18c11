//! Two environments, one database.

use std::fmt;

use secrecy::ExposeSecret;

use crate::environment::place;
use crate::{ConfigError, DatabaseIdentity, DatabaseUrl, EnvironmentName, SecretSource, Variables};

/// One URL of one environment, and the database it leads to.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) dispute: Dispute,
    pub(crate) identity: DatabaseIdentity,
}

/// One of two environments that resolve to the same database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The environment.
    pub environment: EnvironmentName,
    /// `url` or `direct-url`.
    pub key: &'static str,
    /// Where the URL is, `env PROD_DATABASE_URL, .env:3`.
    pub place: String,
}

impl fmt::Display for Dispute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({} from {})", self.environment, self.key, self.place)
    }
}

/// What the sources of an environment lead to, as far as that can be told without running a command. A source that
/// cannot be read is left out: it leads nowhere, and who uses it gets its error.
pub(crate) fn claims(
    environment: &EnvironmentName,
    sources: [(&'static str, &SecretSource); 2],
    variables: &Variables,
) -> Vec<Claim> {
    let claim = |(key, source): (&'static str, &SecretSource)| {
        if matches!(source, SecretSource::Command { .. }) {
            return None;
        }
        let url: DatabaseUrl = source.resolve(variables).ok()?.expose_secret().parse().ok()?;
        let dispute = Dispute { environment: environment.clone(), key, place: place(source, variables) };
        Some(Claim { dispute, identity: url.identity() })
    };
    sources.into_iter().filter_map(claim).collect()
}

/// Refuses two environments with one database, and one environment with two Supabase projects.
pub(crate) fn check(claims: &[Claim]) -> Result<(), ConfigError> {
    for (index, first) in claims.iter().enumerate() {
        for second in &claims[index + 1..] {
            let same_environment = first.dispute.environment == second.dispute.environment;
            if !same_environment && first.identity == second.identity {
                return Err(ConfigError::SameDatabase {
                    identity: first.identity.to_string(),
                    first: Box::new(first.dispute.clone()),
                    second: Box::new(second.dispute.clone()),
                });
            }
            if same_environment
                && let (Some(one), Some(other)) = (&first.identity.project_ref, &second.identity.project_ref)
                && one != other
            {
                return Err(ConfigError::TwoProjects {
                    environment: first.dispute.environment.clone(),
                    first: one.clone(),
                    second: other.clone(),
                });
            }
        }
    }
    Ok(())
}
