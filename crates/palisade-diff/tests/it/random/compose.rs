//! A schema at random.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::model::{
    Column, Does, Domain, ForeignKey, Function, Holds, Index, Policy, Schema, Table, Target, Trigger, Type, View,
};

/// Names that only quotes can hold are among them.
pub(super) const COLUMNS: [&str; 9] = ["a", "b", "C d", "select", "e;--", "f\"g", "h'i", "j", "k"];
pub(super) const TABLES: [&str; 6] = ["t1", "t2", "t3 '", "t4", "t5;", "t6"];
pub(super) const VIEWS: [&str; 4] = ["v1", "v2", "v3 \"", "v4"];
pub(super) const FUNCTIONS: [&str; 5] = ["f1", "f2", "f3", "f 4", "f5"];
pub(super) const LABELS: [&str; 5] = ["one", "two", "it's", "four", "Ä"];
const ROLES: [&str; 3] = ["pg_monitor", "pg_read_all_data", "public"];

/// One of several, at random.
pub(super) fn pick<'a, T: ?Sized>(random: &mut StdRng, from: &[&'a T]) -> &'a T {
    from[random.random_range(0..from.len())]
}

/// The name of something that is there.
pub(super) fn any<V>(random: &mut StdRng, from: &BTreeMap<String, V>) -> Option<String> {
    let index = random.random_range(0..from.len().max(1));
    from.keys().nth(index).cloned()
}

pub(super) fn role(random: &mut StdRng) -> &'static str {
    pick(random, &ROLES)
}

pub(super) fn schema(random: &mut StdRng) -> Schema {
    let mut schema = Schema::default();
    for name in ["mood", "E num"].into_iter().take(random.random_range(0..3)) {
        schema.enums.insert(name.to_owned(), labels(random));
    }
    for name in &FUNCTIONS[..random.random_range(0..3)] {
        let does = Does::Counts { big: random.random_bool(0.3) };
        schema.functions.insert((*name).to_owned(), function(random, does));
    }
    for name in ["d1", "d2"].into_iter().take(random.random_range(0..3)) {
        let domain = domain(random, &schema);
        schema.domains.insert(name.to_owned(), domain);
    }
    if random.random_bool(0.3) {
        schema.composites.insert("pair".to_owned(), attributes(random));
    }
    for name in ["s1", "s2"].into_iter().take(random.random_range(0..3)) {
        schema.sequences.insert(name.to_owned(), random.random_range(1..5));
    }
    for name in &TABLES[..random.random_range(1..5)] {
        let table = table(random, &schema, name);
        schema.tables.insert((*name).to_owned(), table);
    }
    for _ in 0..random.random_range(0..12) {
        part(random, &mut schema);
    }
    for name in &VIEWS[..random.random_range(0..4)] {
        if let Some(view) = view(random, &schema, name) {
            schema.views.insert((*name).to_owned(), view);
        }
    }
    for _ in 0..random.random_range(0..5) {
        words(random, &mut schema);
    }
    schema
}

