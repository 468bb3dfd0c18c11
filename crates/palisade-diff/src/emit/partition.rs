//! Ties: of partitions to their parents, of indexes to those of the parent, of sequences to their columns.

use palisade_catalog::Definition;
use palisade_sql::quote_ident;

use super::{Context, name, sequence};
use crate::item::table_of;
use crate::script::{Action, Statement};

/// A table leaves its parents.
pub(super) fn detach(context: &Context<'_>, number: usize, out: &mut Vec<Statement>) {
    let item = &context.items.all[number];
    let (Some(from), Some(to)) = (item.from.and_then(table_of), item.to.and_then(table_of)) else { return };
    let moved = from.is_partition() && from.bound != to.bound;
    for parent in from.parents.iter().filter(|it| moved || !to.parents.contains(it)) {
        let sql = if from.is_partition() {
            format!("ALTER TABLE {} DETACH PARTITION {}", name::pair(parent), item.key.qualified())
        } else {
            format!("{} NO INHERIT {}", name::alter_table(item.key, ""), name::pair(parent))
        };
        out.push(Statement::new(item.key, Action::Alter, sql));
    }
}

/// Something is tied to what it is a part of.
pub(super) fn attach(context: &Context<'_>, number: usize, out: &mut Vec<Statement>) {
    let item = &context.items.all[number];
    let key = item.key;
    let Some(to) = item.to else { return };
    let alter = |sql: String| Statement::new(key, Action::Alter, sql);
    match &to.definition {
        Definition::Sequence(it) => out.push(sequence::owned_by(key, it)),
        Definition::Table(it) => {
            let before = item.from.filter(|_| !item.fate.creates()).and_then(table_of);
            let moved = before.is_none_or(|from| from.bound != it.bound);
            let known = |parent: &(String, String)| before.is_some_and(|from| from.parents.contains(parent));
            for parent in it.parents.iter().filter(|parent| moved && it.is_partition() || !known(parent)) {
                out.push(match &it.bound {
                    Some(bound) => {
                        let parent = name::pair(parent);
                        alter(format!("ALTER TABLE ONLY {parent} ATTACH PARTITION {} {bound}", key.qualified()))
                    }
                    None => alter(format!("{} INHERIT {}", name::alter_table(key, ""), name::pair(parent))),
                });
            }
        }
        Definition::Index(it) => {
            if let Some(parent) = &it.parent {
                out.push(alter(format!("ALTER INDEX {} ATTACH PARTITION {}", name::pair(parent), key.sql())));
            }
        }
        Definition::Constraint(it) => {
            if let Some((schema, _, parent)) = &it.parent {
                let parent = format!("{}.{}", quote_ident(schema), quote_ident(parent));
                let index = format!("{}.{}", quote_ident(key.part(0)), key.sql());
                out.push(alter(format!("ALTER INDEX {parent} ATTACH PARTITION {index}")));
            }
        }
        _ => {}
    }
}
