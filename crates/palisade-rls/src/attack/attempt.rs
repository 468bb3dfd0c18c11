//! What is tried on one table.

use palisade_policy::{Access, AccessCommand, Oid, Relation, Why};
use palisade_sql::{Ident, QualifiedName};

use super::invent::{Given, Invented, Inventor, Made, likeliest};
use super::people::{Attacker, Whose};
use crate::trial::{Probe, ProbeKind, TrialError};

/// What an attempt would show if it succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A row was seen.
    Read,
    /// A row was changed or removed, or one was made in somebody's name.
    Write,
}

/// One statement of one attacker.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    /// The table whose row is attacked.
    pub(super) table: Oid,
    /// By number.
    pub(super) attacker: usize,
    pub(super) kind: Kind,
    pub(super) whose: Whose,
    /// What it does, in words: the same for all attackers.
    pub(super) what: String,
    pub(super) probe: Probe,
}

/// All that is needed to think of attempts.
pub(super) struct Attempts<'a> {
    pub(super) access: &'a Access<'a>,
    pub(super) inventor: Inventor<'a>,
    pub(super) invented: &'a Invented,
    pub(super) attackers: &'a [Attacker],
    pub(super) all: Vec<Attempt>,
}

/// Which columns a privilege holds on.
enum Columns {
    All,
    These(Vec<String>),
}

impl Columns {
    fn hold(&self, relation: &Relation, number: i32) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => relation.columns.iter().any(|it| it.number == number && names.contains(&it.name)),
        }
    }
}

