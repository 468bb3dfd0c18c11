//! Takes away what cannot be because something that it needs is not there.

use std::collections::BTreeSet;

use super::model::{Column, Does, Domain, Holds, Schema, Table, Target, Type, View};

pub(super) fn mend(schema: &mut Schema) {
    domains(schema);
    let names: Vec<String> = schema.tables.keys().cloned().collect();
    for name in &names {
        let mut table = schema.tables[name].clone();
        columns(schema, name, &mut table);
        schema.tables.insert(name.clone(), table);
    }
    for name in &names {
        let mut table = schema.tables[name].clone();
        parts(schema, name, &mut table);
        schema.tables.insert(name.clone(), table);
    }
    let views: Vec<String> = schema.views.keys().cloned().collect();
    for name in views {
        let mended = view(schema, &name, schema.views[&name].clone());
        match mended {
            Some(view) => drop(schema.views.insert(name, view)),
            None => drop(schema.views.remove(&name)),
        }
    }
    let functions = std::mem::take(&mut schema.functions);
    let exists = |does: &Does| match does {
        Does::Reads { table, column } => schema.columns(table).iter().any(|it| it.0 == *column),
        Does::Rows { table } => schema.tables.contains_key(table),
        Does::Counts { .. } | Does::Trigger => true,
    };
    let kept = functions.into_iter().filter(|(_, it)| exists(&it.does)).collect();
    schema.functions = kept;
    let targets = targets(schema);
    schema.grants.retain(|(target, _, _)| targets.contains(target));
    schema.comments.retain(|target, _| targets.contains(target));
}

fn domains(schema: &mut Schema) {
    let functions = schema.clone();
    for Domain { base, check, .. } in schema.domains.values_mut() {
        if let Some((_, call)) = check {
            let fits = |it: &String| *base == Type::Int && functions.counts(it);
            *call = call.take().filter(fits);
        }
    }
}

fn exists(schema: &Schema, data_type: &Type) -> bool {
    match data_type {
        Type::Enum(name) => schema.enums.contains_key(name),
        Type::Domain(name) => schema.domains.contains_key(name),
        Type::Composite(name) => schema.composites.contains_key(name),
        _ => true,
    }
}

fn columns(schema: &Schema, name: &str, table: &mut Table) {
    let is_parent =
        |it: &String| it.as_str() < name && schema.tables.get(it).is_some_and(|parent| parent.partitions.is_none());
    table.parent = table.parent.take().filter(is_parent);
    let inherited = table.parent.as_ref().map(|it| schema.columns(it)).unwrap_or_default();
    table.columns.retain(|it| inherited.iter().all(|other| other.0 != it.name));
    let has_id = table.columns.iter().any(|it| it.name == "id");
    table.key &= has_id;
    if !has_id || table.parent.is_some() {
        table.partitions = None;
    }
    if let Some(partitions) = &mut table.partitions {
        let mut bounds = BTreeSet::new();
        partitions.retain(|_, it| bounds.insert(*it));
        table.unlogged = false;
        table.fillfactor = None;
    }
    for column in &mut table.columns {
        if !exists(schema, &column.data_type) {
            column.data_type = Type::Int;
        }
    }
    let all = table.columns.clone();
    let partitioned = table.partitions.is_some();
    for column in &mut table.columns {
        holds(schema, column, &all, partitioned);
        column.not_null |= matches!(column.holds, Holds::Identity { .. }) || (column.name == "id" && table.key);
    }
}

fn holds(schema: &Schema, column: &mut Column, all: &[Column], partitioned: bool) {
    let number = matches!(column.data_type, Type::Int | Type::Bigint);
    let fits = match &column.holds {
        Holds::Nothing => true,
        Holds::Default(_) => !matches!(column.data_type, Type::Enum(_) | Type::Composite(_)),
        Holds::Label(label) => {
            let Type::Enum(name) = &column.data_type else { return column.holds = Holds::Nothing };
            schema.enums[name].contains(label)
        }
        Holds::Call(function, _) => (number || matches!(column.data_type, Type::Numeric(_))) && schema.counts(function),
        Holds::Next(sequence) => number && schema.sequences.contains_key(sequence),
        Holds::Identity { .. } => number && !partitioned,
        Holds::Generated(base, _) => {
            let plain = |it: &Column| {
                it.name == *base
                    && matches!(it.data_type, Type::Int | Type::Bigint)
                    && !matches!(it.holds, Holds::Generated(..))
            };
            column.name != "id" && column.name != *base && all.iter().any(plain)
        }
    };
    if !fits {
        column.holds = Holds::Nothing;
    }
    if let Holds::Generated(..) = column.holds {
        column.data_type = Type::Bigint;
    }
}

