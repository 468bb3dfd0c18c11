//! From steps to SQL.

mod alter_column;
mod alter_table;
mod backfill;
mod column;
mod constraint;
mod convert;
mod dress;
mod foreign;
mod index;
mod name;
mod options;
mod other;
mod partition;
mod privileges;
mod routine;
mod security;
mod sequence;
mod table;
mod types;
mod view;

use std::collections::BTreeSet;

use palisade_catalog::{Definition, Object, ObjectKey, ObjectKind, Server};
use palisade_plan::Hazard;

use crate::graph::alias::Aliases;
use crate::graph::{Node, Step};
use crate::item::{Fate, Item, Items};
use crate::options::Options;
use crate::script::{Action, Statement};

pub(crate) use name::kind as kind_words;
pub(crate) use types::need_commit;

/// What emitting looks at.
pub(crate) struct Context<'a> {
    pub(crate) items: &'a Items<'a>,
    pub(crate) aliases: &'a Aliases,
    pub(crate) options: &'a Options,
    /// The server on which the statements run.
    pub(crate) server: &'a Server,
    /// The server on which the wanted state was read.
    pub(crate) wanted: &'a Server,
    /// What is made or removed together with each object.
    pub(crate) parts: std::collections::HashMap<usize, Vec<usize>>,
    /// Tables that others inherit from or are partitions of, on either side.
    pub(crate) parents: BTreeSet<(&'a str, &'a str)>,
    /// Tables that are ordered by one of their indexes on the right side.
    pub(crate) clustered: BTreeSet<(&'a str, &'a str)>,
}

/// The statements of one step.
pub(crate) fn statements(context: &Context<'_>, (number, step): Node, out: &mut Vec<Statement>) {
    let item = &context.items.all[number];
    match step {
        Step::Drop => drop_object(context, number, item, out),
        Step::GoAside => out.extend(types::step_aside(context, number)),
        Step::Create => {
            if let Some(object) = item.to {
                create(context, number, item.key, object, out);
            }
        }
        Step::Alter => {
            if let (Some(from), Some(to)) = (item.from, item.to) {
                alter(context, number, from, to, out);
                dress::redress(context, number, from, to, out);
            }
        }
        Step::Detach => partition::detach(context, number, out),
        Step::Attach => partition::attach(context, number, out),
    }
}

fn create(context: &Context<'_>, number: usize, key: &ObjectKey, object: &Object, out: &mut Vec<Statement>) {
    let create = |sql: String| Statement::new(key, Action::Create, sql);
    match &object.definition {
        Definition::Schema => out.push(create(format!("CREATE SCHEMA {}", key.sql()))),
        Definition::Extension { schema, version, default_version } => {
            let pinned = Some(version).filter(|it| default_version.as_ref().is_some_and(|default| default != *it));
            out.push(other::create_extension(key, schema, pinned));
        }
        Definition::Enum(it) => out.push(types::create_enum(key, it)),
        Definition::Domain(it) => types::create_domain(key, it, out),
        Definition::DomainConstraint(it) => out.push(types::create_domain_constraint(context, number, it)),
        Definition::Composite(it) => types::create_composite(key, it, out),
        Definition::Range(it) => out.push(types::create_range(key, it)),
        Definition::Routine(it) => out.push(create(it.definition.trim_end().to_owned())),
        Definition::Aggregate(it) => out.push(create(routine::create_aggregate(key, it, false))),
        Definition::Sequence(it) => out.push(sequence::create(key, it)),
        // Its column makes it.
        Definition::IdentitySequence => {}
        Definition::Table(it) => table::create(context, number, it, out),
        Definition::Column(_) => column::add(context, number, out),
        Definition::Default(it) => out.extend(column::set_default(context, number, it)),
        Definition::Constraint(it) => constraint::add(context, number, it, out),
        Definition::Index(it) => index::create(context, number, it, out),
        Definition::View(it) => view::create(context, number, it, out),
        Definition::Rule(it) => other::create_rule(key, it, out),
        Definition::Trigger(it) => other::create_trigger(key, it, out),
        Definition::RowSecurity(it) => security::create_row_security(key, *it, out),
        Definition::Policy(it) => out.push(security::create_policy(key, it)),
        Definition::DefaultPrivileges => privileges::default_privileges(context, number, None, Some(object), out),
        Definition::Publication(it) => out.push(other::create_publication(key, it)),
        Definition::PublicationTable(it) => out.push(other::add_publication_table(key, it)),
        Definition::PublicationSchema => out.push(other::add_publication_schema(key)),
        Definition::Subscription(it) => out.push(other::create_subscription(key, it)),
        Definition::Options(it) => out.push(foreign::create(key, it)),
        Definition::Opaque(it) => other::create_opaque(key, it, out),
    }
    dress::dress(context, number, object, out);
}

