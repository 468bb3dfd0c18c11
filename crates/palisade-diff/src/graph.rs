//! Which step comes before which.

pub(crate) mod alias;
mod conflict;
pub(crate) mod edges;
mod sort;

use std::collections::BTreeSet;

use palisade_catalog::{ObjectKey, ObjectKind};

use crate::error::DiffError;
use crate::item::{Fate, Items};

/// What is done with an object at one point of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// A partition leaves its parent.
    Detach,
    /// It is removed.
    Drop,
    /// A type is renamed out of the way.
    GoAside,
    /// It is made.
    Create,
    /// It is changed in place.
    Alter,
    /// It is tied to another: a partition to its parent, a sequence to its column.
    Attach,
}

/// A step of an object.
pub(crate) type Node = (usize, Step);

/// The steps in the order in which they can be done.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) nodes: Vec<Node>,
    /// Objects whose making or removing is part of that of another, by number.
    pub(crate) aliases: alias::Aliases,
}

/// Orders all steps.
///
/// First as much as possible is made and removed together with the table it belongs to. Where that leads in a circle, the parts on
/// the circle become statements of their own, until there is none.
pub(crate) fn order(items: &Items<'_>) -> Result<Ordered, DiffError> {
    let mut explicit = BTreeSet::new();
    loop {
        let aliases = alias::aliases(items, &explicit);
        let nodes = nodes(items, &aliases);
        let edges = edges::edges(items, &aliases, &nodes);
        match sort::sort(items, &nodes, &edges) {
            Ok(nodes) => return Ok(Ordered { nodes, aliases }),
            Err(circle) => {
                let parts = aliases.parts_of(items, &circle);
                let before = explicit.len();
                explicit.extend(parts);
                if explicit.len() == before {
                    let mut objects: Vec<ObjectKey> = circle.iter().map(|(it, _)| items.all[*it].key.clone()).collect();
                    objects.dedup();
                    return Err(DiffError::Cycle { objects });
                }
            }
        }
    }
}

/// All steps that are not part of another.
fn nodes(items: &Items<'_>, aliases: &alias::Aliases) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (number, item) in items.all.iter().enumerate() {
        let aside = item.fate == Fate::Replace && crate::spread::steps_aside(item.key.kind);
        if item.fate.drops() && !aliases.drops.contains_key(&number) {
            nodes.push((number, Step::Drop));
        }
        if aside {
            nodes.push((number, Step::GoAside));
        }
        if item.fate.creates() && !aliases.creates.contains_key(&number) {
            nodes.push((number, Step::Create));
        }
        if item.fate == Fate::Alter {
            nodes.push((number, Step::Alter));
        }
        if edges::detaches(item) {
            nodes.push((number, Step::Detach));
        }
        if edges::attaches(items, number) {
            nodes.push((number, Step::Attach));
        }
    }
    nodes
}

/// Whether dropping an object of this kind can lose rows, so that it is done as late as possible.
fn holds_data(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Table | ObjectKind::Column | ObjectKind::Sequence | ObjectKind::Schema | ObjectKind::Extension
    )
}
