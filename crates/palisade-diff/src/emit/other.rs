//! Triggers, rules, publications, extensions, and what is made by one statement.

use std::fmt::Write as _;

use palisade_catalog::ObjectKey;
use palisade_catalog::definition::{Opaque, Publication, PublicationTable, Rule, Subscription, Trigger};
use palisade_plan::Hazard;
use palisade_sql::{quote_ident, quote_literal};

use super::name;
use crate::script::{Action, Statement};

/// The version only where it is not the one that a server gives by itself.
pub(super) fn create_extension(key: &ObjectKey, schema: &str, version: Option<&String>) -> Statement {
    let mut sql = format!("CREATE EXTENSION {}", key.sql());
    if schema != "pg_catalog" {
        let _ = write!(sql, " WITH SCHEMA {}", quote_ident(schema));
    }
    if let Some(version) = version {
        let _ = write!(sql, " VERSION {}", quote_literal(version));
    }
    Statement::new(key, Action::Create, sql)
}

pub(super) fn alter_extension(key: &ObjectKey, from: (&str, &str), to: (&str, &str), out: &mut Vec<Statement>) {
    if from.0 != to.0 {
        let sql = format!("ALTER EXTENSION {} SET SCHEMA {}", key.sql(), quote_ident(to.0));
        out.push(Statement::new(key, Action::Alter, sql));
    }
    if from.1 != to.1 {
        let sql = format!("ALTER EXTENSION {} UPDATE TO {}", key.sql(), quote_literal(to.1));
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

pub(super) fn create_trigger(key: &ObjectKey, it: &Trigger, out: &mut Vec<Statement>) {
    out.push(Statement::new(key, Action::Create, it.definition.as_str()));
    fires(key, "TRIGGER", "O", &it.enabled, out);
}

pub(super) fn alter_trigger(key: &ObjectKey, from: &Trigger, to: &Trigger, out: &mut Vec<Statement>) {
    let mut before = from.enabled.as_str();
    if from.definition != to.definition {
        if !to.inherited {
            let sql = to.definition.replacen("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER", 1);
            out.push(Statement::new(key, Action::Alter, sql));
        }
        before = "O";
    }
    fires(key, "TRIGGER", before, &to.enabled, out);
}

/// When a trigger or rule fires.
fn fires(key: &ObjectKey, kind: &str, from: &str, to: &str, out: &mut Vec<Statement>) {
    if from != to {
        let word = match to {
            "D" => "DISABLE",
            "R" => "ENABLE REPLICA",
            "A" => "ENABLE ALWAYS",
            _ => "ENABLE",
        };
        let only = if kind == "TRIGGER" { "ONLY " } else { "" };
        let sql = format!("{} {word} {kind} {}", name::alter_table(key, only), key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

pub(super) fn create_rule(key: &ObjectKey, it: &Rule, out: &mut Vec<Statement>) {
    out.push(Statement::new(key, Action::Create, rule_text(it)));
    fires(key, "RULE", "O", &it.enabled, out);
}

pub(super) fn alter_rule(key: &ObjectKey, from: &Rule, to: &Rule, out: &mut Vec<Statement>) {
    if from.definition != to.definition {
        let sql = rule_text(to).replacen("CREATE RULE", "CREATE OR REPLACE RULE", 1);
        out.push(Statement::new(key, Action::Alter, sql));
    }
    fires(key, "RULE", &from.enabled, &to.enabled, out);
}

fn rule_text(it: &Rule) -> String {
    it.definition.trim_end().trim_end_matches(';').to_owned()
}

pub(super) fn create_publication(key: &ObjectKey, it: &Publication) -> Statement {
    let all = if it.all_tables { " FOR ALL TABLES" } else { "" };
    Statement::new(key, Action::Create, format!("CREATE PUBLICATION {}{all} WITH ({})", key.sql(), publish(it)))
}

fn publish(it: &Publication) -> String {
    let Publication { all_tables: _, publish, via_root, generated_columns } = it;
    let generated =
        generated_columns.as_ref().map(|it| format!(", publish_generated_columns = {it}")).unwrap_or_default();
    format!("publish = {}, publish_via_partition_root = {via_root}{generated}", quote_literal(publish))
}

pub(super) fn alter_publication(key: &ObjectKey, from: &Publication, to: &Publication, out: &mut Vec<Statement>) {
    if from == to {
        return;
    }
    let none = if from.generated_columns.is_some() && to.generated_columns.is_none() {
        ", publish_generated_columns = none"
    } else {
        ""
    };
    let sql = format!("ALTER PUBLICATION {} SET ({}{none})", key.sql(), publish(to));
    out.push(Statement::new(key, Action::Alter, sql));
}

pub(super) fn add_publication_table(key: &ObjectKey, it: &PublicationTable) -> Statement {
    let PublicationTable { table, columns, filter } = it;
    let columns = columns.as_ref().map(|it| format!(" ({})", name::list(it))).unwrap_or_default();
    let filter = filter.as_ref().map(|it| format!(" WHERE ({it})")).unwrap_or_default();
    let publication = quote_ident(key.part(0)).into_owned();
    let sql = format!("ALTER PUBLICATION {publication} ADD TABLE ONLY {}{columns}{filter}", name::pair(table));
    Statement::new(key, Action::Create, sql)
}

pub(super) fn remove_publication_table(key: &ObjectKey, it: &PublicationTable) -> Statement {
    let sql = format!("ALTER PUBLICATION {} DROP TABLE ONLY {}", quote_ident(key.part(0)), name::pair(&it.table));
    Statement::new(key, Action::Drop, sql)
}

pub(super) fn add_publication_schema(key: &ObjectKey) -> Statement {
    let (publication, schema) = (quote_ident(key.part(0)), quote_ident(key.part(1)));
    Statement::new(key, Action::Create, format!("ALTER PUBLICATION {publication} ADD TABLES IN SCHEMA {schema}"))
}

pub(super) fn remove_publication_schema(key: &ObjectKey) -> Statement {
    let (publication, schema) = (quote_ident(key.part(0)), quote_ident(key.part(1)));
    Statement::new(key, Action::Drop, format!("ALTER PUBLICATION {publication} DROP TABLES IN SCHEMA {schema}"))
}

/// Without a connection: how to reach the publisher holds a password, which is not read.
pub(super) fn create_subscription(key: &ObjectKey, it: &Subscription) -> Statement {
    let Subscription { enabled: _, publications, options } = it;
    let sql = format!(
        "CREATE SUBSCRIPTION {} CONNECTION '' PUBLICATION {} WITH (connect = false, {options})",
        key.sql(),
        name::list(publications)
    );
    Statement::new(key, Action::Create, sql)
        .danger(Hazard::MayFail, "fill in how to reach the publisher, then enable it")
}

pub(super) fn alter_subscription(key: &ObjectKey, from: &Subscription, to: &Subscription, out: &mut Vec<Statement>) {
    let alter = |what: String| Statement::new(key, Action::Alter, format!("ALTER SUBSCRIPTION {} {what}", key.sql()));
    if from.publications != to.publications {
        out.push(alter(format!("SET PUBLICATION {} WITH (refresh = false)", name::list(&to.publications))));
    }
    // Some can be said only where others allow it, even if nothing changes.
    let before: Vec<&str> = from.options.split(", ").collect();
    let changed: Vec<&str> = to.options.split(", ").filter(|it| !before.contains(it)).collect();
    if !changed.is_empty() {
        out.push(alter(format!("SET ({})", changed.join(", "))));
    }
    if from.enabled != to.enabled {
        out.push(alter(if to.enabled { "ENABLE" } else { "DISABLE" }.to_owned()));
    }
}

/// The slot on the other side stays: nobody knows from here whether it can be reached.
pub(super) fn drop_subscription(key: &ObjectKey, out: &mut Vec<Statement>) {
    let alter = |what: &str| Statement::new(key, Action::Alter, format!("ALTER SUBSCRIPTION {} {what}", key.sql()));
    out.push(alter("DISABLE"));
    out.push(
        alter("SET (slot_name = NONE)")
            .danger(Hazard::NotTransactional, "the slot stays on the publisher: drop it there"),
    );
    out.push(Statement::new(key, Action::Drop, format!("DROP SUBSCRIPTION {}", key.sql())));
}

pub(super) fn create_opaque(key: &ObjectKey, it: &Opaque, out: &mut Vec<Statement>) {
    if it.create.is_empty() {
        return;
    }
    out.push(Statement::new(key, Action::Create, it.create.as_str()));
    out.extend(it.then.iter().map(|it| Statement::new(key, Action::Alter, it.as_str())));
}
