//! Types.

use std::fmt::Write as _;

use palisade_catalog::definition::{Attribute, Composite, Domain, DomainConstraint, Enum, Range};
use palisade_catalog::{Definition, ObjectKey, ObjectKind};
use palisade_plan::Hazard;
use palisade_sql::{quote_ident, quote_literal};

use super::Context;
use crate::item::Fate;
use crate::script::{Action, Statement, Transaction};

pub(super) fn create_enum(key: &ObjectKey, it: &Enum) -> Statement {
    let labels = it.labels.iter().map(|it| quote_literal(it)).collect::<Vec<_>>().join(", ");
    Statement::new(key, Action::Create, format!("CREATE TYPE {} AS ENUM ({labels})", key.sql()))
}

/// Each new value before the next old one, or behind the one before it.
pub(super) fn add_values(key: &ObjectKey, from: &Enum, to: &Enum, out: &mut Vec<Statement>) {
    let is_old = |label: &String| from.labels.contains(label);
    for (index, label) in to.labels.iter().enumerate().filter(|(_, it)| !is_old(it)) {
        let next_old = to.labels[index..].iter().find(|it| is_old(it));
        let place = match (next_old, index.checked_sub(1).and_then(|it| to.labels.get(it))) {
            (None, _) => String::new(),
            (Some(_), Some(before)) => format!(" AFTER {}", quote_literal(before)),
            (Some(next), None) => format!(" BEFORE {}", quote_literal(next)),
        };
        let sql = format!("ALTER TYPE {} ADD VALUE {}{place}", key.sql(), quote_literal(label));
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

pub(super) fn create_domain(key: &ObjectKey, it: &Domain, out: &mut Vec<Statement>) {
    let Domain { base, collation, default, not_null, not_null_name, not_null_comment: _ } = it;
    let mut sql = format!("CREATE DOMAIN {} AS {base}", key.sql());
    if let Some(collation) = collation {
        let _ = write!(sql, " COLLATE {collation}");
    }
    if let Some(default) = default {
        let _ = write!(sql, " DEFAULT {default}");
    }
    if *not_null {
        let by_itself = format!("{}_not_null", key.part(1));
        let named = not_null_name.as_ref().filter(|it| **it != by_itself);
        sql.push_str(&named.map(|it| format!(" CONSTRAINT {}", quote_ident(it))).unwrap_or_default());
        sql.push_str(" NOT NULL");
    }
    out.push(Statement::new(key, Action::Create, sql));
    if it.not_null_comment.is_some() {
        out.extend(not_null_comment(key, it));
    }
}

pub(super) fn alter_domain(key: &ObjectKey, from: &Domain, to: &Domain, out: &mut Vec<Statement>) {
    let Domain { base: _, collation: _, default, not_null, not_null_name, not_null_comment: comment } = to;
    let alter = |what: String| Statement::new(key, Action::Alter, format!("ALTER DOMAIN {} {what}", key.sql()));
    if from.default != *default {
        out.push(alter(match default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        }));
    }
    if from.not_null != *not_null {
        out.push(if *not_null {
            alter("SET NOT NULL".to_owned())
                .danger(Hazard::MayFail, format!("a column of type {} may hold NULL", key.sql()))
        } else {
            alter("DROP NOT NULL".to_owned())
        });
    }
    let by_itself = format!("{}_not_null", key.part(1));
    let old = if from.not_null { from.not_null_name.as_ref() } else { Some(&by_itself) };
    if let (Some(old), Some(new)) = (old, not_null_name)
        && old != new
    {
        out.push(alter(format!("RENAME CONSTRAINT {} TO {}", quote_ident(old), quote_ident(new))));
    }
    if *not_null && from.not_null_comment.as_ref().filter(|_| from.not_null) != comment.as_ref() {
        out.extend(not_null_comment(key, to));
    }
}

fn not_null_comment(key: &ObjectKey, it: &Domain) -> Option<Statement> {
    let text = it.not_null_comment.as_deref().map_or_else(|| "NULL".to_owned(), quote_literal);
    let name = quote_ident(it.not_null_name.as_deref()?);
    let sql = format!("COMMENT ON CONSTRAINT {name} ON DOMAIN {} IS {text}", key.sql());
    Some(Statement::new(key, Action::Alter, sql))
}

pub(super) fn create_domain_constraint(context: &Context<'_>, number: usize, it: &DomainConstraint) -> Statement {
    let key = context.items.all[number].key;
    let sql = format!("ALTER DOMAIN {} ADD CONSTRAINT {} {}", key.qualified(), key.sql(), it.definition);
    let statement = Statement::new(key, Action::Create, sql);
    let domain = context.items.find(ObjectKind::Domain, [key.part(0), key.part(1)]);
    let is_old = domain.is_some_and(|it| !context.items.all[it].fate.creates());
    if is_old && it.validated {
        return statement
            .danger(Hazard::MayFail, format!("a column of type {} may hold other values", key.qualified()));
    }
    statement
}

pub(super) fn validate_domain_constraint(
    key: &ObjectKey,
    from: &DomainConstraint,
    to: &DomainConstraint,
    out: &mut Vec<Statement>,
) {
    if !from.validated && to.validated {
        let sql = format!("ALTER DOMAIN {} VALIDATE CONSTRAINT {}", key.qualified(), key.sql());
        out.push(Statement::new(key, Action::Alter, sql));
    }
}

pub(super) fn create_composite(key: &ObjectKey, it: &Composite, out: &mut Vec<Statement>) {
    let attributes: Vec<String> = it.attributes.iter().map(attribute).collect();
    let sql = format!("CREATE TYPE {} AS ({})", key.sql(), lines(&attributes));
    out.push(Statement::new(key, Action::Create, sql));
    for attribute in it.attributes.iter().filter(|it| it.comment.is_some()) {
        out.push(attribute_comment(key, attribute));
    }
}

/// Each on its own line, if there is any.
pub(super) fn lines(parts: &[String]) -> String {
    if parts.is_empty() { String::new() } else { format!("\n  {}\n", parts.join(",\n  ")) }
}

fn attribute(it: &Attribute) -> String {
    let collation = it.collation.as_ref().map(|it| format!(" COLLATE {it}")).unwrap_or_default();
    format!("{} {}{collation}", quote_ident(&it.name), it.data_type)
}

fn attribute_comment(key: &ObjectKey, it: &Attribute) -> Statement {
    let text = it.comment.as_deref().map_or_else(|| "NULL".to_owned(), quote_literal);
    let sql = format!("COMMENT ON COLUMN {}.{} IS {text}", key.sql(), quote_ident(&it.name));
    Statement::new(key, Action::Alter, sql)
}

pub(super) fn alter_composite(
    context: &Context<'_>,
    number: usize,
    from: &Composite,
    to: &Composite,
    out: &mut Vec<Statement>,
) {
    let key = context.items.all[number].key;
    let is_typed = |it: &usize| context.items.needs_before(*it).iter().any(|(needed, _)| *needed == number);
    let cascade = if context.items.kind(ObjectKind::Table).any(|it| is_typed(&it)) { " CASCADE" } else { "" };
    let alter = |what: String| Statement::new(key, Action::Alter, format!("ALTER TYPE {} {what}{cascade}", key.sql()));
    for old in from.attributes.iter().filter(|old| !to.attributes.iter().any(|it| it.name == old.name)) {
        let what = format!("DROP ATTRIBUTE {}", quote_ident(&old.name));
        out.push(
            alter(what).danger(Hazard::DataLoss, format!("attribute {} of stored values", quote_ident(&old.name))),
        );
    }
    for new in &to.attributes {
        let old = from.attributes.iter().find(|it| it.name == new.name);
        match old {
            None => out.push(alter(format!("ADD ATTRIBUTE {}", attribute(new)))),
            Some(old) if old.data_type != new.data_type || old.collation != new.collation => {
                let collation = new.collation.as_ref().map(|it| format!(" COLLATE {it}")).unwrap_or_default();
                let name = quote_ident(&new.name);
                out.push(alter(format!("ALTER ATTRIBUTE {name} TYPE {}{collation}", new.data_type)));
            }
            Some(_) => {}
        }
        if old.and_then(|it| it.comment.as_ref()) != new.comment.as_ref() {
            out.push(attribute_comment(key, new));
        }
    }
}

pub(super) fn create_range(key: &ObjectKey, it: &Range) -> Statement {
    let Range { subtype, operator_class, default_class, collation, canonical, difference, multirange } = it;
    let mut parts = vec![format!("SUBTYPE = {subtype}")];
    if !default_class {
        parts.push(format!("SUBTYPE_OPCLASS = {operator_class}"));
    }
    parts.extend(collation.iter().map(|it| format!("COLLATION = {it}")));
    parts.extend(canonical.iter().map(|it| format!("CANONICAL = {it}")));
    parts.extend(difference.iter().map(|it| format!("SUBTYPE_DIFF = {it}")));
    parts.push(format!("MULTIRANGE_TYPE_NAME = {}.{}", quote_ident(key.part(0)), quote_ident(multirange)));
    Statement::new(key, Action::Create, format!("CREATE TYPE {} AS RANGE ({})", key.sql(), parts.join(", ")))
}

/// The name that a type has while its columns move over to the new one.
fn aside_name(context: &Context<'_>, number: usize) -> String {
    let key = context.items.all[number].key;
    context.free_name(key.part(0), key.part(1), "_old")
}

pub(super) fn step_aside(context: &Context<'_>, number: usize) -> Vec<Statement> {
    let key = context.items.all[number].key;
    let rename = |name: &str, to: &str| {
        let sql = format!(
            "ALTER {} {}.{} RENAME TO {}",
            key.kind.sql(),
            quote_ident(key.part(0)),
            quote_ident(name),
            quote_ident(to)
        );
        Statement::new(key, Action::Alter, sql)
    };
    let mut renames = vec![rename(key.part(1), &aside_name(context, number))];
    if let Some(Definition::Range(range)) = context.items.all[number].from.map(|it| &it.definition) {
        let aside = context.free_name(key.part(0), &range.multirange, "_old");
        renames.push(rename(&range.multirange, &aside));
        // The functions that make values keep their names, which the new type wants for its own.
        let old = format!("{}.{}", quote_ident(key.part(0)), quote_ident(&aside_name(context, number)));
        let subtype = &range.subtype;
        let of_range = [format!("{subtype}, {subtype}"), format!("{subtype}, {subtype}, text")];
        let of_multirange = [String::new(), old.clone(), format!("VARIADIC {old}[]")];
        let both = of_range.iter().map(|it| (key.part(1), it, aside_name(context, number)));
        for (name, arguments, aside) in
            both.chain(of_multirange.iter().map(|it| (range.multirange.as_str(), it, aside.clone())))
        {
            let function = format!("{}.{}({arguments})", quote_ident(key.part(0)), quote_ident(name));
            let sql = format!("ALTER FUNCTION {function} RENAME TO {}", quote_ident(&aside));
            renames.push(Statement::new(key, Action::Alter, sql));
        }
    }
    renames
}

/// Drops a type, under the name that it has by then.
pub(super) fn drop_type(context: &Context<'_>, number: usize) -> Statement {
    let item = &context.items.all[number];
    let key = item.key;
    let name = if item.fate == Fate::Replace { aside_name(context, number) } else { key.part(1).to_owned() };
    let sql = format!("DROP {} {}.{}", key.kind.sql(), quote_ident(key.part(0)), quote_ident(&name));
    Statement::new(key, Action::Drop, sql)
}

/// Marks statements that use new values of an enum: those can be used behind a commit only.
pub(crate) fn need_commit(new_values: bool, statements: &mut [Statement]) {
    if let (true, Some(first)) = (new_values, statements.first_mut())
        && first.transaction == Transaction::Shared
    {
        first.transaction = Transaction::Fresh;
    }
}