fn alter(context: &Context<'_>, number: usize, from: &Object, to: &Object, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    match (&from.definition, &to.definition) {
        (
            Definition::Extension { schema: old_schema, version: old, .. },
            Definition::Extension { schema, version, .. },
        ) => {
            other::alter_extension(key, (old_schema, old), (schema, version), out);
        }
        (Definition::Enum(from), Definition::Enum(to)) => types::add_values(key, from, to, out),
        (Definition::Domain(from), Definition::Domain(to)) => types::alter_domain(key, from, to, out),
        (Definition::DomainConstraint(from), Definition::DomainConstraint(to)) => {
            types::validate_domain_constraint(key, from, to, out);
        }
        (Definition::Composite(from), Definition::Composite(to)) => {
            types::alter_composite(context, number, from, to, out);
        }
        (Definition::Routine(from), Definition::Routine(to)) => routine::replace(key, from, to, out),
        (Definition::Aggregate(from), Definition::Aggregate(to)) => routine::replace_aggregate(key, from, to, out),
        (Definition::Sequence(from), Definition::Sequence(to)) => sequence::alter(key, from, to, out),
        (Definition::Table(from), Definition::Table(to)) => alter_table::alter(key, from, to, out),
        (Definition::Column(from), Definition::Column(to)) => alter_column::alter(context, number, from, to, out),
        (Definition::Default(from), Definition::Default(to)) => column::alter_default(context, number, from, to, out),
        (Definition::Constraint(from), Definition::Constraint(to)) => constraint::alter(context, number, from, to, out),
        (Definition::Index(from), Definition::Index(to)) => index::alter(context, key, from, to, out),
        (Definition::View(from), Definition::View(to)) => view::alter(context, number, from, to, out),
        (Definition::Rule(from), Definition::Rule(to)) => other::alter_rule(key, from, to, out),
        (Definition::Trigger(from), Definition::Trigger(to)) => other::alter_trigger(key, from, to, out),
        (Definition::RowSecurity(from), Definition::RowSecurity(to)) => {
            security::alter_row_security(key, *from, *to, out);
        }
        (Definition::Policy(from), Definition::Policy(to)) => security::alter_policy(key, from, to, out),
        (Definition::DefaultPrivileges, Definition::DefaultPrivileges) => {
            privileges::default_privileges(context, number, Some(from), Some(to), out);
        }
        (Definition::Publication(from), Definition::Publication(to)) => other::alter_publication(key, from, to, out),
        (Definition::Subscription(from), Definition::Subscription(to)) => other::alter_subscription(key, from, to, out),
        (Definition::Options(from), Definition::Options(to)) => foreign::alter(key, from, to, out),
        // Only what all objects have differs, which is put right behind this.
        _ => {}
    }
}

