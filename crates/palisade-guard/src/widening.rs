//! Who can do more once a plan is applied.

use std::collections::BTreeSet;

use palisade_config::{GrantRegime, SUPABASE_SCHEMAS};
use palisade_db::{Connection, DbError};
use palisade_embedded::Layer;
use palisade_migrator::{Migration, Version, load};
use palisade_plan::{Plan, Step, Verdict};
use palisade_policy::{
    Access, AccessChange, Compare, Facts, Privilege, Relation, access_difference, access_lock, managed_relations,
};
use palisade_rls::{ReadError, read_facts};
use palisade_source::{Base, MakeError, Workbench};

use crate::inputs::Inputs;

/// Why it is not known who can do more.
#[derive(Debug, thiserror::Error)]
pub enum WideningError {
    /// There is no throwaway database with what the files make.
    #[error("what the files make of access is read on a throwaway database, and there is none: {source}")]
    Scratch {
        /// Why not.
        source: Box<MakeError>,
    },
    /// One of the two databases could not be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The target could not be asked.
    #[error("{0}")]
    Target(#[from] DbError),
}

impl WideningError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Scratch { source } => source.help(),
            Self::Read(ReadError::Database(error)) | Self::Target(error) => error.help(),
            Self::Read(ReadError::Facts(_)) => None,
        }
    }
}

impl From<MakeError> for WideningError {
    fn from(source: MakeError) -> Self {
        Self::Scratch { source: Box::new(source) }
    }
}

/// What may be widened without a lock file that says so: `--allow-widen role:table:command`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedWidening {
    /// The role.
    pub role: String,
    /// `schema.name`
    pub table: String,
    /// The command, in capitals.
    pub command: String,
}

impl AllowedWidening {
    fn covers(&self, change: &AccessChange) -> bool {
        (&self.role, &self.table, self.command.as_str()) == (&change.role, &change.table, change.command.as_str())
    }
}

impl std::str::FromStr for AllowedWidening {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(role, rest)| Some((role, rest.rsplit_once(':')?)));
        match parts {
            Some((role, (table, command))) if [role, table, command].iter().all(|it| !it.is_empty()) => {
                let (role, table) = (role.to_owned(), table.to_owned());
                Ok(Self { role, table, command: command.to_uppercase() })
            }
            _ => Err("it has the form `role:schema.table:command`, such as `anon:public.posts:select`".to_owned()),
        }
    }
}

/// Who can do more or less once a plan is applied, and whether somebody has read that.
#[derive(Debug, Clone, Default)]
pub struct Widening {
    /// All changes, what may be widened first.
    pub changes: Vec<AccessChange>,
    /// Whether `rls/access.lock` says what migrations and `rls/` make of access.
    pub locked: bool,
}

/// Compares access of the application's roles on the target with what the files make of it once `plan` is applied.
///
/// # Errors
///
/// [`WideningError`]; never an empty list instead.
pub async fn widening(
    connection: &mut Connection,
    inputs: &Inputs<'_>,
    plan: Option<&Plan>,
) -> Result<Widening, WideningError> {
    let environment = inputs.environment;
    let history = load(connection, inputs.tables).await?;
    let before = read_facts(connection).await?;
    let mut versions: BTreeSet<Version> = history.applied.iter().map(|it| it.version).collect();
    for step in plan.into_iter().flat_map(|it| &it.steps) {
        if let Step::Migration(step) = step {
            if step.reverts {
                versions.remove(&Version(step.version))
            } else {
                versions.insert(Version(step.version))
            };
        }
    }
    let major = connection.server_version().major();
    let workbench = |base| Workbench::new(inputs.embedded.clone(), base).like(major);
    let made_on = async |base| made(&workbench(base), inputs, |it| versions.contains(&it.version)).await;
    let supabase = Base::Supabase(grants(&before).unwrap_or(environment.supabase.grants));
    let after = if before.schemas.values().any(|it| it.name == "auth") {
        made_on(supabase).await?
    } else {
        // What is granted by itself is so on Supabase only; where files want something of Supabase, they get it.
        match made_on(Base::Plain).await {
            Ok(facts) => facts,
            Err(_) => made_on(supabase).await?,
        }
    };
    // What is only on the target, outside of what is managed, stays as it is.
    let mut tables: BTreeSet<String> =
        relations(&before, inputs).into_iter().map(|it| before.relation_name(it)).collect();
    tables.extend(names(&after, inputs));
    let bound: Vec<String> =
        environment.roles.iter().filter(|it| !(bypasses(&before, it) && bypasses(&after, it))).cloned().collect();
    let what = Compare { tables: &tables, roles: &bound, application: &bound };
    let changes = access_difference(&before, &after, &what);
    let locked = match inputs.lock {
        Some(lock) if changes.iter().any(|it| it.direction.may_widen()) => lock_text(inputs).await? == lock,
        _ => false,
    };
    Ok(Widening { changes, locked })
}