pub(super) fn labels(random: &mut StdRng) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for _ in 0..random.random_range(1..5) {
        let label = pick(random, &LABELS).to_owned();
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

pub(super) fn attributes(random: &mut StdRng) -> BTreeMap<String, Type> {
    let names = COLUMNS[..random.random_range(1..4)].iter();
    names.map(|it| ((*it).to_owned(), simple_type(random))).collect()
}

pub(super) fn function(random: &mut StdRng, does: Does) -> Function {
    let parameter = pick(random, &["x", "y"]);
    Function { does, number: random.random_range(1..4), parameter, definer: random.random_bool(0.2) }
}

pub(super) fn domain(random: &mut StdRng, schema: &Schema) -> Domain {
    let base = if random.random_bool(0.5) { Type::Int } else { Type::Text };
    let call = any(random, &schema.functions).filter(|_| random.random_bool(0.5));
    let check = random.random_bool(0.6).then(|| (random.random_range(0..3), call));
    let default = random.random_bool(0.3).then(|| random.random_range(5..9));
    Domain { base, not_null: random.random_bool(0.2), default, check }
}

fn simple_type(random: &mut StdRng) -> Type {
    match random.random_range(0..10) {
        0..3 => Type::Int,
        3 => Type::Bigint,
        4 | 5 => Type::Text,
        6 => Type::Varchar(random.random_range(10..13)),
        7 => Type::Numeric(random.random_range(6..9)),
        8 => Type::Time,
        _ => Type::Bool,
    }
}

pub(super) fn column_type(random: &mut StdRng, schema: &Schema) -> Type {
    let other = match random.random_range(0..12) {
        0 | 1 => any(random, &schema.enums).map(Type::Enum),
        2 => any(random, &schema.domains).map(Type::Domain),
        3 => any(random, &schema.composites).map(Type::Composite),
        4 => Some(Type::Json),
        5 => Some(Type::Uuid),
        6 => Some(Type::Ints),
        _ => None,
    };
    other.unwrap_or_else(|| simple_type(random))
}

pub(super) fn column(random: &mut StdRng, schema: &Schema, name: &str, others: &[Column]) -> Column {
    let data_type = column_type(random, schema);
    let base = others.get(random.random_range(0..others.len().max(1))).map(|it| it.name.clone());
    let holds = match (random.random_range(0..8), base) {
        (0, Some(base)) => Holds::Generated(base, random.random_range(1..4)),
        (1 | 2, _) => Holds::Default(random.random_range(1..4)),
        (3, _) => any(random, &schema.functions).map_or(Holds::Nothing, |it| Holds::Call(it, 1)),
        (4, _) => any(random, &schema.sequences).map_or(Holds::Nothing, Holds::Next),
        (5, _) => Holds::Label(pick(random, &LABELS).to_owned()),
        (6, _) => Holds::Identity { always: random.random_bool(0.5) },
        _ => Holds::Nothing,
    };
    Column { name: name.to_owned(), data_type, not_null: random.random_bool(0.3), holds }
}

pub(super) fn table(random: &mut StdRng, schema: &Schema, name: &str) -> Table {
    let earlier: Vec<String> = schema.tables.keys().filter(|it| it.as_str() < name).cloned().collect();
    let mut table = Table::default();
    if random.random_bool(0.15) && !earlier.is_empty() {
        table.parent = Some(earlier[random.random_range(0..earlier.len())].clone());
    }
    let begin = if table.parent.is_some() { 7 } else { 0 };
    if table.parent.is_none() {
        let data_type = if random.random_bool(0.5) { Type::Int } else { Type::Bigint };
        table.columns.push(Column { name: "id".to_owned(), data_type, not_null: true, holds: Holds::Nothing });
        table.key = random.random_bool(0.8);
    }
    for name in &COLUMNS[begin..=random.random_range(begin..COLUMNS.len().min(begin + 6))] {
        let column = column(random, schema, name, &table.columns);
        table.columns.push(column);
    }
    if table.parent.is_none() && random.random_bool(0.2) {
        let parts = ["low", "high"].into_iter().take(random.random_range(0..3));
        table.partitions = Some(parts.map(|it| (format!("{name} {it}"), random.random_range(1..4))).collect());
    }
    table.unlogged = random.random_bool(0.1);
    table.fillfactor = random.random_bool(0.1).then(|| random.random_range(50..60));
    table
}

/// A constraint, index, trigger, policy or function somewhere.
pub(super) fn part(random: &mut StdRng, schema: &mut Schema) {
    let Some(name) = any(random, &schema.tables) else { return };
    let columns = schema.columns(&name);
    let mut column = || columns[random.random_range(0..columns.len().max(1)).min(columns.len() - 1)].0.clone();
    let (one, other) = (column(), column());
    let number = random.random_range(1..4);
    let call = any(random, &schema.functions).filter(|_| random.random_bool(0.4));
    let another = any(random, &schema.tables).unwrap_or_default();
    let letter = pick(random, &["p", "q", "r"]);
    let mut new_function = None;
    if let Some(table) = schema.tables.get_mut(&name) {
        match random.random_range(0..9) {
            0 => drop(table.checks.insert(format!("{name} check {letter}"), (one, number, call))),
            1 => drop(table.uniques.insert(format!("{name} unique {letter}"), vec![one])),
            2 | 3 => {
                let (cascade, deferrable) = (random.random_bool(0.3), random.random_bool(0.3));
                let key = ForeignKey { column: one, table: another, cascade, deferrable };
                table.foreign_keys.insert(format!("{name} key {letter}"), key);
            }
            4 | 5 => {
                let mut columns = vec![one.clone()];
                columns.extend((other != one && random.random_bool(0.4)).then_some(other.clone()));
                let (unique, descending) = (random.random_bool(0.2), random.random_bool(0.3));
                let where_ = random.random_bool(0.3).then_some((other, number));
                table
                    .indexes
                    .insert(format!("{name} index {letter}"), Index { columns, call, unique, descending, where_ });
            }
            6 => {
                let function = "trigger function".to_owned();
                new_function = Some((function.clone(), Does::Trigger));
                let (of, when) =
                    (random.random_bool(0.3).then_some(one), random.random_bool(0.3).then_some((other, number)));
                let trigger = Trigger { function, of, when, after: random.random_bool(0.3) };
                table.triggers.insert(format!("trigger {letter}"), trigger);
            }
            7 => {
                let other = random.random_bool(0.3).then_some(another);
                let policy = Policy { role: role(random), column: one, number, call, other };
                table.policies.insert(format!("policy {letter}"), policy);
                table.row_security = random.random_bool(0.8);
            }
            _ => {
                let does = if random.random_bool(0.5) {
                    Does::Rows { table: name.clone() }
                } else {
                    Does::Reads { table: name.clone(), column: one }
                };
                new_function = Some((format!("of table {letter}"), does));
            }
        }
    }
    if let Some((name, does)) = new_function {
        let function = function(random, does);
        schema.functions.entry(name).or_insert(function);
    }
}

pub(super) fn view(random: &mut StdRng, schema: &Schema, name: &str) -> Option<View> {
    let tables = schema.tables.keys();
    let relations: Vec<&String> = tables.chain(schema.views.keys().filter(|it| it.as_str() < name)).collect();
    let of = (*relations.get(random.random_range(0..relations.len().max(1)))?).clone();
    let all = schema.columns(&of);
    let mut columns: Vec<String> = all.iter().filter(|_| random.random_bool(0.6)).map(|it| it.0.clone()).collect();
    // A view that counts can have two of one name.
    let mut names = std::collections::BTreeSet::new();
    columns.retain(|it| names.insert(it.clone()));
    if random.random_bool(0.2) {
        columns.reverse();
    }
    let mut column = || all.get(random.random_range(0..all.len().max(1))).map(|it| it.0.clone());
    let (first, second) = (column()?, column()?);
    let call = any(random, &schema.functions).filter(|_| random.random_bool(0.3)).map(|it| (it, first));
    let where_ = random.random_bool(0.4).then(|| (second, random.random_range(1..4)));
    let (materialized, invoker) = (random.random_bool(0.2), random.random_bool(0.3));
    Some(View {
        of,
        columns,
        call,
        where_,
        materialized,
        invoker,
        grouped: random.random_bool(0.2),
        indexed: random.random_bool(0.5),
    })
}

/// Something granted, or said.
pub(super) fn words(random: &mut StdRng, schema: &mut Schema) {
    let mut targets: Vec<(Target, &[&'static str])> = Vec::new();
    for (name, table) in &schema.tables {
        targets.push((Target::Table(name.clone()), &["select", "insert", "delete"]));
        targets.extend(
            table.columns.iter().map(|it| (Target::Column(name.clone(), it.name.clone()), &["select", "update"][..])),
        );
        targets.extend(table.checks.keys().map(|it| (Target::Check(name.clone(), it.clone()), &[][..])));
        targets.extend(table.indexes.keys().map(|it| (Target::Index(name.clone(), it.clone()), &[][..])));
        targets.extend(table.policies.keys().map(|it| (Target::Policy(name.clone(), it.clone()), &[][..])));
        targets.extend(table.triggers.keys().map(|it| (Target::Trigger(name.clone(), it.clone()), &[][..])));
    }
    targets.extend(schema.views.keys().map(|it| (Target::View(it.clone()), &["select", "update"][..])));
    targets.extend(schema.enums.keys().map(|it| (Target::Enum(it.clone()), &["usage"][..])));
    targets.extend(schema.sequences.keys().map(|it| (Target::Sequence(it.clone()), &["usage", "select"][..])));
    targets.extend(schema.functions.keys().map(|it| (Target::Function(it.clone()), &["execute"][..])));
    if targets.is_empty() {
        return;
    }
    let (target, privileges) = targets.swap_remove(random.random_range(0..targets.len()));
    if random.random_bool(0.5) && !privileges.is_empty() {
        let grant = (target, pick(random, privileges), role(random));
        if !schema.grants.remove(&grant) {
            schema.grants.insert(grant);
        }
    } else if schema.comments.remove(&target).is_none() || random.random_bool(0.5) {
        schema.comments.insert(target, random.random_range(1..4));
    }
}
