//! Ways around policies that are new, or lead elsewhere.

use crate::Oid;
use crate::access::{Access, AccessCommand, Door};
use crate::difference::{AccessChange, Direction};

/// For each role: ways that it has not had before, and those that do something else now.
pub(super) fn changes(before: &Access<'_>, after: &Access<'_>, roles: &[Oid], relations: &[Oid]) -> Vec<AccessChange> {
    let (old, new) = (before.doors(roles, relations), after.doors(roles, relations));
    let same = |a: &Door, b: &Door| (&a.table, a.kind, &a.object) == (&b.table, b.kind, &b.object);
    let mut changes = Vec::new();
    for door in &new {
        let known = old.iter().find(|it| same(it, door));
        for role in &door.roles {
            let direction = match known.filter(|it| it.roles.contains(role)) {
                None => Direction::Widened,
                Some(it) if it.digest != door.digest || it.how != door.how => Direction::Unknown,
                Some(_) => continue,
            };
            changes.push(change(role, door, direction));
        }
    }
    for door in &old {
        let known = new.iter().find(|it| same(it, door));
        let lost = door.roles.iter().filter(|role| !known.is_some_and(|it| it.roles.contains(role)));
        changes.extend(lost.map(|role| change(role, door, Direction::Narrowed)));
    }
    changes
}

fn change(role: &str, door: &Door, direction: Direction) -> AccessChange {
    let Door { table, kind, object, how, writes, .. } = door;
    let way = format!("{table} around its policies: {} {object} {how}", kind.as_str());
    let text = match direction {
        Direction::Narrowed => format!("{role} may no longer reach {way}"),
        Direction::Widened => format!("{role} may reach {way}"),
        Direction::Unknown | Direction::Both => {
            format!("{role} reaches {way}, which does something else now (UNKNOWN)")
        }
    };
    let command = if *writes { AccessCommand::Update } else { AccessCommand::Select };
    AccessChange { role: role.to_owned(), table: table.clone(), command, direction, text }
}
