//! A schema as SQL.

use std::fmt::Write as _;

use palisade_sql::{quote_ident, quote_literal};

use super::model::{Column, Does, Domain, Function, Holds, Schema, Table, Target, Type, View};

pub(super) fn sql(schema: &Schema) -> String {
    let mut out = vec!["create schema app".to_owned()];
    for (name, labels) in &schema.enums {
        let labels: Vec<String> = labels.iter().map(|it| quote_literal(it)).collect();
        out.push(format!("create type {} as enum ({})", qualified(name), labels.join(", ")));
    }
    let early = |it: &&Function| matches!(it.does, Does::Counts { .. } | Does::Trigger);
    out.extend(schema.functions.iter().filter(|it| early(&it.1)).map(|(name, it)| function(name, it)));
    out.extend(schema.domains.iter().map(|(name, it)| domain(name, it)));
    for (name, attributes) in &schema.composites {
        let attributes: Vec<String> =
            attributes.iter().map(|(name, it)| format!("{} {}", quote_ident(name), data_type(it))).collect();
        out.push(format!("create type {} as ({})", qualified(name), attributes.join(", ")));
    }
    for (name, increment) in &schema.sequences {
        out.push(format!("create sequence {} increment {increment}", qualified(name)));
    }
    schema.tables.iter().for_each(|(name, it)| table(name, it, &mut out));
    schema.tables.iter().for_each(|(name, it)| foreign_keys(name, it, &mut out));
    out.extend(schema.functions.iter().filter(|it| !early(&it.1)).map(|(name, it)| function(name, it)));
    schema.views.iter().for_each(|(name, it)| view(name, it, &mut out));
    schema.tables.iter().for_each(|(name, it)| security(name, it, &mut out));
    for (target, privilege, role) in &schema.grants {
        let (on, column) = match target {
            Target::Column(table, column) => (qualified(table), format!(" ({})", quote_ident(column))),
            Target::Enum(name) => (format!("type {}", qualified(name)), String::new()),
            Target::Table(name) | Target::View(name) => (qualified(name), String::new()),
            other => (reference(schema, other), String::new()),
        };
        out.push(format!("grant {privilege}{column} on {on} to {role}"));
    }
    for (target, number) in &schema.comments {
        out.push(format!("comment on {} is 'it''s {number}'", reference(schema, target)));
    }
    out.push(String::new());
    out.join(";\n")
}

/// Some lie in another schema.
fn qualified(name: &str) -> String {
    format!("{}.{}", schema_of(name), quote_ident(name))
}

fn schema_of(name: &str) -> &'static str {
    if name.contains(['2', '4']) { "app" } else { "public" }
}

fn data_type(it: &Type) -> String {
    match it {
        Type::Int => "int".to_owned(),
        Type::Bigint => "bigint".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Varchar(length) => format!("varchar({length})"),
        Type::Numeric(digits) => format!("numeric({digits}, 2)"),
        Type::Time => "timestamptz".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Json => "jsonb".to_owned(),
        Type::Uuid => "uuid".to_owned(),
        Type::Ints => "int[]".to_owned(),
        Type::Enum(name) | Type::Domain(name) | Type::Composite(name) => qualified(name),
    }
}

fn function(name: &str, it: &Function) -> String {
    let Function { does, number, parameter, definer } = it;
    let definer = if *definer { " security definer" } else { "" };
    let name = qualified(name);
    match does {
        Does::Counts { big } => {
            let result = if *big { "bigint" } else { "int" };
            format!(
                "create function {name}({parameter} int) returns {result} language sql immutable{definer} as $$ select ({parameter} + {number})::{result} $$"
            )
        }
        Does::Reads { table, column } => {
            format!(
                "create function {name}() returns bigint language sql{definer} begin atomic select count({}) + {number} from {}; end",
                quote_ident(column),
                qualified(table)
            )
        }
        Does::Rows { table } => {
            format!(
                "create function {name}() returns setof {0} language sql{definer} as $$ select * from {0} limit {number} $$",
                qualified(table)
            )
        }
        Does::Trigger => {
            format!(
                "create function {name}() returns trigger language plpgsql{definer} as $$ begin /* {number} */ return new; end $$"
            )
        }
    }
}