fn parts(schema: &Schema, name: &str, table: &mut Table) {
    let columns = schema.columns(name);
    let type_of = |column: &String| columns.iter().find(|it| it.0 == *column).map(|it| &it.1);
    let ordered = |column: &String| type_of(column).is_some_and(|it| schema.has_order(it));
    let partitioned = table.partitions.is_some();
    table.checks.retain(|_, (column, _, call)| {
        *call = call.take().filter(|it| schema.counts(it) && schema.is_int(name, column));
        matches!(type_of(column), Some(Type::Int | Type::Bigint | Type::Text | Type::Varchar(_)))
    });
    table.uniques.retain(|_, columns| !partitioned && columns.iter().all(ordered));
    let unlogged = table.unlogged;
    table.foreign_keys.retain(|_, key| {
        let target = schema.tables.get(&key.table).filter(|it| it.key && (unlogged || !it.unlogged));
        target.is_some() && matches!(type_of(&key.column), Some(Type::Int | Type::Bigint))
    });
    table.indexes.retain(|_, index| {
        index.columns.retain(ordered);
        let first = index.columns.first().cloned();
        index.call =
            index.call.take().filter(|it| schema.counts(it) && first.is_some_and(|it| schema.is_int(name, &it)));
        index.where_ = index.where_.take().filter(|it| schema.is_number(name, &it.0));
        index.unique &= !partitioned;
        !index.columns.is_empty()
    });
    let writable = |column: &String| type_of(column).is_some() && !schema.is_generated(name, column);
    table.triggers.retain(|_, trigger| {
        trigger.of = trigger.of.take().filter(writable);
        trigger.when = trigger.when.take().filter(|it| schema.is_number(name, &it.0) && writable(&it.0));
        schema.functions.contains_key(&trigger.function)
    });
    table.policies.retain(|_, policy| {
        policy.call = policy.call.take().filter(|it| schema.counts(it) && schema.is_int(name, &policy.column));
        policy.other = policy.other.take().filter(|it| it != name && schema.columns(it).iter().any(|it| it.0 == "id"));
        schema.is_number(name, &policy.column)
    });
}

fn view(schema: &Schema, name: &str, mut view: View) -> Option<View> {
    let readable =
        schema.tables.contains_key(&view.of) || (schema.views.contains_key(&view.of) && view.of.as_str() < name);
    let columns = schema.columns(&view.of);
    view.columns.retain(|it| columns.iter().any(|other| other.0 == *it));
    let new_name = !view.columns.iter().any(|it| it == "called");
    view.call = view.call.take().filter(|it| new_name && schema.counts(&it.0) && schema.is_int(&view.of, &it.1));
    view.where_ = view.where_.take().filter(|it| schema.is_number(&view.of, &it.0));
    view.grouped &= view.call.is_none() && schema.tables.get(&view.of).is_some_and(|it| it.key);
    let first = view.columns.first().and_then(|it| columns.iter().find(|other| other.0 == *it));
    view.indexed &= view.materialized && first.is_some_and(|it| schema.has_order(&it.1));
    readable.then_some(view)
}

fn targets(schema: &Schema) -> BTreeSet<Target> {
    let mut found: BTreeSet<Target> = schema.enums.keys().cloned().map(Target::Enum).collect();
    found.extend(schema.sequences.keys().cloned().map(Target::Sequence));
    found.extend(schema.functions.keys().cloned().map(Target::Function));
    found.extend(schema.views.keys().cloned().map(Target::View));
    for (name, table) in &schema.tables {
        let of = |part: &String| (name.clone(), part.clone());
        found.insert(Target::Table(name.clone()));
        found.extend(table.columns.iter().map(|it| Target::Column(name.clone(), it.name.clone())));
        found.extend(table.checks.keys().map(of).map(|(it, part)| Target::Check(it, part)));
        found.extend(table.indexes.keys().map(of).map(|(it, part)| Target::Index(it, part)));
        found.extend(table.policies.keys().map(of).map(|(it, part)| Target::Policy(it, part)));
        found.extend(table.triggers.keys().map(of).map(|(it, part)| Target::Trigger(it, part)));
    }
    found
}