impl Attempts<'_> {
    /// Everything that can be tried on a table.
    pub(super) fn on_table(&mut self, relation: &Relation) -> Result<(), TrialError> {
        let Ok(table) = QualifiedName::new(relation.schema_name.as_str(), relation.name.as_str()) else {
            return Ok(());
        };
        let table = table.to_string();
        for attacker in 0..self.attackers.len() {
            for whose in [Whose::Victim, Whose::Nobody, Whose::Shared] {
                let Some(made) = self.invented.rows.get(&(relation.oid, whose)) else { continue };
                self.on_row(attacker, relation, &table, whose, &made.clone())?;
            }
            self.in_the_name_of_the_victim(attacker, relation, &table)?;
        }
        Ok(())
    }

    fn columns(&self, attacker: usize, relation: &Relation, command: AccessCommand) -> Option<Columns> {
        let role = self.access.facts.role_named(&self.attackers.get(attacker)?.persona.role)?;
        let cell = self.access.cell(role, relation, command);
        match cell.why {
            Why::NoPrivilege | Why::NoSchemaUsage => None,
            _ => Some(cell.columns.map_or(Columns::All, Columns::These)),
        }
    }

    pub(super) fn add(
        &mut self,
        attacker: usize,
        attempt: (Oid, Whose, Kind),
        what: &str,
        probe: Probe,
    ) -> Result<(), TrialError> {
        let Some(who) = self.attackers.get(attacker) else { return Ok(()) };
        let put_on =
            who.persona.put_on_sql().map_err(|it| palisade_db::DbError::Unexpected { reason: it.to_string() })?;
        let (table, whose, kind) = attempt;
        let probe = Probe { persona: Some(put_on), ..probe };
        self.all.push(Attempt { table, attacker, kind, whose, what: what.to_owned(), probe });
        Ok(())
    }

    /// Reads, changes and removes one row, aimed at and not.
    fn on_row(
        &mut self,
        attacker: usize,
        relation: &Relation,
        table: &str,
        whose: Whose,
        made: &Made,
    ) -> Result<(), TrialError> {
        let primary = self.inventor.primary(relation.oid);
        let Some(is_it) = condition(made, &primary, |_| true) else { return Ok(()) };
        let readable = self.columns(attacker, relation, AccessCommand::Select);
        // A condition on what this one may read; without any, the row cannot be named.
        let named = readable.as_ref().and_then(|it| condition(made, &primary, |number| it.hold(relation, number)));
        let of = |kind| (relation.oid, whose, kind);
        // What nobody in particular owns may be read by whoever is let.
        if let (Some(named), true) = (&named, whose != Whose::Shared) {
            let statement = format!("select count(*) from {table} where {named}");
            let probe = Probe { statement, kind: ProbeKind::Count, ..Probe::default() };
            self.add(attacker, of(Kind::Read), "reads it", probe)?;
        }
        let places = format!("select count(*), array_agg(tableoid::text || ctid::text) from {table} where {is_it}");
        let left = format!("select count(*) from {table} where tableoid::text || ctid::text = any ($1)");
        let looked = |statement: String| Probe {
            count: Some(places.clone()),
            left: Some(left.clone()),
            statement,
            ..Probe::default()
        };
        if let Some(set) = self.change(attacker, relation, made) {
            if let Some(named) = &named {
                let statement = format!("update {table} set {set} where {named}");
                self.add(attacker, of(Kind::Write), "changes it", looked(statement))?;
            }
            let statement = format!("update {table} set {set}");
            self.add(attacker, of(Kind::Write), "changes it, with all other rows", looked(statement))?;
        }
        if self.columns(attacker, relation, AccessCommand::Delete).is_some() {
            if let Some(named) = &named {
                let statement = format!("delete from {table} where {named}");
                self.add(attacker, of(Kind::Write), "deletes it", looked(statement))?;
                let statement = format!("delete from {table} where {named} returning 1");
                self.add(attacker, of(Kind::Write), "deletes it and reads what it was", looked(statement))?;
            }
            self.add(
                attacker,
                of(Kind::Write),
                "deletes it, with all other rows",
                looked(format!("delete from {table}")),
            )?;
        }
        self.upsert(attacker, relation, table, whose, made, &looked)
    }

    /// `insert … on conflict do update` with the key of the row.
    fn upsert(
        &mut self,
        attacker: usize,
        relation: &Relation,
        table: &str,
        whose: Whose,
        made: &Made,
        looked: &dyn Fn(String) -> Probe,
    ) -> Result<(), TrialError> {
        let primary = self.inventor.primary(relation.oid);
        let Some(insertable) = self.columns(attacker, relation, AccessCommand::Insert) else { return Ok(()) };
        if primary.is_empty() || !primary.iter().all(|it| insertable.hold(relation, *it)) {
            return Ok(());
        }
        let Some(set) = self.change(attacker, relation, made) else { return Ok(()) };
        // In the attacker's own name, but for the key.
        let own = self.invented.rows.get(&(relation.oid, Whose::Attacker)).unwrap_or(made);
        let mixed: Vec<Given> = own
            .given
            .iter()
            .map(|it| {
                made.given.iter().find(|key| primary.contains(&it.number) && key.number == it.number).unwrap_or(it)
            })
            .filter(|it| insertable.hold(relation, it.number))
            .cloned()
            .collect();
        let Some(row) = self.inventor.row(relation.oid, &mixed) else { return Ok(()) };
        let names = |it: &i32| made.given.iter().find(|given| given.number == *it).map(|it| it.column.clone());
        let Some(key) = primary.iter().map(names).collect::<Option<Vec<_>>>() else { return Ok(()) };
        let statement = format!("{} on conflict ({}) do update set {set}", row.insert, key.join(", "));
        let _ = table;
        self.add(attacker, (relation.oid, whose, Kind::Write), "changes it by an upsert", looked(statement))
    }

    /// Makes a row that says it is the victim's, and gives one away.
    fn in_the_name_of_the_victim(
        &mut self,
        attacker: usize,
        relation: &Relation,
        table: &str,
    ) -> Result<(), TrialError> {
        let oid = relation.oid;
        let owned = self.inventor.owned.get(&oid).is_some_and(|it| it.somebody);
        let whose = if owned { Whose::Victim } else { Whose::Shared };
        let primary = self.inventor.primary(oid);
        let Some(made) = self.invented.rows.get(&(oid, whose)).cloned() else { return Ok(()) };
        if let Some(insertable) = self.columns(attacker, relation, AccessCommand::Insert)
            && let Ok(Some(choices)) = self.inventor.columns(self.invented, oid, whose, "spoof")?
        {
            let fresh = likeliest(&choices);
            // What is no key of its own is as in the row that was accepted.
            let given: Vec<Given> = fresh
                .into_iter()
                .map(|it| {
                    let is_unique = self.is_unique(oid, it.number);
                    let old = made.given.iter().find(|old| old.number == it.number && !is_unique);
                    old.cloned().unwrap_or(it)
                })
                .filter(|it| insertable.hold(relation, it.number))
                .collect();
            // A key that names the victim is taken by the row that is there.
            let same = |it: &i32| {
                given.iter().any(|new| {
                    new.number == *it && made.given.iter().any(|old| old.number == *it && old.value == new.value)
                })
            };
            let taken = !primary.is_empty() && primary.iter().all(same);
            let setup = taken.then(|| condition(&made, &primary, |_| true)).flatten();
            let setup = setup.map(|it| format!("delete from {table} where {it}"));
            if let Some(row) = self.inventor.row(oid, &given) {
                let what = if owned { "makes a row in the name of somebody else" } else { "makes a row" };
                let probe = Probe { setup, statement: row.insert, ..Probe::default() };
                self.add(attacker, (oid, whose, Kind::Write), what, probe)?;
            }
        }
        // Only who has a row can give it away.
        let marks = self.inventor.owned.get(&oid).map(|it| it.marks.clone()).unwrap_or_default();
        let (Some(own), Some(updatable)) =
            (self.invented.rows.get(&(oid, Whose::Attacker)), self.columns(attacker, relation, AccessCommand::Update))
        else {
            return Ok(());
        };
        let set: Vec<String> = made
            .given
            .iter()
            .filter(|it| {
                marks.contains_key(&it.number) && updatable.hold(relation, it.number) && !primary.contains(&it.number)
            })
            .map(|it| format!("{} = {}", it.column, it.value))
            .collect();
        if set.is_empty() {
            return Ok(());
        }
        let set = set.join(", ");
        let readable = self.columns(attacker, relation, AccessCommand::Select);
        if let Some(named) = readable.and_then(|it| condition(own, &primary, |number| it.hold(relation, number))) {
            let probe = Probe { statement: format!("update {table} set {set} where {named}"), ..Probe::default() };
            self.add(attacker, (oid, whose, Kind::Write), "gives a row of their own to somebody else", probe)?;
        }
        // Policies for reading do not see what a statement makes that reads no column.
        let probe = Probe { statement: format!("update {table} set {set}"), ..Probe::default() };
        self.add(attacker, (oid, whose, Kind::Write), "gives all that they reach to somebody else", probe)
    }

    fn is_unique(&self, oid: Oid, number: i32) -> bool {
        let indexes = self.access.facts.indexes.iter().filter(|it| it.relation == oid && it.unique);
        indexes.flat_map(|it| &it.columns).any(|it| *it == number)
    }

    /// An assignment that reads no column and that no constraint minds.
    fn change(&self, attacker: usize, relation: &Relation, made: &Made) -> Option<String> {
        let updatable = self.columns(attacker, relation, AccessCommand::Update)?;
        let table = self.inventor.tables.get(&relation.oid)?;
        let marks = self.inventor.owned.get(&relation.oid).map(|it| &it.marks);
        let refers = |number: i32| table.keys.iter().any(|it| it.columns.contains(&number));
        let plain = |it: &&super::tables::Column| {
            !it.generated
                && !it.always
                && updatable.hold(relation, it.number)
                && !self.is_unique(relation.oid, it.number)
                && marks.is_none_or(|marks| !marks.contains_key(&it.number))
                && !refers(it.number)
        };
        let value = |it: &super::tables::Column| {
            let given = made.given.iter().find(|given| given.number == it.number).map(|it| it.value.clone());
            let value = given.or_else(|| (it.default || !it.not_null).then(|| "default".to_owned()))?;
            Some(format!("{} = {value}", Ident::new(it.name.as_str()).ok()?))
        };
        let mut all = table.columns.iter().filter(plain);
        // Else any column will do: one row may still get through.
        all.find_map(value).or_else(|| {
            let mut any =
                table.columns.iter().filter(|it| !it.generated && !it.always && updatable.hold(relation, it.number));
            any.find_map(|it| {
                let own = self.invented.rows.get(&(relation.oid, Whose::Attacker)).unwrap_or(made);
                let given = own.given.iter().find(|given| given.number == it.number)?;
                Some(format!("{} = {}", given.column, given.value))
            })
        })
    }
}

/// What only this row fulfils, as far as columns may be named.
pub(super) fn condition(made: &Made, primary: &[i32], may: impl Fn(i32) -> bool) -> Option<String> {
    let equal = |it: &&Given| it.value != "null" && may(it.number);
    let text = |it: &Given| format!("{} = {}", it.column, it.value);
    let key: Vec<String> =
        made.given.iter().filter(|it| primary.contains(&it.number)).filter(equal).map(text).collect();
    if !primary.is_empty() && key.len() == primary.len() {
        return Some(key.join(" and "));
    }
    // Values of these types cannot be compared, or have no literal of their own.
    let comparable = |it: &&Given| !it.value.contains(['\u{7b}', '[']);
    let all: Vec<String> = made.given.iter().filter(equal).filter(comparable).map(text).collect();
    (!all.is_empty()).then(|| all.join(" and "))
}