fn domain(name: &str, it: &Domain) -> String {
    let Domain { base, not_null, default, check } = it;
    let mut sql = format!("create domain {} as {}", qualified(name), data_type(base));
    if let Some(number) = default {
        write!(sql, " default {}", literal(base, *number)).unwrap();
    }
    if *not_null {
        sql.push_str(" not null");
    }
    match (check, base) {
        (Some((number, Some(function))), _) => {
            write!(sql, " constraint called check ({}(value) > {number})", qualified(function)).unwrap();
        }
        (Some((number, None)), Type::Int) => write!(sql, " constraint compared check (value > {number})").unwrap(),
        (Some((number, None)), _) => write!(sql, " constraint compared check (value <> '{number}')").unwrap(),
        (None, _) => {}
    }
    sql
}

fn literal(data_type: &Type, number: u32) -> String {
    match data_type {
        Type::Time => "now()".to_owned(),
        Type::Bool => number.is_multiple_of(2).to_string(),
        Type::Json => format!("'{{\"n\": {number}}}'"),
        Type::Uuid => "gen_random_uuid()".to_owned(),
        Type::Ints => format!("'{{{number}}}'"),
        Type::Int | Type::Bigint | Type::Numeric(_) => number.to_string(),
        _ => format!("'{number}'"),
    }
}

fn column(it: &Column) -> String {
    let holds = match &it.holds {
        Holds::Nothing => String::new(),
        Holds::Default(number) => format!(" default {}", literal(&it.data_type, *number)),
        Holds::Label(label) => format!(" default {}", quote_literal(label)),
        Holds::Call(function, number) => format!(" default {}({number})", qualified(function)),
        Holds::Next(sequence) => format!(" default nextval({})", quote_literal(&qualified(sequence))),
        Holds::Identity { always: true } => " generated always as identity".to_owned(),
        Holds::Identity { always: false } => " generated by default as identity".to_owned(),
        Holds::Generated(base, number) => format!(" generated always as ({} + {number}) stored", quote_ident(base)),
    };
    let not_null = if it.not_null { " not null" } else { "" };
    format!("{} {}{holds}{not_null}", quote_ident(&it.name), data_type(&it.data_type))
}

fn table(name: &str, it: &Table, out: &mut Vec<String>) {
    let own = qualified(name);
    let mut parts: Vec<String> = it.columns.iter().map(column).collect();
    parts.extend(it.key.then(|| "primary key (id)".to_owned()));
    let unlogged = if it.unlogged { "unlogged " } else { "" };
    let mut sql = format!("create {unlogged}table {own} ({})", parts.join(", "));
    if let Some(parent) = &it.parent {
        write!(sql, " inherits ({})", qualified(parent)).unwrap();
    }
    if it.partitions.is_some() {
        sql.push_str(" partition by range (id)");
    }
    if let Some(fillfactor) = it.fillfactor {
        write!(sql, " with (fillfactor = {fillfactor})").unwrap();
    }
    out.push(sql);
    for (part, bound) in it.partitions.iter().flatten() {
        let (from, to) = (bound * 100, bound * 100 + 100);
        out.push(format!("create table {} partition of {own} for values from ({from}) to ({to})", qualified(part)));
    }
    for (check, (column, number, call)) in &it.checks {
        let column = quote_ident(column);
        let what = match call {
            Some(function) => format!("{}({column}) > {number}", qualified(function)),
            // Texts and numbers compare with both.
            None => format!("{column} <> '{number}'"),
        };
        out.push(format!("alter table {own} add constraint {} check ({what})", quote_ident(check)));
    }
    for (unique, columns) in &it.uniques {
        let columns: Vec<_> = columns.iter().map(|it| quote_ident(it)).collect();
        out.push(format!("alter table {own} add constraint {} unique ({})", quote_ident(unique), columns.join(", ")));
    }
    for (index, it) in &it.indexes {
        let mut items: Vec<String> = it.columns.iter().map(|it| quote_ident(it).into_owned()).collect();
        if let Some(function) = &it.call {
            items[0] = format!("{}({})", qualified(function), items[0]);
        }
        if it.descending {
            items[0].push_str(" desc");
        }
        let unique = if it.unique { "unique " } else { "" };
        let filter = it.where_.as_ref().map(|(column, number)| format!(" where {} > {number}", quote_ident(column)));
        let filter = filter.unwrap_or_default();
        out.push(format!("create {unique}index {} on {own} ({}){filter}", quote_ident(index), items.join(", ")));
    }
}