fn drop_object(context: &Context<'_>, number: usize, item: &Item<'_>, out: &mut Vec<Statement>) {
    let (key, Some(object)) = (item.key, item.from) else { return };
    let drop = |sql: String| Statement::new(key, Action::Drop, sql);
    let plain = || drop(format!("DROP {} {}", name::kind(key, object), key.sql()));
    let on_relation = || drop(format!("DROP {} {} ON {}", key.kind.sql(), key.sql(), key.qualified()));
    match &object.definition {
        Definition::DefaultPrivileges => privileges::default_privileges(context, number, Some(object), None, out),
        Definition::RowSecurity(it) => security::drop_row_security(key, *it, out),
        Definition::Column(_) => out.push(column::remove(context, number)),
        Definition::Default(_) => out.extend(column::drop_default(context, number)),
        Definition::Constraint(it) => out.push(constraint::remove(context, number, it)),
        Definition::DomainConstraint(_) => {
            out.push(drop(format!("ALTER DOMAIN {} DROP CONSTRAINT {}", key.qualified(), key.sql())));
        }
        Definition::Index(_) if index::swaps(context, number) => {}
        Definition::Index(it) => out.push(index::remove(context, number, it)),
        Definition::Policy(_) | Definition::Rule(_) | Definition::Trigger(_) => out.push(on_relation()),
        Definition::Table(_) => out.push(plain().danger(Hazard::DataLoss, format!("all rows of {}", key.qualified()))),
        Definition::Sequence(_) => {
            out.push(plain().danger(Hazard::DataLoss, format!("how far {} has counted", key.qualified())));
        }
        Definition::PublicationTable(it) => out.push(other::remove_publication_table(key, it)),
        Definition::PublicationSchema => out.push(other::remove_publication_schema(key)),
        Definition::Subscription(_) => other::drop_subscription(key, out),
        Definition::Enum(_) | Definition::Domain(_) | Definition::Composite(_) | Definition::Range(_) => {
            out.push(types::drop_type(context, number));
        }
        Definition::Opaque(_) if key.kind == ObjectKind::Collation => out.push(types::drop_type(context, number)),
        Definition::Opaque(it) if it.create.is_empty() => {}
        Definition::IdentitySequence => {}
        Definition::Extension { .. } => {
            out.push(plain().danger(Hazard::DataLoss, format!("whatever extension {} keeps", key.sql())));
        }
        Definition::Schema
        | Definition::Routine(_)
        | Definition::Aggregate(_)
        | Definition::View(_)
        | Definition::Publication(_)
        | Definition::Options(_)
        | Definition::Opaque(_) => out.push(plain()),
    }
}

impl Context<'_> {
    /// Whether a table is there before, so that it can have rows and readers.
    pub(crate) fn has_rows(&self, table: Option<usize>) -> bool {
        table.is_some_and(|it| {
            let item = &self.items.all[it];
            item.from.is_some() && !item.fate.creates() && item.fate != Fate::Drop
        })
    }

    /// The table that a part belongs to.
    pub(crate) fn table_of(&self, number: usize) -> Option<usize> {
        crate::spread::table_of_part(self.items, number)
    }

    /// `ONLY ` where a table has children on the right side: what is said of it is said of each of them by itself.
    pub(crate) fn only(&self, table: &ObjectKey) -> &'static str {
        if self.parents.contains(&table.relation()) { "ONLY " } else { "" }
    }

    /// A name in a schema that nobody has, on neither side.
    pub(crate) fn free_name(&self, schema: &str, name: &str, ending: &str) -> String {
        for number in 0..100 {
            let ending = if number == 0 { ending.to_owned() } else { format!("{ending}{number}") };
            let mut cut = name.len().min(63 - ending.len());
            while !name.is_char_boundary(cut) {
                cut -= 1;
            }
            let candidate = format!("{}{ending}", &name[..cut]);
            let is_taken =
                |it: &Item<'_>| it.key.kind.is_in_schema() && it.key.part(0) == schema && it.key.name() == candidate;
            if !self.items.all.iter().any(is_taken) {
                return candidate;
            }
        }
        format!("palisade{ending}")
    }
}
