//! What the attack found.

use std::collections::BTreeMap;

use palisade_policy::{Access, AccessCommand, Oid, Relation, Verdict, Why};
use serde::Serialize;

use super::attempt::{Attempt, Kind};
use super::invent::Invented;
use super::owner::Owned;
use super::people::{Attacker, Whose};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttackReport {
    /// How many statements were tried.
    pub attempts: usize,
    /// All tables of the project.
    pub tables: Vec<Attacked>,
    /// What succeeded and should not have.
    pub crossings: Vec<Crossing>,
}

/// What became of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attacked {
    /// `schema.table`
    pub table: String,
    /// Whether it has row security.
    pub row_security: bool,
    /// How many statements were tried.
    pub attempts: usize,
    /// What that says.
    #[serde(flatten)]
    pub state: State,
}

/// What the attempts on one table say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "why", rename_all = "kebab-case")]
pub enum State {
    /// Without row security they succeed.
    Attacked,
    /// There is nothing to find: nobody of these may do anything with it, or only read what is nobody's or everybody's.
    NothingToFind(String),
    /// They could not have found anything.
    Blind(String),
}

/// What succeeded and should not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Crossing {
    /// `schema.table`
    pub table: String,
    /// Who did it.
    pub attacker: String,
    /// What happened.
    pub what: String,
    /// The statement.
    pub statement: String,
    /// All of it, for psql.
    pub script: String,
}

impl AttackReport {
    /// The tables that could not be attacked, although they have row security.
    pub fn blind(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tables.iter().filter(|it| it.row_security).filter_map(|it| match &it.state {
            State::Blind(why) => Some((it.table.as_str(), why.as_str())),
            State::Attacked | State::NothingToFind(_) => None,
        })
    }
}

pub(super) struct Judge<'a> {
    pub(super) access: &'a Access<'a>,
    pub(super) targets: &'a [&'a Relation],
    pub(super) owned: &'a BTreeMap<Oid, Owned>,
    pub(super) invented: &'a Invented,
    pub(super) attackers: &'a [Attacker],
    pub(super) attempts: &'a [Attempt],
    /// Which attempts succeeded.
    pub(super) found: Vec<bool>,
    /// The same without row security.
    pub(super) control: Vec<bool>,
    /// What the server said to them without row security.
    pub(super) refusals: Vec<Option<String>>,
}