/// What `rls/access.lock` should hold: what all migrations and `rls/` make of access. The server that reads them is the usual one of
/// this machine, whatever the target's version is: the same text whoever asks.
///
/// # Errors
///
/// [`WideningError`].
pub async fn lock_text(inputs: &Inputs<'_>) -> Result<String, WideningError> {
    let base = Base::Supabase(inputs.environment.supabase.grants);
    let facts = made(&Workbench::new(inputs.embedded.clone(), base), inputs, |_| true).await?;
    let roles: Vec<_> = inputs.environment.roles.iter().filter_map(|it| facts.role_named(it)).collect();
    Ok(access_lock(&Access::new(&facts), &roles, &relations(&facts, inputs)))
}

/// What the gate says.
pub(crate) fn judged(widening: &Widening, allowed: &[AllowedWidening]) -> Verdict {
    let list = |changes: &[&AccessChange]| -> String {
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        format!("\n{}", lines.join("\n"))
    };
    let Widening { changes, locked } = widening;
    let wider: Vec<&AccessChange> = changes.iter().filter(|it| it.direction.may_widen()).collect();
    let open: Vec<&AccessChange> =
        wider.iter().filter(|change| !allowed.iter().any(|it| it.covers(change))).copied().collect();
    if changes.is_empty() {
        return Verdict::Passed { note: "nobody can do more or less".to_owned() };
    }
    let all = list(&changes.iter().collect::<Vec<_>>());
    if wider.is_empty() {
        return Verdict::Passed { note: format!("nobody can do more:{all}") };
    }
    if *locked {
        return Verdict::Passed { note: format!("`rls/access.lock` says who can do more:{all}") };
    }
    if open.is_empty() {
        return Verdict::Passed { note: format!("`--allow-widen` names who can do more:{all}") };
    }
    let first = open[0];
    Verdict::Failed {
        reason: format!("somebody may be able to do more, and `rls/access.lock` does not say so:{}", list(&open)),
        help: format!(
            "run `cargo xtask rls lock`, read what it changes and commit it; or allow each one, `--allow-widen {}:{}:{}`",
            first.role,
            first.table,
            first.command.as_str().to_lowercase()
        ),
    }
}

/// Which rights new tables get by themselves on the target, if it is Supabase's.
fn grants(facts: &Facts) -> Option<GrantRegime> {
    let anon = facts.role_named("anon")?;
    let public = facts.schemas.iter().find(|(_, it)| it.name == "public").map(|(oid, _)| *oid)?;
    let of_tables = facts.default_privileges.iter().filter(|it| it.schema == public && it.objects == "r");
    let mut grants = of_tables.flat_map(|it| &it.grants).filter(|it| it.grantee == anon).peekable();
    grants.peek()?;
    let reads = grants.any(|it| it.privilege == Privilege::Select);
    Some(if reads { GrantRegime::Before } else { GrantRegime::After })
}

