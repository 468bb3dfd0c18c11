//! Puts rows together to a catalog: who needs whom is known by numbers, which end here.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use palisade_catalog::definition::Column;
use palisade_catalog::{Catalog, Definition, Object, ObjectKey, ObjectKind, Privileges, Server, Strength, array_items};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::query::Facts;
use super::{schema_key, unexpected};
use crate::error::DbError;

/// Class, object and part, as `pg_depend` numbers them.
type Address = (u32, u32, i32);

type Numbers<K, V> = HashMap<K, V, FixedState>;

/// Objects with the numbers by which the server knows them.
pub(super) struct Draft {
    objects: Vec<(ObjectKey, Object)>,
    /// The kinds by the names that the queries give them, which are their own in files.
    kinds: HashMap<String, ObjectKind>,
    addresses: Numbers<Address, usize>,
    /// What is no object of its own, such as the index of a constraint.
    aliases: Numbers<(u32, u32), usize>,
    /// Extensions by number.
    extensions: Numbers<u32, usize>,
    /// Members of extensions.
    members: Numbers<(u32, u32), u32>,
    needs: Vec<(Address, Address, Strength)>,
}

impl Draft {
    pub(super) fn new(facts: &Facts) -> Self {
        let all = facts.members.iter();
        let members = all.flat_map(|(class, it)| it.iter().map(|(member, extension)| ((*class, *member), *extension)));
        let named = |kind: &ObjectKind| Some((serde_json::to_value(kind).ok()?.as_str()?.to_owned(), *kind));
        Self {
            objects: Vec::new(),
            kinds: ObjectKind::ALL.iter().filter_map(named).collect(),
            addresses: Numbers::default(),
            aliases: Numbers::default(),
            extensions: Numbers::default(),
            members: members.collect(),
            needs: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: &PgRow) -> Result<(), DbError> {
        match row.len() {
            9 => {
                let path_text = text(row, 5)?.unwrap_or_default();
                let path = array_items(path_text).or_else(|| serde_json::from_str(path_text).ok());
                self.add_object(row, path.ok_or_else(|| unreadable("a name", path_text))?, 6)
            }
            // What there is most of has its names in cells of their own, which costs the server less than JSON.
            11 | 15 => {
                let mut path = Vec::with_capacity(3);
                for column in 5..8 {
                    path.extend(text(row, column)?.map(str::to_owned));
                }
                self.add_object(row, path, 8)
            }
            6 => self.add_note(row),
            _ => self.add_needs(row),
        }
    }

    /// `behind` is the column behind the names.
    fn add_object(&mut self, row: &PgRow, path: Vec<String>, behind: usize) -> Result<(), DbError> {
        let kind_text = text(row, 0)?.unwrap_or_default();
        let kind = *self.kinds.get(kind_text).ok_or_else(|| unreadable("a kind", kind_text))?;
        let (class, number) = (number(row, 1)?, number(row, 2)?);
        let part = text(row, 3)?.and_then(|it| it.parse().ok()).unwrap_or(0);
        let owner = text(row, behind)?.map(str::to_owned);
        let privileges = match text(row, behind + 1)? {
            Some(acl) => {
                Some(Privileges::parse(acl, owner.as_deref()).ok_or_else(|| unreadable("an access list", acl))?)
            }
            None => None,
        };
        let definition = match text(row, behind + 2)? {
            Some(text) => {
                serde_json::from_str(text).map_err(|error| unreadable("a definition", &format!("{error}: {text}")))?
            }
            None => plain_column(row, part)?,
        };
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
        self.objects.push((
            ObjectKey { kind, path: path.into() },
            Object { definition, owner, privileges, comment, labels, needs },
        ));
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
        let mut edges = Vec::with_capacity(self.needs.len());
        for (who, whom, strength) in std::mem::take(&mut self.needs) {
            let who = self.find(who);
            let whom = self.find(whom).or_else(|| self.extension_of(whom));
            if let (Some(who), Some(whom)) = (who, whom)
                && who != whom
            {
                edges.push((who, whom, strength));
            }
        }
        self.needs_by_name(&mut edges);
        let mut order: Vec<usize> = (0..self.objects.len()).collect();
        order.sort_unstable_by(|one, other| self.objects[*one].0.cmp(&self.objects[*other].0));
        let mut ranks = vec![0; order.len()];
        for (rank, index) in order.iter().enumerate() {
            ranks[*index] = rank;
        }
        // In order, the weaker of two first: maps are built at once of what is sorted, and keep the last.
        edges.sort_unstable_by_key(|(who, whom, strength)| (*who, ranks[*whom], *strength));
        for needs in edges.chunk_by(|one, other| one.0 == other.0) {
            let named = needs.iter().map(|(_, whom, strength)| (self.objects[*whom].0.clone(), *strength));
            let mut named: BTreeMap<ObjectKey, Strength> = named.collect();
            if let Some((who, ..)) = needs.first() {
                let object = &mut self.objects[*who].1;
                named.append(&mut object.needs);
                object.needs = named;
            }
        }
        let mut objects: Vec<Option<(ObjectKey, Object)>> = self.objects.into_iter().map(Some).collect();
        Catalog { server, objects: order.into_iter().filter_map(|it| objects[it].take()).collect() }
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
    fn needs_by_name(&mut self, edges: &mut Vec<(usize, usize, Strength)>) {
        let mut schemas: Numbers<&str, usize> = Numbers::default();
        let mut relations: Numbers<(&str, &str), usize> = Numbers::default();
        for (index, (key, _)) in self.objects.iter().enumerate() {
            match key.kind {
                ObjectKind::Schema => drop(schemas.insert(key.part(0), index)),
                ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => {
                    relations.insert(key.relation(), index);
                }
                _ => {}
            }
        }
        let mut unread = Vec::new();
        for (index, (key, object)) in self.objects.iter().enumerate() {
            let of_object = match &object.definition {
                Definition::Extension { schema, .. } => Some(schema.as_str()),
                Definition::DefaultPrivileges => Some(key.part(1)).filter(|it| !it.is_empty()),
                // Parts lie where their relation lies.
                Definition::Schema => None,
                _ if key.kind.is_part() => None,
                _ => key.schema(),
            };
            let of_sequence = match &object.definition {
                Definition::Column(column) => column.identity.as_ref().map(|it| it.sequence.0.as_str()),
                _ => None,
            };
            for schema in of_object.into_iter().chain(of_sequence) {
                match schemas.get(schema) {
                    Some(schema) => edges.push((index, *schema, Strength::Normal)),
                    None => unread.push((index, schema_key(schema))),
                }
            }
            let of_relation = key.kind.is_part() && key.kind != ObjectKind::DomainConstraint;
            if of_relation && let Some(relation) = relations.get(&key.relation()) {
                edges.push((index, *relation, Strength::Auto));
            }
        }
        // Those of the system.
        for (index, schema) in unread {
            self.objects[index].1.needs.insert(schema, Strength::Normal);
        }
    }
}

/// A column with nothing special.
fn plain_column(row: &PgRow, part: i32) -> Result<Definition, DbError> {
    if row.len() != 15 {
        return Err(unreadable("a definition", "there is none"));
    }
    let inherited = text(row, 14)?.unwrap_or_default();
    Ok(Definition::Column(Column {
        position: u32::try_from(part).map_err(|_| unreadable("a position", &part.to_string()))?,
        data_type: text(row, 11)?.unwrap_or_default().to_owned(),
        collation: None,
        not_null: text(row, 12)? == Some("t"),
        not_null_name: None,
        not_null_comment: None,
        not_null_local: false,
        not_null_no_inherit: false,
        not_null_validated: true,
        identity: None,
        storage: None,
        compression: None,
        statistics: None,
        options: Vec::new(),
        foreign_options: Vec::new(),
        local: text(row, 13)? == Some("t"),
        inherited: inherited.parse().map_err(|_| unreadable("a number", inherited))?,
    }))
}

fn unreadable(what: &str, text: &str) -> DbError {
    unexpected(format!("{what} of the catalog cannot be read: {text}"))
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
