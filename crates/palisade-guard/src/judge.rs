//! The gates that can be tried before anybody has approved.

use std::collections::BTreeMap;

use palisade_db::{Connection, DbError};
use palisade_embedded::EmbeddedSettings;
use palisade_migrator::{AppliedMigration, HistoryTables, Version, load};
use palisade_plan::{Gate, GateVerdict, MigrationStep, Plan, TargetIdentity, Verdict};

use crate::drift::{Drift, drift};
use crate::inputs::Inputs;
use crate::widening::{judged, widening};

/// What is known of the environment in which changes are tried first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DevState {
    /// It answered.
    Known {
        /// Which database it is.
        identity: TargetIdentity,
        /// What is applied there.
        applied: Vec<AppliedMigration>,
    },
    /// It did not.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// Asks the environment in which changes are tried first.
///
/// # Errors
///
/// [`DbError`] if it could not be asked.
pub async fn dev_state(connection: &mut Connection, tables: &HistoryTables) -> Result<DevState, DbError> {
    let history = load(connection, tables).await?;
    Ok(DevState::Known { identity: connection.facts().identity.clone(), applied: history.applied })
}

/// Tries every gate that can be tried now; the backup waits for the approval. Nothing is written.
///
/// A gate that cannot be tried is closed.
pub async fn judge(
    connection: &mut Connection,
    plan: &Plan,
    inputs: &Inputs<'_>,
    dev: &DevState,
    embedded: &EmbeddedSettings,
) -> Vec<GateVerdict> {
    let gates = &inputs.environment.gates;
    let mut verdicts = Vec::new();
    for gate in Gate::ALL {
        let verdict = match gate {
            Gate::CleanHistory if gates.clean_history => clean_history(plan),
            Gate::AppliedInDev if gates.applied_in_dev => applied_in_dev(plan, dev),
            Gate::Drift if gates.drift => without_drift(connection, inputs, embedded).await,
            Gate::Access if gates.access => access(connection, plan, inputs).await,
            Gate::Backup if gates.backup => Verdict::Waiting,
            Gate::CleanHistory | Gate::AppliedInDev | Gate::Drift | Gate::Access | Gate::Backup => Verdict::Off,
        };
        verdicts.push(GateVerdict { gate, verdict });
    }
    verdicts
}

/// There is no plan without a clean history; see [`crate::propose()`].
fn clean_history(plan: &Plan) -> Verdict {
    Verdict::Passed { note: format!("{} migrations applied as their files say", plan.expects.applied.len()) }
}

fn applied_in_dev(plan: &Plan, dev: &DevState) -> Verdict {
    let closed = |reason: String, help: &str| Verdict::Failed { reason, help: help.to_owned() };
    let (identity, applied) = match dev {
        DevState::Known { identity, applied } => (identity, applied),
        DevState::Unknown { reason } => {
            return closed(
                format!("`dev` could not be asked: {reason}"),
                "start it (`cargo xtask db-start`) or correct its URL; `cargo xtask doctor` tells more",
            );
        }
    };
    if *identity == plan.target.identity {
        return closed(
            format!("`dev` and `{}` are the same database", plan.target.environment),
            "correct the URL of one of them",
        );
    }
    let there: BTreeMap<Version, &AppliedMigration> = applied.iter().map(|it| (it.version, it)).collect();
    let missing: Vec<&str> = plan.migrations().filter(|it| !is_there(it, &there)).map(|it| it.file.as_str()).collect();
    if missing.is_empty() {
        return Verdict::Passed { note: format!("all {} pending migrations ran in `dev`", plan.migrations().count()) };
    }
    closed(
        format!("not applied in `dev` in this form: {}", missing.join(", ")),
        "run `cargo xtask db-push --env dev` and look at the result first",
    )
}

fn is_there(step: &MigrationStep, there: &BTreeMap<Version, &AppliedMigration>) -> bool {
    there.get(&Version(step.version)).is_some_and(|it| it.success && it.checksum.0 == step.checksum)
}

async fn without_drift(connection: &mut Connection, inputs: &Inputs<'_>, embedded: &EmbeddedSettings) -> Verdict {
    match drift(connection, inputs, embedded).await {
        Ok(drift) if drift.objects.is_empty() => {
            Verdict::Passed { note: "the database is what its migrations make".to_owned() }
        }
        Ok(Drift { objects: differences, row_security: _ }) => {
            let shown: Vec<String> = differences.iter().take(8).map(ToString::to_string).collect();
            let more = differences.len().saturating_sub(shown.len());
            let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
            Verdict::Failed {
                reason: format!("the database is not what its migrations make:\n{}{more}", shown.join("\n")),
                help: "somebody changed it by hand: put the change into a migration (and mark that as applied with \
                       `cargo xtask db-repair VERSION --accept`), or take it back"
                    .to_owned(),
            }
        }
        Err(error) => Verdict::Failed { reason: error.to_string(), help: error.help() },
    }
}

async fn access(connection: &mut Connection, plan: &Plan, inputs: &Inputs<'_>) -> Verdict {
    match widening(connection, inputs, Some(plan)).await {
        Ok(widening) => judged(&widening, inputs.allowed_widening),
        Err(error) => Verdict::Failed {
            reason: format!("it is not known who can do more afterwards: {error}"),
            help: error
                .help()
                .unwrap_or_else(|| "run `cargo xtask rls diff --from env:prod --to migrations`".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{DevState, applied_in_dev};
    use palisade_migrator::{AppliedMigration, Checksum, Version};
    use palisade_plan::{Expectation, MigrationStep, Plan, Step, Target, TargetIdentity, Verdict};

    fn identity(oid: u32) -> TargetIdentity {
        TargetIdentity { system: Some("1".to_owned()), database: "app".to_owned(), database_oid: oid }
    }

    fn plan() -> Plan {
        let step = MigrationStep {
            version: 7,
            description: "x".to_owned(),
            file: "migrations/7_x.sql".to_owned(),
            checksum: Checksum::of("select 7").0,
            transactional: true,
            sql: "select 7".to_owned(),
            reverts: false,
        };
        Plan {
            target: Target {
                environment: "prod".to_owned(),
                protected: true,
                identity: identity(1),
                protected_by: Vec::new(),
            },
            expects: Expectation { applied: Vec::new(), catalog: None },
            steps: vec![Step::Migration(step)],
        }
    }

    fn dev(oid: u32, sql: &str, success: bool) -> DevState {
        let applied = AppliedMigration {
            version: Version(7),
            description: "x".to_owned(),
            checksum: Checksum::of(sql),
            success,
            installed_on: String::new(),
        };
        DevState::Known { identity: identity(oid), applied: vec![applied] }
    }

    #[test]
    fn only_the_same_file_applied_elsewhere_opens_the_gate() {
        let open = |state: &DevState| matches!(applied_in_dev(&plan(), state), Verdict::Passed { .. });
        assert!(open(&dev(2, "select 7", true)));
        assert!(!open(&dev(2, "select 8", true)), "another text ran there");
        assert!(!open(&dev(2, "select 7", false)), "it failed there");
        assert!(!open(&dev(1, "select 7", true)), "it is the same database");
        assert!(!open(&DevState::Known { identity: identity(2), applied: Vec::new() }));
        assert!(!open(&DevState::Unknown { reason: "x".to_owned() }));
    }
}
