//! What is on this machine.

use super::Check;
use crate::{CommandError, Selection};
use palisade_config::Endpoint;
use palisade_embedded::{dev, installations};
use palisade_migrator::read_dir;
use palisade_rls::PolicyScript;

const NAME: &str = "local Postgres";

/// What the files of the project hold.
pub(super) fn files(selection: &Selection) -> Vec<Check> {
    let project = &selection.project;
    let migrations = match read_dir(&project.root, &project.migrations_dir()) {
        Ok(migrations) => Check::good("migrations", format!("{} files", migrations.len())),
        Err(error) => Check::error("migrations", error.into()),
    };
    let policies = match PolicyScript::read(&project.rls_dir()) {
        Ok(script) if script.files().is_empty() => {
            let help = "tables in exposed schemas need policies: see the files in `rls/` of Palisade's own project";
            Check::note("row security", "there are no files in `rls/`", help)
        }
        Ok(script) => Check::good("row security", format!("{} files", script.files().len())),
        Err(error) => Check::error("row security", error.into()),
    };
    vec![migrations, policies]
}

/// Programs of Postgres, and the local server.
pub(super) async fn checks(selection: &Selection) -> Vec<Check> {
    let settings = selection.embedded();
    let mut checks = Vec::new();
    let found = installations(&settings).await;
    let list: Vec<_> = found.iter().map(|it| format!("{} in {}", it.version, it.bin)).collect();
    let why = "it runs the local server and throwaway databases, and makes backups";
    if !list.is_empty() {
        checks.push(Check::good(NAME, list.join("\n")));
    } else if settings.download {
        checks.push(Check::note(NAME, "none is installed", format!("one is downloaded when it is needed: {why}")));
    } else {
        let help = format!("install Postgres 15 to 18, or name its directory in `PALISADE_PG_BIN`: {why}");
        checks.push(Check::bad(NAME, "none is installed, and `PALISADE_PG_DOWNLOAD` forbids to fetch one", help));
    }
    if let Ok(Endpoint::Embedded) = selection.environment.direct_endpoint(&selection.variables) {
        match dev::url(&settings).await {
            Ok(Some(_)) => checks.push(Check::good("local server", "is running")),
            Ok(None) => {
                checks.push(Check::note("local server", "does not run", "`cargo xtask db-init` starts and fills it"));
            }
            Err(error) => checks.push(Check::error("local server", CommandError::from(error))),
        }
    }
    checks
}
