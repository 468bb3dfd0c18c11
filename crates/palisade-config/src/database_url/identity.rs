//! Which database a URL leads to.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use super::{DatabaseUrl, Host, ip_address};

/// Which database a URL leads to, without user, password and parameters.
///
/// Two are equal if they lead to the same database, as far as names can tell: all names of this machine are one host,
/// and a Supabase project is one, whether reached through `db.REF.supabase.co` or a pooler. A pooler of one's own in
/// front of a server, or two DNS names of one, cannot be recognised here.
#[derive(Debug, Clone)]
pub struct DatabaseIdentity {
    /// The host, normalised: lower case, `localhost` for every name of this machine, or a socket directory.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The reference of the Supabase project this is the database of.
    pub project_ref: Option<String>,
}

impl DatabaseIdentity {
    pub(super) fn of(url: &DatabaseUrl) -> Self {
        let host = match &url.host {
            Host::Socket(directory) => normal_directory(directory.as_str()),
            Host::Tcp(host) => normal_host(host),
        };
        let project_ref = project_ref(&host, url);
        Self { host, port: url.port, database: url.database.clone(), project_ref }
    }

    /// What equality is about. Supabase serves one project on several hosts and ports.
    fn key(&self) -> (&str, u16, &str) {
        match &self.project_ref {
            Some(reference) => (reference, 0, &self.database),
            None => (&self.host, self.port, &self.database),
        }
    }
}

impl PartialEq for DatabaseIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for DatabaseIdentity {}

impl Hash for DatabaseIdentity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for DatabaseIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.project_ref {
            Some(reference) => write!(f, "Supabase project {reference}, database {}", self.database),
            None => write!(f, "{}:{}/{}", self.host, self.port, self.database),
        }
    }
}

/// Whether `host` is a name of this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    if let Some(address) = ip_address(host) {
        // `0.0.0.0` and `::` as a destination mean this machine on every system we run on.
        return address.to_canonical().is_loopback() || address.is_unspecified();
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// `host` in the one form that all its spellings share.
pub(crate) fn normal_host(host: &str) -> String {
    if is_loopback(host) {
        return "localhost".to_owned();
    }
    if let Some(address) = ip_address(host) {
        return IpAddr::to_canonical(&address).to_string();
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // Neon serves one database under two names, `ep-x-1-pooler.eu.aws.neon.tech` and without `-pooler`.
    match host.split_once('.') {
        Some((first, rest)) if rest.ends_with("neon.tech") => {
            format!("{}.{rest}", first.strip_suffix("-pooler").unwrap_or(first))
        }
        _ => host,
    }
}

/// The directories of a packaged Postgres belong to the server that also listens on `localhost`.
fn normal_directory(directory: &str) -> String {
    match directory.trim_end_matches('/') {
        "/tmp" | "/private/tmp" | "/run/postgresql" | "/var/run/postgresql" => "localhost".to_owned(),
        other => other.to_owned(),
    }
}

/// The Supabase project behind `host`, see [the ways to connect][docs].
///
/// [docs]: https://supabase.com/docs/guides/database/connecting-to-postgres
fn project_ref(host: &str, url: &DatabaseUrl) -> Option<String> {
    if let Some(name) = host.strip_suffix(".supabase.co") {
        let reference = name.strip_prefix("db.").unwrap_or(name);
        return (!reference.is_empty() && !reference.contains('.')).then(|| reference.to_owned());
    }
    if !host.ends_with(".pooler.supabase.com") {
        return None;
    }
    // The pooler learns the project from the user, or from `options=reference=REF`.
    let named_by_user = url.user.rsplit_once('.').map(|(_, reference)| reference);
    let named_by_options =
        || url.parameters.get("options")?.split_whitespace().find_map(|it| it.strip_prefix("reference="));
    named_by_user.or_else(named_by_options).filter(|it| !it.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(url: &str) -> DatabaseIdentity {
        url.parse::<DatabaseUrl>().unwrap().identity()
    }

    #[test]
    fn all_roads_to_one_database_have_one_identity() {
        for roads in [
            &[
                "postgres://postgres.abcdefgh:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true",
                "postgres://postgres.abcdefgh:y@AWS-0-eu-central-1.pooler.supabase.com:5432/postgres",
                "postgres://postgres:x@aws-1-us-east-1.pooler.supabase.com/postgres?options=reference%3Dabcdefgh",
                "postgres://app.abcdefgh@aws-1-us-east-1.pooler.supabase.com/postgres",
                "postgresql://postgres:z@db.abcdefgh.supabase.co:5432/postgres",
                "postgresql://postgres:z@db.abcdefgh.supabase.co:6543/postgres",
            ][..],
            &[
                "postgres://me@localhost/app",
                "postgres://you@127.0.0.1:5432/app",
                "postgres://you@127.0.0.9/app",
                "postgres://me@[::1]/app",
                "postgres://me@[::ffff:127.0.0.1]/app",
                "postgres://me@LOCALHOST./app",
                "postgres://me@0.0.0.0/app",
                "postgres://me@/app?host=/var/run/postgresql",
                "postgres://me@%2Ftmp/app",
            ],
            &["postgres://a@DB.Example.com./app", "postgres://b:c@db.example.com:5432/app?sslmode=require"],
            &["postgres://a@[2001:DB8::1]/x", "postgres://a@[2001:db8:0:0::1]:5432/x"],
            &["postgres://a@ep-x-1-pooler.eu.aws.neon.tech/x", "postgres://a@ep-x-1.eu.aws.neon.tech/x"],
        ] {
            for road in roads {
                assert_eq!(identity(road), identity(roads[0]), "{road}");
            }
        }
    }

    #[test]
    fn other_databases_have_other_identities() {
        let urls = [
            "postgres://a@localhost/app",
            "postgres://a@localhost/other",
            "postgres://a@localhost:5433/app",
            "postgres://a@%2Fhome%2Fme%2Fproject/app",
            "postgres://a@db.example.com/app",
            "postgres://postgres.abcdefgh@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
            "postgres://postgres.ijklmnop@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
            "postgres://postgres@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
        ];
        for (index, one) in urls.iter().enumerate() {
            for other in &urls[index + 1..] {
                assert_ne!(identity(one), identity(other), "{one} {other}");
            }
        }
    }
}
