//! Rows that every constraint accepts.

use std::collections::{BTreeMap, BTreeSet};

use palisade_db::{Connection, Row, batch};
use palisade_policy::{Facts, Oid};
use palisade_sql::{Ident, Literal, QualifiedName};

use super::owner::{Mark, Owned};
use super::people::Whose;
use super::tables::{Column, Table};
use super::values::candidates;
use crate::trial::{Mode, Probe, Stage, TrialError, World, try_out};

/// A value of a new row.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) number: i32,
    /// The column, quoted.
    pub(super) column: String,
    /// As SQL.
    pub(super) value: String,
}

/// A row that was put into a table.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) given: Vec<Given>,
    pub(super) insert: String,
}

/// All rows that were invented.
#[derive(Debug, Default)]
pub(super) struct Invented {
    pub(super) rows: BTreeMap<(Oid, Whose), Made>,
    /// The statements that make them, in order.
    pub(super) inserts: Vec<String>,
    /// Why a table has none.
    pub(super) failures: BTreeMap<Oid, String>,
}

/// What rows are made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inventor<'a> {
    pub(super) facts: &'a Facts,
    pub(super) tables: &'a BTreeMap<Oid, Table>,
    pub(super) owned: &'a BTreeMap<Oid, Owned>,
}

/// How many ways are tried to please the constraints of one table.
const MOST_TRIES: usize = 120;
/// How many constraints of one table can be in the way of the likeliest values.
const MOST_ROUNDS: usize = 12;

