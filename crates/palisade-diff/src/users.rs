//! Who needs what, on the left side.

use crate::item::{Items, is_only_inherited};

/// All objects are looked through for each of the first so many: that takes less than to number what all of them need.
const FEW: usize = 8;

/// Answers who needs what goes. Most changes ask about a handful of objects among thousands.
#[derive(Debug, Default)]
pub(crate) struct Users {
    asked: usize,
    /// The users of each object, once many have been asked about.
    all: Option<Vec<Vec<usize>>>,
}

impl Users {
    /// Pairs of what goes and who needs it, in the order of `gone`.
    pub(crate) fn of(&mut self, items: &Items<'_>, gone: &[usize]) -> Vec<(usize, usize)> {
        self.asked += gone.len();
        if self.asked <= FEW {
            let users = |it: &usize| users_of(items, *it).into_iter().map(|user| (*it, user)).collect::<Vec<_>>();
            return gone.iter().flat_map(users).collect();
        }
        let all = self.all.get_or_insert_with(|| all_users(items));
        gone.iter().flat_map(|it| all[*it].iter().map(|user| (*it, *user))).collect()
    }
}

fn users_of(items: &Items<'_>, gone: usize) -> Vec<usize> {
    let key = items.all[gone].key;
    let needs_it = |number: &usize| {
        let Some(object) = items.all[*number].from else { return false };
        object.needs.contains_key(key)
            // What it has from a parent, the server does not write down among its needs.
            || is_only_inherited(&object.definition) && items.needs_before(*number).iter().any(|(it, _)| *it == gone)
    };
    (0..items.all.len()).filter(needs_it).collect()
}

fn all_users(items: &Items<'_>) -> Vec<Vec<usize>> {
    let mut users = vec![Vec::new(); items.all.len()];
    for number in 0..items.all.len() {
        for (needed, _) in items.needs_before(number) {
            users[*needed].push(number);
        }
    }
    users
}

#[cfg(test)]
mod tests {
    use super::{Users, all_users, users_of};
    use crate::item::Items;
    use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Strength};

    fn catalog(count: usize) -> Catalog {
        let key = |number: usize| ObjectKey::new(ObjectKind::Schema, [&format!("s{number:04}")]);
        let object = |number: usize| Object {
            definition: Definition::Schema,
            owner: None,
            privileges: None,
            comment: None,
            labels: [].into(),
            needs: (0..number)
                .filter(|it| (number + it).is_multiple_of(3))
                .map(|it| (key(it), Strength::Normal))
                .collect(),
        };
        Catalog { objects: (0..count).map(|it| (key(it), object(it))).collect(), ..Catalog::default() }
    }

    #[test]
    fn few_and_many_are_told_the_same() {
        let catalog = catalog(20);
        let items = Items::new(&catalog, &catalog);
        let all = all_users(&items);
        assert!(all.iter().any(|it| it.len() > 2));
        for (number, users) in all.iter().enumerate() {
            assert_eq!(&users_of(&items, number), users);
        }
        let every: Vec<usize> = (0..20).collect();
        let pairs = |all: &[Vec<usize>]| -> Vec<(usize, usize)> {
            all.iter().enumerate().flat_map(|(it, users)| users.iter().map(move |user| (it, *user))).collect()
        };
        assert_eq!(Users::default().of(&items, &every), pairs(&all));
    }
}
