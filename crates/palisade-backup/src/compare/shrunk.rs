//! Whether a backup holds suspiciously less than the one before.

use std::collections::BTreeMap;

use crate::manifest::Manifest;

/// In a table with fewer rows, a few that were deleted in the course of things are a large share.
const FEWEST_ROWS: u64 = 100;

/// One sentence for each table that lost more than `percent` of the rows it had in the `previous` backup, or is gone, and one
/// if all tables together did. Tables that had fewer than 100 rows do not count by themselves.
pub fn shrunk(previous: &Manifest, new: &Manifest, percent: u8) -> Vec<String> {
    let rows: BTreeMap<_, u64> = new.tables.iter().map(|it| ((&it.schema, &it.name), it.rows)).collect();
    let mut sentences = Vec::new();
    for table in &previous.tables {
        let (name, old) = (table.qualified(), table.rows);
        let now = rows.get(&(&table.schema, &table.name)).copied();
        let Some(lost) = lost_percent(old, now.unwrap_or(0), percent) else { continue };
        sentences.push(match now {
            Some(now) => format!("{name} has {now} rows, {lost} % less than the {old} of {}", previous.name),
            None => format!("{name} is gone, it had {old} rows in {}", previous.name),
        });
    }
    let (old, now) = (previous.rows(), new.rows());
    if let Some(lost) = lost_percent(old, now, percent) {
        sentences
            .push(format!("all tables together have {now} rows, {lost} % less than the {old} of {}", previous.name));
    }
    sentences
}

/// The share that was lost, rounded down, if it is more than `percent`. A table that is gone lost everything.
fn lost_percent(old: u64, now: u64, percent: u8) -> Option<u128> {
    let lost = u128::from(old.saturating_sub(now)) * 100;
    (old >= FEWEST_ROWS && lost > u128::from(old) * u128::from(percent)).then(|| lost / u128::from(old))
}
