//! One change of a schema at random.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::compose::{self, COLUMNS, FUNCTIONS, LABELS, TABLES, VIEWS, any, pick};
use super::model::{Does, Holds, Schema, Table, Type};

pub(super) fn change(random: &mut StdRng, schema: &mut Schema) {
    match random.random_range(0..24) {
        0 | 1 => enums(random, schema),
        2 => {
            let name = pick(random, &["d1", "d2"]).to_owned();
            if schema.domains.remove(&name).is_none() || random.random_bool(0.7) {
                let domain = compose::domain(random, schema);
                schema.domains.insert(name, domain);
            }
        }
        3 => {
            let attributes = compose::attributes(random);
            schema.composites.insert("pair".to_owned(), attributes);
        }
        4 => drop(schema.sequences.insert(pick(random, &["s1", "s2"]).to_owned(), random.random_range(1..5))),
        5 | 6 => functions(random, schema),
        7 => {
            let name = pick(random, &TABLES);
            if schema.tables.remove(name).is_none() {
                let table = compose::table(random, schema, name);
                schema.tables.insert(name.to_owned(), table);
            }
        }
        8..14 => {
            if let Some(name) = any(random, &schema.tables) {
                columns(random, schema, &name);
            }
        }
        14..16 => compose::part(random, schema),
        16..18 => {
            if let Some(table) = any(random, &schema.tables).and_then(|it| schema.tables.get_mut(&it)) {
                parts(random, table);
            }
        }
        18..21 => {
            let name = pick(random, &VIEWS);
            if (schema.views.remove(name).is_none() || random.random_bool(0.6))
                && let Some(view) = compose::view(random, schema, name)
            {
                schema.views.insert(name.to_owned(), view);
            }
        }
        _ => compose::words(random, schema),
    }
}

fn enums(random: &mut StdRng, schema: &mut Schema) {
    let name = pick(random, &["mood", "E num"]).to_owned();
    let Some(labels) = schema.enums.get_mut(&name) else {
        let labels = compose::labels(random);
        schema.enums.insert(name, labels);
        return;
    };
    match random.random_range(0..5) {
        0..2 => {
            let label = pick(random, &LABELS).to_owned();
            if !labels.contains(&label) {
                labels.insert(random.random_range(0..=labels.len()), label);
            }
        }
        2 => drop(labels.remove(random.random_range(0..labels.len()))),
        3 => labels.shuffle(random),
        _ => drop(schema.enums.remove(&name)),
    }
    if schema.enums.get(&name).is_some_and(Vec::is_empty) {
        schema.enums.remove(&name);
    }
}

fn functions(random: &mut StdRng, schema: &mut Schema) {
    if random.random_bool(0.3) {
        let name = pick(random, &FUNCTIONS).to_owned();
        if schema.functions.remove(&name).is_none() {
            let does = Does::Counts { big: random.random_bool(0.5) };
            schema.functions.insert(name, compose::function(random, does));
        }
        return;
    }
    let Some(function) = any(random, &schema.functions).and_then(|it| schema.functions.get_mut(&it)) else { return };
    match random.random_range(0..4) {
        0 => function.number += 1,
        1 => function.definer = !function.definer,
        2 => function.parameter = if function.parameter == "x" { "y" } else { "x" },
        _ => {
            if let Does::Counts { big } = &mut function.does {
                *big = !*big;
            }
        }
    }
}

fn columns(random: &mut StdRng, schema: &mut Schema, name: &str) {
    let new_type = compose::column_type(random, schema);
    let table = &schema.tables[name];
    let fresh = pick(random, &COLUMNS);
    let fresh = compose::column(random, schema, fresh, &table.columns);
    let inherits = table.parent.is_some();
    let Some(table) = schema.tables.get_mut(name) else { return };
    let index = random.random_range(0..table.columns.len().max(1));
    match (random.random_range(0..8), table.columns.get_mut(index)) {
        (0 | 1, _) if !inherits => {
            table.columns.retain(|it| it.name != fresh.name);
            let place = random.random_range(0..=table.columns.len());
            table.columns.insert(place, fresh);
        }
        (2, Some(_)) => drop(table.columns.remove(index)),
        (3, Some(column)) if column.name == "id" => {
            column.data_type = if column.data_type == Type::Int { Type::Bigint } else { Type::Int };
        }
        (3 | 4, Some(column)) if column.name != "id" => column.data_type = new_type,
        (5, Some(column)) => column.not_null = !column.not_null,
        (6, Some(column)) if column.name != "id" => column.holds = fresh.holds,
        (7, Some(column)) => column.holds = Holds::Nothing,
        _ => {}
    }
}

/// Something that a table has goes, or a flag of it changes.
fn parts(random: &mut StdRng, table: &mut Table) {
    let number = random.random_range(1..4);
    match random.random_range(0..12) {
        0 => table.key = !table.key,
        1 => table.unlogged = !table.unlogged,
        2 => table.fillfactor = random.random_bool(0.5).then(|| random.random_range(50..60)),
        3 => table.row_security = !table.row_security,
        4 => drop(table.checks.pop_first()),
        5 => drop(table.foreign_keys.pop_first()),
        6 => drop(table.indexes.pop_first()),
        7 => drop(table.policies.pop_first()),
        8 => drop(table.triggers.pop_first()),
        9 => {
            let mut keys = table.foreign_keys.values_mut();
            if let Some(key) = keys.next() {
                key.cascade = !key.cascade;
                key.deferrable = random.random_bool(0.5);
            }
        }
        10 => {
            if let Some(policy) = table.policies.values_mut().next() {
                policy.number += number;
                policy.role = compose::role(random);
            }
        }
        _ => {
            if let Some((name, _)) = table.partitions.as_mut().and_then(BTreeMap::pop_first)
                && let Some(partitions) = &mut table.partitions
                && random.random_bool(0.7)
            {
                partitions.insert(name, number + 3);
            }
        }
    }
}
