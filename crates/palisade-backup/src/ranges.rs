//! What one connection reads at a time: a table, or pages of one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use palisade_db::DbError;

use crate::inventory::{Table, column_list};

/// Tables larger than this are read in ranges of about this size.
const RANGE: u64 = 256 << 20;
/// [Size of a page](https://www.postgresql.org/docs/current/runtime-config-preset.html#GUC-BLOCK-SIZE) of nearly every server. On another
/// one the ranges are larger or smaller, and hold the same rows.
const PAGE: u64 = 8192;

/// Rows of a table between two pages.
pub(crate) struct Range {
    pub(crate) table: Arc<Table>,
    /// Of the table, the largest first.
    number: usize,
    /// The first page, and the one behind the last; the last range has no end: rows may have been added.
    pages: Option<(u64, Option<u64>)>,
    /// Ranges of the table that were not read to their end yet.
    left: Arc<AtomicUsize>,
}

/// All tables, the largest first, large ones in ranges.
pub(crate) fn ranges<'a>(tables: impl Iterator<Item = &'a Table>) -> VecDeque<Range> {
    let mut tables: Vec<&Table> = tables.collect();
    tables.sort_by_key(|it| std::cmp::Reverse(it.bytes));
    let mut ranges = VecDeque::new();
    for (number, table) in tables.into_iter().enumerate() {
        let table = Arc::new(table.clone());
        let count = if table.heap && table.condition.is_none() { (table.bytes / RANGE).max(1) } else { 1 };
        let pages = (table.main_bytes / PAGE).div_ceil(count);
        let left = Arc::new(AtomicUsize::new(usize::try_from(count).unwrap_or(usize::MAX)));
        for range in 0..count {
            let end = (range + 1 < count).then_some((range + 1) * pages);
            let pages = (count > 1).then_some((range * pages, end));
            ranges.push_back(Range { table: table.clone(), number, pages, left: left.clone() });
        }
    }
    ranges
}

impl Range {
    /// Name of its file, without what sealing adds.
    pub(crate) fn file(&self) -> String {
        format!("rows-{:06}-{:010}.copy", self.number, self.pages.map_or(0, |it| it.0))
    }

    /// Says that it was read, and whether it was the last of its table.
    pub(crate) fn is_last(&self) -> bool {
        self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// What reads it.
    pub(crate) fn statement(&self) -> Result<String, DbError> {
        let Table { name, columns, condition, .. } = &*self.table;
        let list = column_list(columns)?;
        Ok(match (&self.pages, condition) {
            (None, None) if list.is_empty() => format!("copy {name} to stdout"),
            (None, None) => format!("copy {name} ({list}) to stdout"),
            // The extension itself has written the condition, `WHERE` included.
            (None, Some(condition)) => format!("copy (select {list} from only {name} {condition}) to stdout"),
            (Some((first, None)), _) => {
                format!("copy (select {list} from only {name} where ctid >= '({first},0)') to stdout")
            }
            (Some((first, Some(end))), _) => format!(
                "copy (select {list} from only {name} where ctid >= '({first},0)' and ctid < '({end},0)') to stdout"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use palisade_sql::QualifiedName;

    use super::{RANGE, Table, ranges};

    fn table(name: &str, bytes: u64, main_bytes: u64) -> Table {
        Table {
            oid: 1,
            name: QualifiedName::new("public", name).unwrap(),
            partitioned: false,
            bytes,
            main_bytes,
            filtered: false,
            readable: true,
            columns: vec!["a".to_owned()],
            heap: true,
            condition: None,
        }
    }

    #[test]
    fn a_table_is_read_once_its_last_range_is() {
        let tables = [table("small", 1, 1), table("large", 3 * RANGE, 3 * RANGE), table("texts", 2 * RANGE, 80_000)];
        let ranges = ranges(tables.iter());
        let names: Vec<String> = ranges.iter().map(|it| it.table.name.to_string()).collect();
        assert_eq!(names.iter().filter(|it| it.contains("large")).count(), 3);
        assert_eq!(names.iter().filter(|it| it.contains("texts")).count(), 2, "what lies elsewhere counts as well");
        assert_eq!(ranges.iter().filter(|it| it.is_last()).count(), tables.len());
    }
}