async fn made(
    workbench: &Workbench,
    inputs: &Inputs<'_>,
    is_there: impl Fn(&Migration) -> bool,
) -> Result<Facts, WideningError> {
    let migrations = inputs.migrations.iter().filter(|it| is_there(it)).map(|it| Layer {
        name: it.up.file.clone(),
        sql: it.up.sql.clone(),
        transactional: it.up.is_transactional(),
    });
    let policies = inputs.policies.files().iter().map(|it| Layer {
        name: it.path.to_string(),
        sql: it.sql.clone(),
        transactional: true,
    });
    let layers: Vec<Layer> = migrations.chain(policies).collect();
    let database = workbench.database(&layers).await?;
    let read = async {
        let mut connection = database.connect().await?;
        let facts = read_facts(&mut connection).await?;
        connection.close().await;
        Ok::<Facts, WideningError>(facts)
    };
    let facts = read.await;
    let closed = database.close().await;
    let facts = facts?;
    closed?;
    Ok(facts)
}

fn relations(facts: &Facts, inputs: &Inputs<'_>) -> Vec<palisade_policy::Oid> {
    let table = &inputs.environment.history_table;
    let managed = |schema: &str| inputs.environment.schemas.iter().any(|it| it == schema);
    managed_relations(facts, managed, Some((&table.schema, &table.name)))
}

/// What is compared: what is managed, and all else that users may have opened, in whatever schema. What Supabase looks after is not
/// the same on a throwaway database; of that, only users' accounts, which nothing opens by itself.
fn names(facts: &Facts, inputs: &Inputs<'_>) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = relations(facts, inputs).into_iter().map(|it| facts.relation_name(it)).collect();
    let history = (&inputs.environment.history_table.schema, &inputs.environment.history_table.name);
    let is_open = |it: &&Relation| {
        let schema = it.schema_name.as_str();
        let of_users = schema == "auth" || !SUPABASE_SCHEMAS.contains(&schema) && schema != "palisade";
        of_users && !it.of_extension && (&it.schema_name, &it.name) != history
    };
    found.extend(facts.relations.values().filter(is_open).map(Relation::qualified));
    found
}

fn bypasses(facts: &Facts, role: &str) -> bool {
    let role = facts.role_named(role).and_then(|it| facts.roles.get(&it));
    role.is_some_and(|it| it.bypasses || it.superuser)
}

#[cfg(test)]
mod tests {
    use super::{AllowedWidening, Widening, judged};
    use palisade_plan::Verdict;
    use palisade_policy::{AccessChange, AccessCommand, Direction};

    fn change(direction: Direction) -> AccessChange {
        let (role, table) = ("anon".to_owned(), "public.t".to_owned());
        AccessChange {
            role,
            table,
            command: AccessCommand::Select,
            direction,
            text: "anon SELECT public.t: x".to_owned(),
        }
    }

    fn passes(direction: Direction, locked: bool, allowed: &[&str]) -> bool {
        let allowed: Vec<AllowedWidening> = allowed.iter().map(|it| it.parse().unwrap()).collect();
        let widening = Widening { changes: vec![change(direction)], locked };
        matches!(judged(&widening, &allowed), Verdict::Passed { .. })
    }

    #[test]
    fn what_may_be_wider_wants_to_have_been_read() {
        assert!(passes(Direction::Narrowed, false, &[]));
        for direction in [Direction::Widened, Direction::Both, Direction::Unknown] {
            assert!(!passes(direction, false, &[]));
            assert!(passes(direction, true, &[]));
            assert!(passes(direction, false, &["anon:public.t:select"]));
            assert!(!passes(direction, false, &["anon:public.t:insert", "authenticated:public.t:select"]));
        }
    }

    #[test]
    fn a_name_may_hold_a_colon() {
        let allowed: AllowedWidening = "anon:public.a:b:select".parse().unwrap();
        assert_eq!((allowed.table.as_str(), allowed.command.as_str()), ("public.a:b", "SELECT"));
        assert!("anon:select".parse::<AllowedWidening>().is_err());
    }
}
