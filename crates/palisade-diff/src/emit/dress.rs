//! What all kinds of objects have: an owner, privileges, a comment, labels.

use std::collections::BTreeSet;

use palisade_catalog::{Definition, Object, ObjectKey, ObjectKind};
use palisade_sql::{quote_ident, quote_literal};

use super::{Context, name, privileges};
use crate::script::{Action, Statement};

/// For an object that was just made.
pub(super) fn dress(context: &Context<'_>, number: usize, object: &Object, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let maker = context.server.user.as_str();
    let owner = wanted_owner(context, object);
    if context.options.compared.owners
        && let Some(owner) = owner.as_deref().filter(|it| *it != maker)
    {
        out.extend(change_owner(key, object, owner));
    }
    if context.options.compared.privileges
        && key.kind != ObjectKind::DefaultPrivileges
        && let (Some(from), Some(to)) = (privileges::initial(context, key), &object.privileges)
    {
        let owner = owner.as_deref().filter(|_| context.options.compared.owners).unwrap_or(maker);
        privileges::changes(key, object, &from, to, owner, out);
    }
    if let Some(comment) = &object.comment {
        out.extend(say(key, object, Some(comment)));
    }
    for (provider, label) in &object.labels {
        out.push(put_label(key, object, provider, Some(label)));
    }
}

/// For an object that was there before.
pub(super) fn redress(context: &Context<'_>, number: usize, from: &Object, to: &Object, out: &mut Vec<Statement>) {
    let key = context.items.all[number].key;
    let owner = wanted_owner(context, to);
    // A sequence belongs to whom its table belongs.
    let follows = matches!(&from.definition, Definition::Sequence(it) if it.owned_by.is_some());
    if context.options.compared.owners && from.owner != owner && !follows {
        out.extend(owner.as_deref().and_then(|it| change_owner(key, to, it)));
    }
    if context.options.compared.privileges && key.kind != ObjectKind::DefaultPrivileges {
        let nothing = palisade_catalog::Privileges::default();
        let before = from.privileges.as_ref().unwrap_or(&nothing);
        let after = to.privileges.as_ref().unwrap_or(&nothing);
        if before != after {
            // A new owner takes over what the old one had.
            let owner = if context.options.compared.owners { owner } else { from.owner.clone() };
            let owner = owner.as_deref().unwrap_or_default();
            let mut before = before.clone();
            if let Some(own) = before.others.remove(owner) {
                before.owner.extend(own);
            }
            privileges::changes(key, to, &before, after, owner, out);
        }
    }
    if from.comment != to.comment {
        out.extend(say(key, to, to.comment.as_deref()));
    }
    let providers: BTreeSet<&String> = from.labels.keys().chain(to.labels.keys()).collect();
    for provider in providers.into_iter().filter(|it| from.labels.get(*it) != to.labels.get(*it)) {
        out.push(put_label(key, to, provider, to.labels.get(provider).map(String::as_str)));
    }
}

/// Whose an object shall be. What belongs to the one who read the wanted state shall belong to the one who runs the statements.
fn wanted_owner(context: &Context<'_>, object: &Object) -> Option<String> {
    let owner = object.owner.as_deref()?;
    let (reader, runner) = (context.wanted.user.as_str(), context.server.user.as_str());
    Some(if owner == reader && !runner.is_empty() { runner } else { owner }.to_owned())
}

fn change_owner(key: &ObjectKey, object: &Object, owner: &str) -> Option<Statement> {
    let has_none = matches!(
        key.kind,
        ObjectKind::DefaultPrivileges | ObjectKind::UserMapping | ObjectKind::Extension | ObjectKind::Unmodelled
    );
    let sql = format!("ALTER {} OWNER TO {}", name::reference(key, object), quote_ident(owner));
    (!has_none).then(|| Statement::new(key, Action::Alter, sql))
}

fn say(key: &ObjectKey, object: &Object, comment: Option<&str>) -> Option<Statement> {
    let has_none = matches!(
        key.kind,
        ObjectKind::DefaultPrivileges
            | ObjectKind::Default
            | ObjectKind::RowSecurity
            | ObjectKind::UserMapping
            | ObjectKind::PublicationTable
            | ObjectKind::PublicationSchema
            | ObjectKind::Unmodelled
    );
    let text = comment.map_or_else(|| "NULL".to_owned(), quote_literal);
    let sql = format!("COMMENT ON {} IS {text}", name::reference(key, object));
    (!has_none).then(|| Statement::new(key, Action::Alter, sql))
}

fn put_label(key: &ObjectKey, object: &Object, provider: &str, label: Option<&str>) -> Statement {
    let text = label.map_or_else(|| "NULL".to_owned(), quote_literal);
    let reference = name::reference(key, object);
    let sql = format!("SECURITY LABEL FOR {} ON {reference} IS {text}", quote_ident(provider));
    Statement::new(key, Action::Alter, sql)
}
