//! Which tables the statements of the last stage lock.
//!
//! `pg_restore` with several jobs does not run two statements at once that lock the same table: else two foreign keys could wait for
//! each other's tables until the server ends one of them. It sees that from dependencies on entries of tables, so these have to be in
//! the archive, although nothing is made of them; and those of a part that was dumped alone mean numbers that nobody has.

use std::collections::BTreeMap;

use palisade_archive::{Entry, Section, Toc};
use palisade_sql::{TokenKind, lex};

use crate::restore::grants::name as name_of;

/// The entry of a table without what makes it.
pub(super) fn nothing_but_a_name(table: &Entry) -> Entry {
    let nothing = Some(String::new());
    Entry {
        definition: nothing.clone(),
        drop_statement: nothing.clone(),
        owner: nothing,
        dependencies: Vec::new(),
        ..table.clone()
    }
}

/// Puts tables in front, and makes whatever names one depend on it. That a name may stand in a condition only costs a little time.
pub(super) fn name(rest: &mut Toc, tables: Vec<Entry>) {
    let name = |it: &Entry| Some(((it.namespace.clone()?, it.tag.clone()?), it.dump_id));
    let numbers: BTreeMap<(String, String), i32> = tables.iter().filter_map(name).collect();
    for entry in rest.entries.iter_mut().filter(|it| it.section == Section::PostData && it.desc != "INDEX") {
        for number in named(entry.definition.as_deref().unwrap_or_default(), &numbers) {
            let number = number.to_string();
            if !entry.dependencies.contains(&number) {
                entry.dependencies.push(number);
            }
        }
    }
    let place = rest.entries.iter().position(|it| !it.is_setting()).unwrap_or(rest.entries.len());
    rest.entries.splice(place..place, tables);
}

fn named(sql: &str, numbers: &BTreeMap<(String, String), i32>) -> Vec<i32> {
    let tokens = lex(sql).unwrap_or_default();
    let qualified = tokens.windows(3).filter(|it| it[1].kind == TokenKind::Symbol('.'));
    let names = qualified.filter_map(|it| Some((name_of(&it[0])?, name_of(&it[2])?)));
    names.filter_map(|it| numbers.get(&it).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_key_names_both_of_its_tables() {
        let numbers =
            [("a", 1), ("B c", 2), ("d", 3)].map(|(name, number)| (("s".to_owned(), name.to_owned()), number));
        let sql = "ALTER TABLE ONLY s.a ADD CONSTRAINT s FOREIGN KEY (d) REFERENCES s.\"B c\"(id); -- s.d";
        assert_eq!(named(sql, &numbers.into()), [1, 2]);
    }
}