fn foreign_keys(name: &str, table: &Table, out: &mut Vec<String>) {
    for (key, it) in &table.foreign_keys {
        let cascade = if it.cascade { " on delete cascade" } else { "" };
        let deferrable = if it.deferrable { " deferrable" } else { "" };
        let (key, column, other) = (quote_ident(key), quote_ident(&it.column), qualified(&it.table));
        out.push(format!(
            "alter table {} add constraint {key} foreign key ({column}) references {other} (id){cascade}{deferrable}",
            qualified(name)
        ));
    }
}

fn view(name: &str, it: &View, out: &mut Vec<String>) {
    let mut items: Vec<String> = it.columns.iter().map(|it| quote_ident(it).into_owned()).collect();
    items.extend(
        it.call.iter().map(|(function, column)| format!("{}({}) as called", qualified(function), quote_ident(column))),
    );
    items.extend(it.grouped.then(|| "count(*) as counted".to_owned()));
    items.extend(it.is_bare().then(|| "1 as one".to_owned()));
    let what = if it.materialized { "materialized view" } else { "view" };
    let options = if it.invoker && !it.materialized { " with (security_invoker = true)" } else { "" };
    let filter = it.where_.as_ref().map(|(column, number)| format!(" where {} > {number}", quote_ident(column)));
    let group = if it.grouped { " group by id" } else { "" };
    let of = qualified(&it.of);
    let name = qualified(name);
    out.push(format!(
        "create {what} {name}{options} as select {} from {of}{}{group}",
        items.join(", "),
        filter.unwrap_or_default()
    ));
    if it.indexed {
        out.push(format!("create index on {name} ({})", items[0]));
    }
}

fn security(name: &str, table: &Table, out: &mut Vec<String>) {
    let own = qualified(name);
    for (trigger, it) in &table.triggers {
        let time = if it.after { "after" } else { "before" };
        let of = it.of.as_ref().map(|it| format!(" of {}", quote_ident(it))).unwrap_or_default();
        let when = it.when.as_ref().map(|(column, number)| format!(" when (new.{} > {number})", quote_ident(column)));
        out.push(format!(
            "create trigger {} {time} insert or update{of} on {own} for each row{} execute function {}()",
            quote_ident(trigger),
            when.unwrap_or_default(),
            qualified(&it.function)
        ));
    }
    if table.row_security {
        out.push(format!("alter table {own} enable row level security"));
    }
    for (policy, it) in &table.policies {
        let column = quote_ident(&it.column);
        let mut using = match &it.call {
            Some(function) => format!("{}({column}) = {}", qualified(function), it.number),
            None => format!("{column} = {}", it.number),
        };
        if let Some(other) = &it.other {
            write!(using, " or exists (select from {} o where o.id = {})", qualified(other), it.number).unwrap();
        }
        out.push(format!("create policy {} on {own} to {} using ({using})", quote_ident(policy), it.role));
    }
}

fn reference(schema: &Schema, target: &Target) -> String {
    let on = |what: &str, name: &str, table: &str| format!("{what} {} on {}", quote_ident(name), qualified(table));
    match target {
        Target::Enum(name) => format!("type {}", qualified(name)),
        Target::Sequence(name) => format!("sequence {}", qualified(name)),
        Target::Function(name) => {
            let arguments = if schema.counts(name) { "int" } else { "" };
            format!("function {}({arguments})", qualified(name))
        }
        Target::Table(name) => format!("table {}", qualified(name)),
        Target::View(name) if schema.views[name].materialized => format!("materialized view {}", qualified(name)),
        Target::View(name) => format!("view {}", qualified(name)),
        Target::Column(table, name) => format!("column {}.{}", qualified(table), quote_ident(name)),
        Target::Check(table, name) => on("constraint", name, table),
        Target::Index(table, name) => format!("index {}.{}", schema_of(table), quote_ident(name)),
        Target::Policy(table, name) => on("policy", name, table),
        Target::Trigger(table, name) => on("trigger", name, table),
    }
}
