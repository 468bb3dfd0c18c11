//! Names and places that only one object can have at a time: who has it must go before who gets it comes.

use std::collections::HashMap;

use palisade_catalog::definition::ConstraintKind;
use palisade_catalog::{Definition, Object, ObjectKind};

use super::{Node, Step, edges};
use crate::item::{Fate, Item, Items, table_of};

/// Something that only one object can have.
#[derive(PartialEq, Eq, Hash)]
enum Claim<'a> {
    /// A name of a relation; indexes behind constraints have one too.
    Relation(&'a str, &'a str),
    /// A name of a type; every relation with columns is one.
    Type(&'a str, &'a str),
    /// A name and arguments.
    Routine(&'a [String]),
    /// The primary key of a table.
    PrimaryKey(&'a str, &'a str),
    /// A part of the rows of a partitioned table.
    Partition(&'a str, &'a str),
}

/// Tells of each pair of steps of which the first frees what the second takes.
pub(super) fn conflicts<'a>(items: &'a Items<'_>, tell: &mut dyn FnMut(Node, Node)) {
    let mut leaving: HashMap<Claim<'a>, Vec<Node>> = HashMap::new();
    for (number, item) in items.all.iter().enumerate() {
        let step = match item.fate {
            Fate::Alter if edges::detaches(item) => Step::Detach,
            Fate::Alter => Step::Alter,
            _ => Step::Drop,
        };
        if let Some(object) = item.from.filter(|_| item.fate.drops() || step == Step::Detach || lets_go(item)) {
            for claim in claims(item, object) {
                if step != Step::Detach || matches!(claim, Claim::Partition(..)) {
                    leaving.entry(claim).or_default().push((number, step));
                }
            }
        }
    }
    if leaving.is_empty() {
        return;
    }
    for (number, item) in items.all.iter().enumerate() {
        let attaches = edges::attaches(items, number);
        let takes = item.fate == Fate::Alter && item.key.kind == ObjectKind::Column;
        let Some(object) = item.to.filter(|_| item.fate.creates() || attaches || takes) else { continue };
        for claim in claims(item, object) {
            let step = match claim {
                Claim::Partition(..) => Step::Attach,
                _ if takes => Step::Alter,
                _ => Step::Create,
            };
            for before in leaving.get(&claim).into_iter().flatten() {
                // A type that steps aside has made room already.
                let steps_aside = before.0 == number && crate::spread::steps_aside(item.key.kind);
                if (before.0 != number || step == Step::Attach) && !steps_aside {
                    tell(*before, (number, step));
                }
            }
        }
    }
}

/// Whether a column lets its own sequence go while it stays.
fn lets_go(item: &Item<'_>) -> bool {
    let identity = |object: Option<&Object>| match object.map(|it| &it.definition) {
        Some(Definition::Column(column)) => column.identity.is_some(),
        _ => false,
    };
    item.fate == Fate::Alter && identity(item.from) && !identity(item.to)
}

fn claims<'a>(item: &Item<'a>, object: &'a Object) -> Vec<Claim<'a>> {
    let key = item.key;
    let (schema, name) = key.relation();
    match (&object.definition, key.kind) {
        (Definition::Table(_), _) => {
            let mut claims = vec![Claim::Relation(schema, name), Claim::Type(schema, name)];
            let table = table_of(object).filter(|it| it.is_partition());
            claims.extend(
                table.into_iter().flat_map(|it| &it.parents).map(|(schema, name)| Claim::Partition(schema, name)),
            );
            claims
        }
        (Definition::View(_) | Definition::Composite(_), _) => {
            vec![Claim::Relation(schema, name), Claim::Type(schema, name)]
        }
        (Definition::Sequence(_) | Definition::Index(_), _) => vec![Claim::Relation(schema, name)],
        (Definition::Enum(_) | Definition::Domain(_) | Definition::Range(_), _) => vec![Claim::Type(schema, name)],
        (Definition::Column(column), _) => {
            column.identity.iter().map(|it| Claim::Relation(&it.sequence.0, &it.sequence.1)).collect()
        }
        (Definition::Constraint(constraint), _) => {
            let mut claims = Vec::new();
            if constraint.kind.has_index() {
                claims.push(Claim::Relation(schema, key.part(2)));
            }
            if constraint.kind == ConstraintKind::PrimaryKey {
                claims.push(Claim::PrimaryKey(schema, name));
            }
            claims
        }
        (_, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate) => vec![Claim::Routine(&key.path)],
        _ => Vec::new(),
    }
}
