//! What the database's server says.

use super::Check;
use crate::selection::place;
use crate::{CommandError, Selection};
use palisade_config::{Endpoint, SslMode};
use palisade_db::{ConnectSettings, Connection, Facts, Pooling, connect};
use palisade_embedded::installations;
use std::time::{Duration, SystemTime};

/// More than this, and tokens that one side has just made are not valid yet, or not any more, on the other.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

/// Connection, pooler, version, rights, clock.
pub(super) async fn checks(selection: &Selection) -> Vec<Check> {
    let settings = match selection.look().await {
        Ok(Some(settings)) => settings,
        // Already told: the local server does not run.
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Check::error("connection", error)],
    };
    let before = SystemTime::now();
    let mut connection = match connect(&settings).await {
        Ok(connection) => connection,
        Err(error) => return vec![Check::error("connection", CommandError::from(error))],
    };
    let after = SystemTime::now();
    let facts = connection.facts().clone();
    let mut checks = vec![how(&settings, &facts), pooler(&mut connection).await];
    checks.push(dump_programs(selection, &facts).await);
    checks.extend(rights(&facts));
    checks.push(clock(facts.clock, before, after));
    connection.close().await;
    checks.extend(application(selection, &settings).await);
    checks
}

/// The application's own URL, where that is another one. A pooler in transaction mode is fine there.
async fn application(selection: &Selection, direct: &ConnectSettings) -> Option<Check> {
    const NAME: &str = "application";
    let url = match selection.environment.endpoint(&selection.variables) {
        Ok(Endpoint::Url(url)) if url != direct.url => url,
        Ok(Endpoint::Url(_) | Endpoint::Embedded) => return None,
        Err(error) => return Some(Check::error(NAME, error.into())),
    };
    let settings = ConnectSettings::for_environment(&selection.environment, url);
    let mut connection = match connect(&settings).await {
        Ok(connection) => connection,
        Err(error) => return Some(Check::error(NAME, error.into())),
    };
    let pooling = connection.pooling().await;
    connection.close().await;
    Some(match pooling {
        Ok(found) => Check::good(NAME, format!("{}, {found}", place(&settings.url))),
        Err(error) => Check::error(NAME, error.into()),
    })
}

fn how(settings: &ConnectSettings, facts: &Facts) -> Check {
    let mode = SslMode::effective(settings.ssl_mode, &settings.url);
    let says = format!("Postgres {}, {}, as `{}`, TLS {mode}", facts.version, place(&settings.url), facts.user);
    if !settings.url.is_local() && mode < SslMode::VerifyFull {
        let help =
            "set `ssl-mode = \"verify-full\"`, and `root-certificate` if the server's is signed by a private authority";
        return Check::note("connection", format!("{says}: who the server is, is not checked"), help);
    }
    Check::good("connection", says)
}

async fn pooler(connection: &mut Connection) -> Check {
    match connection.pooling().await {
        Ok(found @ (Pooling::None | Pooling::Session)) => Check::good("pooler", found.to_string()),
        Ok(found @ Pooling::Transaction) => Check::bad(
            "pooler",
            format!("{found}: migrations need a session that lasts"),
            "set the direct URL (`DIRECT_URL`, for other environments `<NAME>_DIRECT_URL`) to the session-mode or direct \
             address of the same database; on Supabase that is port 5432",
        ),
        Err(error) => Check::error("pooler", error.into()),
    }
}

/// `pg_dump` refuses a server that is newer than itself.
async fn dump_programs(selection: &Selection, facts: &Facts) -> Check {
    let server = facts.version.major();
    let found = installations(&selection.embedded()).await;
    match found.iter().find(|it| it.version.major >= server) {
        Some(it) => Check::good("backups", format!("pg_dump {} fits the server", it.version)),
        None => Check::note(
            "backups",
            format!("no pg_dump of Postgres {server} or newer is installed"),
            format!("install the client programs of Postgres {server}"),
        ),
    }
}

fn rights(facts: &Facts) -> Vec<Check> {
    let mut checks = Vec::new();
    if facts.read_only {
        checks.push(Check::bad(
            "rights",
            "the server only reads: it is a standby, or `default_transaction_read_only` is on",
            "name the primary server's address in the direct URL",
        ));
    }
    if facts.may_create_schemas {
        let more = match (facts.superuser, facts.bypasses_row_security) {
            (true, _) => ", superuser",
            (false, true) => ", row security does not apply to it",
            (false, false) => "",
        };
        checks.push(Check::good("rights", format!("`{}` may create schemas{more}", facts.user)));
    } else {
        checks.push(Check::bad(
            "rights",
            format!("`{}` may not create schemas, which the history of migrations needs", facts.user),
            format!("as the database's owner: `grant create on database … to {}`", facts.user),
        ));
    }
    checks
}

/// The server's clock was read at some moment between `before` and `after`.
fn clock(server: SystemTime, before: SystemTime, after: SystemTime) -> Check {
    let ahead = server.duration_since(after).unwrap_or_default();
    let behind = before.duration_since(server).unwrap_or_default();
    let (skew, direction) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
    if skew <= CLOCK_TOLERANCE {
        return Check::good("clock", "agrees with the server's");
    }
    Check::bad(
        "clock",
        format!("the server's is {} s {direction} ours", skew.as_secs()),
        "switch time synchronisation (NTP) on: tokens and timestamps are compared between both",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_may_be_read_at_any_moment_of_connecting() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let says = |server| clock(at(server), at(100), at(110)).says;
        for server in [95, 100, 105, 110, 115] {
            assert_eq!(says(server), "agrees with the server's");
        }
        assert_eq!(says(94), "the server's is 6 s behind ours");
        assert_eq!(says(120), "the server's is 10 s ahead of ours");
    }
}
