//! A stable order: of all steps that can be next, always the same one is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use palisade_catalog::ObjectKind;

use super::{Node, Step, holds_data};
use crate::item::Items;

/// When a step is done if nothing else decides: what only others look through goes first, what holds data goes last.
type Rank = (u8, u16, usize);

/// Sorts nodes so that the first of each edge comes before the second. If there is none, gives the nodes of a circle.
pub(super) fn sort(items: &Items<'_>, nodes: &[Node], edges: &[(usize, usize)]) -> Result<Vec<Node>, Vec<Node>> {
    let mut after = vec![Vec::new(); nodes.len()];
    let mut waiting_for = vec![0_u32; nodes.len()];
    for (first, second) in edges {
        after[*first].push(*second);
        waiting_for[*second] += 1;
    }
    let rank = |place: usize| rank(items, nodes[place]);
    let mut ready: BinaryHeap<Reverse<(Rank, usize)>> =
        (0..nodes.len()).filter(|it| waiting_for[*it] == 0).map(|it| Reverse((rank(it), it))).collect();
    let mut sorted = Vec::with_capacity(nodes.len());
    while let Some(Reverse((_, place))) = ready.pop() {
        sorted.push(nodes[place]);
        for next in &after[place] {
            waiting_for[*next] -= 1;
            if waiting_for[*next] == 0 {
                ready.push(Reverse((rank(*next), *next)));
            }
        }
    }
    if sorted.len() == nodes.len() {
        return Ok(sorted);
    }
    Err(circle(&after, &waiting_for).into_iter().map(|it| nodes[it]).collect())
}

fn rank(items: &Items<'_>, (number, step): Node) -> Rank {
    let kind = items.all[number].key.kind;
    let place = ObjectKind::ALL.iter().position(|it| *it == kind).and_then(|it| u16::try_from(it).ok()).unwrap_or(0);
    let last = u16::MAX - place;
    match step {
        Step::Detach => (0, 0, number),
        Step::Drop if crate::spread::steps_aside(kind) || holds_data(kind) => (9, last, number),
        Step::Drop => (1, last, number),
        Step::GoAside => (2, place, number),
        // It would fire for all that comes behind it.
        Step::Create if kind == ObjectKind::EventTrigger => (8, place, number),
        Step::Create | Step::Alter => (3, place, number),
        Step::Attach => (4, place, number),
    }
}

/// One circle among the nodes that could not be sorted.
fn circle(after: &[Vec<usize>], waiting_for: &[u32]) -> Vec<usize> {
    let left = |it: &usize| waiting_for[*it] > 0;
    // Everything left waits for something left: going backwards must come around.
    let mut before = vec![usize::MAX; after.len()];
    for (first, nexts) in after.iter().enumerate().filter(|(it, _)| waiting_for[*it] > 0) {
        for next in nexts.iter().filter(|it| left(it)) {
            before[*next] = first;
        }
    }
    let Some(mut at) = (0..after.len()).find(left) else { return Vec::new() };
    for _ in 0..after.len() {
        at = before[at];
    }
    let mut found = vec![at];
    let mut next = before[at];
    while next != at {
        found.push(next);
        next = before[next];
    }
    found.reverse();
    found
}
