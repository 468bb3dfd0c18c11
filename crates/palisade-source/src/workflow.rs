//! What migrations are responsible for: everything in the managed schemas, but for what belongs to `rls/`.

use palisade_catalog::{Catalog, Compared, ObjectKey, ObjectKind};
use palisade_config::HistoryTable;
use palisade_sql::{Statement, split};

use crate::directory::SqlFile;
use crate::external::External;
use crate::workbench::Blueprint;

/// What of row security the description of a schema speaks about itself. What it is silent on belongs to `rls/`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Declares {
    /// Policies, and whether they decide.
    pub policies: bool,
    /// Who may do what, on objects that are there and on those that will be made.
    pub privileges: bool,
}

impl Declares {
    /// What the files speak about. Migrations and other databases hold what `rls/` made as well: they say nothing.
    pub fn of(blueprint: &Blueprint) -> Self {
        let Blueprint::Files(files) = blueprint else { return Self::default() };
        let mut found = Self::default();
        for SqlFile { file: _, sql } in files {
            // Loading them tells what cannot be read.
            for statement in split(sql).unwrap_or_default() {
                found.policies |= is_about_policies(&statement);
                found.privileges |= is_about_privileges(&statement);
            }
        }
        found
    }

    /// Which sides of objects are compared then. Owners differ between environments.
    pub fn compared(self) -> Compared {
        Compared { owners: false, privileges: self.privileges }
    }
}

pub(crate) fn is_about_policies(statement: &Statement<'_>) -> bool {
    let is = |words: &[&str]| statement.begins_with(words);
    let flags =
        is(&["alter", "table"]) && statement.tokens.windows(2).any(|it| it[0].is("level") && it[1].is("security"));
    flags || is(&["create", "policy"]) || is(&["alter", "policy"])
}

fn is_about_privileges(statement: &Statement<'_>) -> bool {
    let is = |words: &[&str]| statement.begins_with(words);
    is(&["grant"]) || is(&["revoke"]) || is(&["alter", "default", "privileges"])
}

/// What a workflow manages.
#[derive(Debug, Clone, Copy)]
pub struct Managed<'a> {
    /// The schemas of the configuration.
    pub schemas: &'a [String],
    /// Where Palisade keeps its history.
    pub history: &'a HistoryTable,
}

impl Managed<'_> {
    /// What of both sides is for migrations to change.
    pub fn of_both(&self, from: Catalog, to: Catalog, declares: Declares) -> (Catalog, Catalog) {
        let external = External::of([&from, &to], Some(self.history));
        let part = |it: Catalog| external.without(it).only(|key, _| self.has(&external, key, declares));
        (part(from), part(to))
    }

    /// Schemas that are the user's, and that nobody manages.
    pub fn unmanaged(&self, catalog: &Catalog) -> Vec<String> {
        let external = External::of([catalog], Some(self.history));
        let schemas = catalog.objects.keys().filter(|it| it.kind == ObjectKind::Schema).map(|it| it.part(0));
        let unmanaged = schemas.filter(|it| *it != "public" && !self.names(it) && !external.has_schema(it));
        unmanaged.map(str::to_owned).collect()
    }

    fn has(&self, external: &External, key: &ObjectKey, declares: Declares) -> bool {
        match key.kind {
            ObjectKind::Policy | ObjectKind::RowSecurity if !declares.policies => false,
            ObjectKind::DefaultPrivileges => declares.privileges && (key.part(1).is_empty() || self.names(key.part(1))),
            // On tables of Supabase there are only those of users left.
            ObjectKind::Policy | ObjectKind::Trigger if external.has_schema(key.part(0)) => true,
            ObjectKind::PublicationTable | ObjectKind::PublicationSchema => self.names(key.part(1)),
            _ => key.schema().is_none_or(|it| self.names(it)),
        }
    }

    fn names(&self, schema: &str) -> bool {
        self.schemas.iter().any(|it| it == schema)
    }
}

#[cfg(test)]
mod tests {
    use super::Declares;
    use crate::directory::SqlFile;
    use crate::workbench::Blueprint;

    #[test]
    fn only_what_the_schema_speaks_about_is_compared() {
        let declares = |sql: &str| {
            let file = SqlFile { file: "a.sql".to_owned(), sql: sql.to_owned() };
            let found = Declares::of(&Blueprint::Files(vec![file]));
            (found.policies, found.privileges)
        };
        assert_eq!(declares("create table t (); create view grants as select 'create policy'"), (false, false));
        assert_eq!(declares("alter table t enable row level security"), (true, false));
        assert_eq!(declares("create policy p on t"), (true, false));
        assert_eq!(declares("revoke execute on function f() from public"), (false, true));
    }
}
