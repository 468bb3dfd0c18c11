//! Row security.

use std::fmt::Write as _;

use palisade_catalog::ObjectKey;
use palisade_catalog::definition::{Policy, RowSecurity};
use palisade_plan::Hazard;

use super::name;
use crate::script::{Action, Statement};

const OFF: RowSecurity = RowSecurity { enabled: false, forced: false };

pub(super) fn create_row_security(key: &ObjectKey, it: RowSecurity, out: &mut Vec<Statement>) {
    alter_row_security(key, OFF, it, out);
}

pub(super) fn drop_row_security(key: &ObjectKey, it: RowSecurity, out: &mut Vec<Statement>) {
    alter_row_security(key, it, OFF, out);
}

pub(super) fn alter_row_security(key: &ObjectKey, from: RowSecurity, to: RowSecurity, out: &mut Vec<Statement>) {
    let RowSecurity { enabled, forced } = to;
    let mut say = |what: &str, detail: String| {
        let sql = format!("{} {what} ROW LEVEL SECURITY", name::alter_table(key, ""));
        out.push(Statement::new(key, Action::Alter, sql).danger(Hazard::AccessChange, detail));
    };
    if from.enabled != enabled {
        let table = key.qualified();
        if enabled {
            say("ENABLE", format!("only policies open {table} from now on"));
        } else {
            say("DISABLE", format!("policies of {table} no longer count"));
        }
    }
    if from.forced != forced {
        let table = key.qualified();
        if forced {
            say("FORCE", format!("policies bind the owner of {table} too"));
        } else {
            say("NO FORCE", format!("policies no longer bind the owner of {table}"));
        }
    }
}

pub(super) fn create_policy(key: &ObjectKey, it: &Policy) -> Statement {
    let Policy { command, permissive, roles, using, check } = it;
    let mut sql = format!("CREATE POLICY {} ON {}", key.sql(), key.qualified());
    if !permissive {
        sql.push_str(" AS RESTRICTIVE");
    }
    if command != "ALL" {
        let _ = write!(sql, " FOR {command}");
    }
    if *roles != [String::new()] {
        let _ = write!(sql, " TO {}", to_roles(roles));
    }
    sql.push_str(&expressions(using.as_deref(), check.as_deref()));
    Statement::new(key, Action::Create, sql)
        .danger(Hazard::AccessChange, format!("a policy for {} on {}", to_roles(roles), key.qualified()))
}

pub(super) fn alter_policy(key: &ObjectKey, from: &Policy, to: &Policy, out: &mut Vec<Statement>) {
    let Policy { command: _, permissive: _, roles, using, check } = to;
    let mut changes = String::new();
    if from.roles != *roles {
        let _ = write!(changes, " TO {}", to_roles(roles));
    }
    let changed = |from: &Option<String>, to: &Option<String>| to.clone().filter(|_| from != to);
    let (using, check) = (changed(&from.using, using), changed(&from.check, check));
    changes.push_str(&expressions(using.as_deref(), check.as_deref()));
    if !changes.is_empty() {
        let sql = format!("ALTER POLICY {} ON {}{changes}", key.sql(), key.qualified());
        let detail = format!("a policy for {} on {}", to_roles(roles), key.qualified());
        out.push(Statement::new(key, Action::Alter, sql).danger(Hazard::AccessChange, detail));
    }
}

fn expressions(using: Option<&str>, check: Option<&str>) -> String {
    let using = using.map(|it| format!(" USING ({it})")).unwrap_or_default();
    let check = check.map(|it| format!(" WITH CHECK ({it})")).unwrap_or_default();
    using + &check
}

fn to_roles(roles: &[String]) -> String {
    roles.iter().map(|it| name::role(it)).collect::<Vec<_>>().join(", ")
}
