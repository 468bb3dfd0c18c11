//! Puts rows together to a catalog: who needs whom is known by numbers, which end here.

use std::collections::{BTreeMap, HashMap};

use palisade_catalog::definition::Identity;
use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Privileges, Server, Strength, array_items};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::query::Facts;
use super::{schema_key, unexpected};
use crate::error::DbError;

/// Class, object and part, as `pg_depend` numbers them.
type Address = (u32, u32, i32);

/// Objects with the numbers by which the server knows them.
pub(super) struct Draft {
    objects: Vec<(ObjectKey, Object)>,
    addresses: HashMap<Address, usize>,
    /// What is no object of its own, such as the index of a constraint.
    aliases: HashMap<(u32, u32), usize>,
    /// Extensions by number.
    extensions: HashMap<u32, usize>,
    /// Members of extensions.
    members: HashMap<(u32, u32), u32>,
    needs: Vec<(Address, Address, Strength)>,
}

impl Draft {
    pub(super) fn new(facts: &Facts) -> Self {
        let all = facts.members.iter();
        let members = all.flat_map(|(class, it)| it.iter().map(|(member, extension)| ((*class, *member), *extension)));
        Self {
            objects: Vec::new(),
            addresses: HashMap::new(),
            aliases: HashMap::new(),
            extensions: HashMap::new(),
            members: members.collect(),
            needs: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: &PgRow) -> Result<(), DbError> {
        match row.len() {
            9 => self.add_object(row),
            6 => self.add_note(row),
            _ => self.add_needs(row),
        }
    }

    fn add_object(&mut self, row: &PgRow) -> Result<(), DbError> {
        let fail = |what: &str, text: &str| unexpected(format!("{what} of the catalog cannot be read: {text}"));
        let kind_text = text(row, 0)?.unwrap_or_default();
        // The kinds' own names in files are those of the queries.
        let kind: ObjectKind = serde_json::from_value(kind_text.into()).map_err(|_| fail("a kind", kind_text))?;
        let (class, number) = (number(row, 1)?, number(row, 2)?);
        let part = text(row, 3)?.and_then(|it| it.parse().ok()).unwrap_or(0);
        let path_text = text(row, 5)?.unwrap_or_default();
        // The names of what there is most of come as arrays, which cost the server less than JSON.
        let path = array_items(path_text).or_else(|| serde_json::from_str(path_text).ok());
        let path = path.ok_or_else(|| fail("a name", path_text))?;
        let owner = text(row, 6)?.map(str::to_owned);
        let privileges = match text(row, 7)? {
            Some(acl) => Some(Privileges::parse(acl, owner.as_deref()).ok_or_else(|| fail("an access list", acl))?),
            None => None,
        };
        let definition_text = text(row, 8)?.unwrap_or_default();
        let definition: Definition = serde_json::from_str(definition_text)
            .map_err(|error| fail("a definition", &format!("{error}: {definition_text}")))?;
        let index = self.objects.len();
        if kind == ObjectKind::Extension {
            self.extensions.insert(number, index);
        }
        self.addresses.insert((class, number, part), index);
        for alias in text(row, 4)?.unwrap_or_default().split(' ') {
            if let Some((class, number)) =
                alias.split_once(':').and_then(|(c, n)| Some((c.parse().ok()?, n.parse().ok()?)))
            {
                self.aliases.insert((class, number), index);
            }
        }
        let (comment, labels, needs) = (None, BTreeMap::new(), BTreeMap::new());
        self.objects.push((ObjectKey { kind, path }, Object { definition, owner, privileges, comment, labels, needs }));
        Ok(())
    }

    fn add_note(&mut self, row: &PgRow) -> Result<(), DbError> {
        let part = text(row, 3)?.and_then(|it| it.parse().ok()).unwrap_or(0);
        let Some(index) = self.addresses.get(&(number(row, 1)?, number(row, 2)?, part)) else { return Ok(()) };
        let (key, object) = &mut self.objects[*index];
        let note = text(row, 5)?.unwrap_or_default().to_owned();
        if text(row, 0)? == Some("label") {
            object.labels.insert(text(row, 4)?.unwrap_or_default().to_owned(), note);
        } else {
            // What every new database says.
            let of_schema = *key == schema_key("public") && note == "standard public schema";
            let of_language = key.kind == ObjectKind::Extension && key.part(0) == "plpgsql";
            if !of_schema && !of_language {
                object.comment = Some(note);
            }
        }
        Ok(())
    }

    fn add_needs(&mut self, row: &PgRow) -> Result<(), DbError> {
        for line in text(row, 0)?.unwrap_or_default().lines() {
            let mut words = line.split(' ');
            let both = (words.next().and_then(address), words.next().and_then(address));
            let strength = if words.next() == Some("n") { Strength::Normal } else { Strength::Auto };
            let (Some(who), Some(whom)) = both else {
                return Err(unexpected(format!("a dependency of the catalog cannot be read: {line}")));
            };
            self.needs.push((who, whom, strength));
        }
        Ok(())
    }

    pub(super) fn finish(mut self, server: Server) -> Catalog {
        for (who, whom, strength) in std::mem::take(&mut self.needs) {
            let who = self.find(who);
            let whom = self.find(whom).or_else(|| self.extension_of(whom));
            if let (Some(who), Some(whom)) = (who, whom)
                && who != whom
            {
                let whom = self.objects[whom].0.clone();
                let known = self.objects[who].1.needs.entry(whom).or_insert(strength);
                *known = (*known).max(strength);
            }
        }
        self.needs_by_name();
        Catalog { server, objects: self.objects.into_iter().collect() }
    }

    /// A part that is no object of its own is its whole.
    fn find(&self, (class, number, part): Address) -> Option<usize> {
        let whole = || self.addresses.get(&(class, number, 0)).or_else(|| self.aliases.get(&(class, number)));
        self.addresses.get(&(class, number, part)).or_else(whole).copied()
    }

    fn extension_of(&self, (class, number, _): Address) -> Option<usize> {
        self.members.get(&(class, number)).and_then(|it| self.extensions.get(it)).copied()
    }

    /// What `pg_depend` does not say, because names say it: schemas, and the relations of columns.
    fn needs_by_name(&mut self) {
        let relations: HashMap<(String, String), ObjectKey> = self
            .objects
            .iter()
            .filter(|(key, _)| matches!(key.kind, ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView))
            .map(|(key, _)| ((key.part(0).to_owned(), key.part(1).to_owned()), key.clone()))
            .collect();
        for (key, object) in &mut self.objects {
            let schema = match &object.definition {
                Definition::Extension { schema, .. } => Some(schema.as_str()),
                Definition::DefaultPrivileges => Some(key.part(1)).filter(|it| !it.is_empty()),
                // Parts lie where their relation lies.
                Definition::Schema => None,
                _ if key.kind.is_part() => None,
                _ => key.schema(),
            };
            if let Some(schema) = schema {
                object.needs.entry(schema_key(schema)).or_insert(Strength::Normal);
            }
            if let Definition::Column(column) = &object.definition
                && let Some(Identity { sequence: (schema, _), .. }) = &column.identity
            {
                object.needs.entry(schema_key(schema)).or_insert(Strength::Normal);
            }
            let of_relation = key.kind.is_part() && key.kind != ObjectKind::DomainConstraint;
            if of_relation && let Some(relation) = relations.get(&(key.part(0).to_owned(), key.part(1).to_owned())) {
                object.needs.insert(relation.clone(), Strength::Auto);
            }
        }
    }
}

fn text(row: &PgRow, column: usize) -> Result<Option<&str>, DbError> {
    Ok(row.try_get_unchecked(column)?)
}

fn number(row: &PgRow, column: usize) -> Result<u32, DbError> {
    let text = text(row, column)?.unwrap_or_default();
    text.parse().map_err(|_| unexpected(format!("`{text}` is no number of an object")))
}

/// `1259:16385:2`
fn address(text: &str) -> Option<Address> {
    let mut numbers = text.split(':');
    let mut next = || numbers.next();
    Some((next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?))
}