impl Inventor<'_> {
    /// Puts rows into all tables, those that others refer to first.
    pub(super) async fn invent(self, connection: &mut Connection) -> Result<Invented, TrialError> {
        let mut invented = Invented::default();
        let order = self.order();
        for oid in order.iter().copied() {
            let somebody = self.owned.get(&oid).is_some_and(|it| it.somebody);
            let all: &[Whose] =
                if somebody { &[Whose::Attacker, Whose::Victim, Whose::Nobody] } else { &[Whose::Shared] };
            for whose in all {
                match self.make(connection, &invented, oid, *whose).await? {
                    Ok(Some(made)) => {
                        invented.inserts.push(made.insert.clone());
                        invented.rows.insert((oid, *whose), made);
                    }
                    Ok(None) => {}
                    // Nobody's row is one more than there has to be.
                    Err(_) if *whose == Whose::Nobody => {}
                    Err(why) => {
                        invented.failures.entry(oid).or_insert(why);
                    }
                }
            }
        }
        // A third user, who has to do with both; what cannot be made of that is no loss.
        for oid in order {
            let all: &[Whose] = match (self.is_person(oid), self.is_link(oid)) {
                (true, _) => &[Whose::Between],
                (false, true) => &[Whose::BetweenAndAttacker, Whose::BetweenAndVictim],
                (false, false) => &[],
            };
            for whose in all {
                if let Ok(Some(made)) = self.make(connection, &invented, oid, *whose).await? {
                    invented.inserts.push(made.insert.clone());
                    invented.rows.insert((oid, *whose), made);
                }
            }
        }
        Ok(invented)
    }

    /// Whether a row stands for a user: its key is theirs, or refers to such a row.
    fn is_person(self, oid: Oid) -> bool {
        let (mut seen, mut left) = (BTreeSet::new(), vec![oid]);
        while let Some(oid) = left.pop() {
            let primary = self.primary(oid);
            let ([key], true) = (primary.as_slice(), seen.insert(oid)) else { continue };
            if self.owned.get(&oid).is_some_and(|it| it.marks.get(key) == Some(&Mark::User)) {
                return true;
            }
            let keys = self.tables.get(&oid).map_or(&[][..], |it| it.keys.as_slice());
            left.extend(keys.iter().filter(|it| it.columns == [*key]).map(|it| it.referenced));
        }
        false
    }

    /// Whether a row says that a user has to do with something that is somebody's: no two rows say it of the same.
    fn is_link(self, oid: Oid) -> bool {
        let Some(table) = self.tables.get(&oid) else { return false };
        let marks = self.owned.get(&oid).map(|it| &it.marks);
        let refers = |number: i32, person: bool| {
            let mut keys = table.keys.iter().filter(|it| it.columns.contains(&number));
            keys.any(|it| {
                self.is_person(it.referenced) == person && self.owned.get(&it.referenced).is_some_and(|it| it.somebody)
            })
        };
        let is_user = |it: &i32| marks.is_some_and(|marks| marks.get(it) == Some(&Mark::User)) || refers(*it, true);
        let mut indexes = self.facts.indexes.iter().filter(|it| it.relation == oid && it.unique);
        indexes.any(|it| it.columns.iter().any(is_user) && it.columns.iter().any(|it| refers(*it, false)))
    }

    /// Tables behind those that they must refer to.
    fn order(self) -> Vec<Oid> {
        let mut left: Vec<Oid> = self.tables.keys().copied().collect();
        let mut done: BTreeSet<Oid> = BTreeSet::new();
        let mut order = Vec::new();
        while !left.is_empty() {
            let waits = |oid: &Oid, all_keys: bool| {
                let Some(table) = self.tables.get(oid) else { return false };
                let needed = table.keys.iter().filter(|it| {
                    all_keys || it.columns.iter().any(|it| table.column(*it).is_some_and(|it| it.not_null))
                });
                needed
                    .map(|it| it.referenced)
                    .any(|it| it != *oid && !done.contains(&it) && self.tables.contains_key(&it))
            };
            let next =
                left.iter().position(|it| !waits(it, true)).or_else(|| left.iter().position(|it| !waits(it, false)));
            let oid = left.remove(next.unwrap_or(0));
            done.insert(oid);
            order.push(oid);
        }
        order
    }

    async fn make(
        self,
        connection: &mut Connection,
        invented: &Invented,
        oid: Oid,
        whose: Whose,
    ) -> Result<Result<Option<Made>, String>, TrialError> {
        let columns = match self.columns(invented, oid, whose, whose.seed())? {
            Ok(Some(columns)) => columns,
            Ok(None) => return Ok(Ok(None)),
            Err(why) => return Ok(Err(why)),
        };
        match self.try_variants(connection, invented, oid, &columns).await? {
            Ok(made) => Ok(Ok(Some(made))),
            // The rows that are there already please the constraints.
            Err(why) => {
                let columns = self.with_samples(connection, oid, columns).await?;
                Ok(self.try_variants(connection, invented, oid, &columns).await?.map(Some).map_err(|_| why))
            }
        }
    }

    /// Looks for values that please all constraints: one column is changed at a time, and a change that gets further, to another
    /// complaint of the server, is kept.
    async fn try_variants(
        self,
        connection: &mut Connection,
        invented: &Invented,
        oid: Oid,
        columns: &[Choice],
    ) -> Result<Result<Made, String>, TrialError> {
        let sql = (!invented.inserts.is_empty()).then(|| invented.inserts.join(";\n"));
        let mut current = vec![0; columns.len()];
        let mut complaints: Vec<String> = Vec::new();
        loop {
            let variants = variants(columns, &current);
            let rows: Vec<Made> = variants.iter().filter_map(|it| self.row(oid, &given(columns, it))).collect();
            // A trigger may have made the row for us.
            let there = rows.iter().map(|it| format!("{} on conflict do nothing", it.insert));
            let inserts: Vec<String> = rows.iter().map(|it| it.insert.clone()).chain(there).collect();
            let probes: Vec<Probe> =
                inserts.iter().map(|it| Probe { statement: it.clone(), ..Probe::default() }).collect();
            let world = World { sql: sql.clone(), probes: (0..probes.len()).collect() };
            let seen = try_out(connection, &[world], &probes, Mode::RolledBack).await?;
            let Some(seen) = seen.into_iter().next() else { return Ok(Err("nothing was tried".to_owned())) };
            if let Some(refusal) = seen.failed {
                return Ok(Err(refusal.message));
            }
            if let Some(works) = seen.seen.iter().position(|it| it.stage == Stage::Done)
                && let (Some(row), Some(insert)) = (rows.get(works % rows.len().max(1)), inserts.get(works))
            {
                return Ok(Ok(Made { insert: insert.clone(), given: row.given.clone() }));
            }
            let errors: Vec<String> = seen
                .seen
                .iter()
                .map(|it| {
                    it.error.as_ref().map_or_else(String::new, |it| format!("{} (SQLSTATE {})", it.message, it.code))
                })
                .collect();
            complaints.extend(errors.first().cloned());
            let further = errors.iter().take(variants.len()).position(|it| !complaints.contains(it));
            match further.and_then(|it| variants.get(it)) {
                Some(variant) if complaints.len() < MOST_ROUNDS => current.clone_from(variant),
                _ => return Ok(Err(complaints.pop().unwrap_or_default())),
            }
        }
    }

    /// The columns of a new row with the values that each can have; none if there is no such row.
    pub(super) fn columns(
        self,
        invented: &Invented,
        oid: Oid,
        whose: Whose,
        seed: &str,
    ) -> Result<Result<Option<Vec<Choice>>, String>, TrialError> {
        let (Some(table), Some(owned)) = (self.tables.get(&oid), self.owned.get(&oid)) else {
            return Ok(Err("it is no table".to_owned()));
        };
        let primary = self.primary(oid);
        let number = u32::try_from(self.tables.keys().position(|it| *it == oid).unwrap_or(0)).unwrap_or(0);
        let number = number * 16 + whose.number() + if seed == whose.seed() { 0 } else { 8 };
        let mut choices = Vec::new();
        let mut could_name_somebody = false;
        for column in table.columns.iter().filter(|it| !it.generated) {
            let mark = owned.marks.get(&column.number);
            let reference = self.reference(invented, oid, column.number, whose);
            let names_somebody = mark.is_some() || matches!(reference, Reference::Somebody(_));
            could_name_somebody |= names_somebody;
            if whose == Whose::Nobody && names_somebody {
                if column.not_null {
                    return Ok(Ok(None));
                }
                choices.push(Choice::new(column, vec!["null".to_owned()]));
                continue;
            }
            let values = match (mark, reference) {
                (Some(mark), _) => vec![Literal::new(whose.marked(mark, column))?.to_string()],
                (None, Reference::Somebody(value)) => vec![value],
                (None, Reference::Everybody(value)) if column.not_null => vec![value],
                (None, Reference::Missing(name)) if column.not_null => {
                    return Ok(Err(format!("it refers to {name}, which has no row")));
                }
                (None, Reference::Everybody(_) | Reference::Missing(_)) => continue,
                (None, Reference::None) => {
                    if !primary.contains(&column.number) && (!column.not_null || column.default) {
                        continue;
                    }
                    candidates(column, seed, number)?
                }
            };
            choices.push(Choice::new(column, values));
        }
        // Where nothing can be null, a row of nobody would be one of somebody.
        Ok(Ok((whose != Whose::Nobody || could_name_somebody).then_some(choices)))
    }

    pub(super) fn primary(self, oid: Oid) -> Vec<i32> {
        let key = self.facts.indexes.iter().find(|it| it.relation == oid && it.primary);
        key.map_or_else(Vec::new, |it| it.columns.clone())
    }

    /// What a foreign key wants to stand in a column.
    fn reference(self, invented: &Invented, oid: Oid, number: i32, whose: Whose) -> Reference {
        let Some(table) = self.tables.get(&oid) else { return Reference::None };
        let keys = table.keys.iter().filter_map(|it| Some((it, it.columns.iter().position(|it| *it == number)?)));
        let mut found = Reference::None;
        for (key, place) in keys {
            let somebody = self.owned.get(&key.referenced).is_some_and(|it| it.somebody);
            let whose = match (somebody, whose) {
                (true, Whose::Shared) => Whose::Victim,
                (true, whose) if self.is_person(key.referenced) => whose.person(),
                (true, whose) => whose.things(),
                (false, _) => Whose::Shared,
            };
            let value = invented.rows.get(&(key.referenced, whose)).and_then(|made| {
                let wanted = key.referenced_columns.get(place)?;
                made.given.iter().find(|it| it.number == *wanted).map(|it| it.value.clone())
            });
            found = match value {
                Some(value) if somebody => return Reference::Somebody(value),
                Some(value) => Reference::Everybody(value),
                None if somebody && whose == Whose::Nobody => return Reference::Somebody("null".to_owned()),
                None => Reference::Missing(self.facts.relation_name(key.referenced)),
            };
        }
        found
    }

    /// An insert of one value for each column.
    pub(super) fn row(self, oid: Oid, given: &[Given]) -> Option<Made> {
        let relation = self.facts.relations.get(&oid)?;
        let table = QualifiedName::new(relation.schema_name.as_str(), relation.name.as_str()).ok()?;
        let columns = self.tables.get(&oid)?;
        let always = given.iter().any(|it| columns.column(it.number).is_some_and(|it| it.always));
        let overriding = if always { " overriding system value" } else { "" };
        let (names, values): (Vec<&str>, Vec<&str>) =
            given.iter().map(|it| (it.column.as_str(), it.value.as_str())).unzip();
        let insert = match names.as_slice() {
            [] => format!("insert into {table} default values"),
            _ => format!("insert into {table} ({}){overriding} values ({})", names.join(", "), values.join(", ")),
        };
        Some(Made { given: given.to_vec(), insert })
    }

    /// With the values of rows that are there already.
    async fn with_samples(
        self,
        connection: &mut Connection,
        oid: Oid,
        mut choices: Vec<Choice>,
    ) -> Result<Vec<Choice>, TrialError> {
        let Some(relation) = self.facts.relations.get(&oid) else { return Ok(choices) };
        let Ok(table) = QualifiedName::new(relation.schema_name.as_str(), relation.name.as_str()) else {
            return Ok(choices);
        };
        for choice in choices.iter_mut().filter(|it| it.values.len() > 1) {
            let sql =
                format!("select distinct {0}::text as value from {table} where {0} is not null limit 3", choice.column);
            let done = batch(connection, &sql).await.map_err(|it| it.error)?;
            for row in &done.rows {
                let text: String = row.try_get("value").map_err(palisade_db::DbError::from)?;
                choice.values.push(Literal::new(text)?.to_string());
            }
        }
        Ok(choices)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reference {
    None,
    Somebody(String),
    Everybody(String),
    Missing(String),
}

/// A column with the values that it may have.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    number: i32,
    column: String,
    values: Vec<String>,
}

impl Choice {
    fn new(column: &Column, values: Vec<String>) -> Self {
        // Every name of a catalog is one.
        let name = Ident::new(column.name.as_str()).map_or_else(|_| String::new(), |it| it.to_string());
        Self { number: column.number, column: name, values }
    }

    fn give(&self, at: usize) -> Given {
        let value = self.values.get(at).or(self.values.last()).cloned().unwrap_or_else(|| "null".to_owned());
        Given { number: self.number, column: self.column.clone(), value }
    }
}

/// The likeliest row.
pub(super) fn likeliest(columns: &[Choice]) -> Vec<Given> {
    given(columns, &vec![0; columns.len()])
}

fn given(columns: &[Choice], places: &[usize]) -> Vec<Given> {
    columns.iter().zip(places).map(|(it, place)| it.give(*place)).collect()
}

/// Which values to try, by their place: the current ones, then another one of each column.
fn variants(columns: &[Choice], current: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![current.to_vec()];
    for (index, choice) in columns.iter().enumerate() {
        for place in 0..choice.values.len() {
            let mut other = current.to_vec();
            if other.get(index) != Some(&place) {
                other[index] = place;
                all.push(other);
            }
        }
    }
    all.truncate(MOST_TRIES);
    all
}