impl Judge<'_> {
    pub(super) fn report(&self) -> AttackReport {
        let mut crossings: Vec<Crossing> = Vec::new();
        let mut told: Vec<&Attempt> = Vec::new();
        for (index, attempt) in self.attempts.iter().enumerate() {
            let counts = self.counts(index, &self.found, true);
            // Said once for the first who can do it, which is the one who needs least.
            let is_told =
                told.iter().any(|it| (it.table, it.whose, &it.what) == (attempt.table, attempt.whose, &attempt.what));
            if counts && !is_told {
                told.push(attempt);
                crossings.extend(self.crossing(attempt));
            }
        }
        let tables = self.targets.iter().map(|it| self.attacked(it)).collect();
        AttackReport { attempts: self.attempts.len(), tables, crossings }
    }

    /// Whether an attempt succeeded in something that it should not have; `judged` by what policies mean, which only counts where
    /// there are policies.
    fn counts(&self, index: usize, succeeded: &[bool], judged: bool) -> bool {
        let (Some(attempt), Some(true)) = (self.attempts.get(index), succeeded.get(index)) else { return false };
        let Some(attacker) = self.attackers.get(attempt.attacker) else { return false };
        match (attempt.kind, attempt.whose) {
            // What a visitor reads in the table itself is public.
            (Kind::Read, Whose::Victim) => {
                let is_direct = attempt.what == "reads it";
                !(attacker.is_anonymous && is_direct || self.is_found(attempt, "reads it", &|it| it.is_anonymous))
            }
            // What is everybody's is read by users as well; what only they do not see who are nobody is nobody's.
            (Kind::Read, _) => !attacker.is_user && !self.is_found(attempt, &attempt.what, &|it| it.is_user),
            (Kind::Write, Whose::Victim) => true,
            (Kind::Write, Whose::Shared) => !judged || !self.is_meant(attempt, attacker),
            (Kind::Write, _) => !attacker.is_user && (!judged || !self.is_meant(attempt, attacker)),
        }
    }

    /// Whether somebody does this with the same row, with row security as it is.
    fn is_found(&self, attempt: &Attempt, what: &str, is: &dyn Fn(&Attacker) -> bool) -> bool {
        self.attempts.iter().zip(&self.found).any(|(it, found)| {
            *found
                && (it.table, it.whose, it.what.as_str()) == (attempt.table, attempt.whose, what)
                && self.attackers.get(it.attacker).is_some_and(is)
        })
    }

    /// Whether a policy says that everybody may do that to all rows, which belong to nobody.
    fn is_meant(&self, attempt: &Attempt, attacker: &Attacker) -> bool {
        let (Some(role), Some(relation)) =
            (self.access.facts.role_named(&attacker.persona.role), self.access.facts.relations.get(&attempt.table))
        else {
            return false;
        };
        let command = match attempt.what.split(' ').next() {
            Some("deletes") => AccessCommand::Delete,
            Some("makes") => AccessCommand::Insert,
            _ => AccessCommand::Update,
        };
        let cell = self.access.cell(role, relation, command);
        cell.why == Why::Policies && cell.verdict == Verdict::All
    }

    fn crossing(&self, attempt: &Attempt) -> Option<Crossing> {
        let attacker = self.attackers.get(attempt.attacker)?;
        let row = match attempt.whose {
            Whose::Nobody => "a row of nobody",
            Whose::Shared => "a row that is not theirs",
            Whose::Victim | Whose::Attacker | Whose::Between | Whose::BetweenAndAttacker | Whose::BetweenAndVictim => {
                "a row of somebody else"
            }
        };
        let setup = attempt.probe.setup.as_ref().map_or_else(String::new, |it| format!("{it};\n"));
        let persona = attempt.probe.persona.as_deref().unwrap_or_default();
        let statement = &attempt.probe.statement;
        let script = format!("begin;\n{};\n{setup}{persona}{statement};\nrollback;", self.invented.inserts.join(";\n"));
        Some(Crossing {
            table: self.access.facts.relation_name(attempt.table),
            attacker: attacker.persona.name.clone(),
            what: attempt.what.replacen(" it", &format!(" {row}"), 1),
            statement: statement.clone(),
            script,
        })
    }

    fn attacked(&self, relation: &Relation) -> Attacked {
        let mine = || self.attempts.iter().enumerate().filter(|(_, it)| it.table == relation.oid);
        let attempts = mine().count();
        let succeeds = mine().any(|(index, _)| self.counts(index, &self.control, false));
        let owned = self.owned.get(&relation.oid).is_some_and(|it| it.somebody);
        let state = if succeeds {
            State::Attacked
        } else if self.is_closed(relation) {
            State::NothingToFind("no privilege on it is granted".to_owned())
        } else if let Some(why) = self.invented.failures.get(&relation.oid) {
            State::Blind(format!("rows could not be invented: {why}"))
        } else if self.is_only_read(relation) && !owned {
            State::NothingToFind("it is only read, and nothing in a row says whose it is".to_owned())
        } else if self.is_only_read(relation)
            && mine().any(|(index, it)| {
                it.kind == Kind::Read
                    && self.found.get(index) == Some(&true)
                    && self.attackers.get(it.attacker).is_some_and(|it| it.is_anonymous)
            })
        {
            State::NothingToFind("it is only read, and visitors read all of it".to_owned())
        } else {
            let refused = mine().find_map(|(index, _)| self.refusals.get(index).cloned().flatten());
            State::Blind(match refused {
                Some(refused) => format!("without row security the attempts failed all the same: {refused}"),
                None if attempts == 0 => "no statement could be thought of".to_owned(),
                None => "without row security the attempts reached no row either".to_owned(),
            })
        };
        Attacked { table: relation.qualified(), row_security: relation.row_security, attempts, state }
    }

    fn holds(&self, relation: &Relation, commands: &[AccessCommand]) -> bool {
        let roles = self.attackers.iter().filter_map(|it| self.access.facts.role_named(&it.persona.role));
        roles.into_iter().any(|role| commands.iter().any(|it| self.access.may(role, relation, it.privilege())))
    }

    fn is_closed(&self, relation: &Relation) -> bool {
        let all = [AccessCommand::Select, AccessCommand::Insert, AccessCommand::Update, AccessCommand::Delete];
        !self.holds(relation, &all)
    }

    fn is_only_read(&self, relation: &Relation) -> bool {
        !self.holds(relation, &[AccessCommand::Insert, AccessCommand::Update, AccessCommand::Delete])
    }
}
