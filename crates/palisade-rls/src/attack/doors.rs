//! Ways around a table: views, and functions that run with the rights of their owner.

use std::collections::BTreeSet;

use palisade_policy::{Function, Oid, Privilege, RelationKind};
use palisade_sql::{Literal, QualifiedName};

use super::attempt::{Attempts, Kind};
use super::invent::Made;
use super::people::Whose;
use crate::trial::{Probe, ProbeKind, TrialError};

/// How many ways of calling one function are tried.
const MOST_CALLS: usize = 8;

impl Attempts<'_> {
    /// Everything that can be tried through views and functions of these schemas.
    pub(super) fn through_doors(&mut self, schemas: &[String]) -> Result<(), TrialError> {
        let facts = self.access.facts;
        for view in facts.relations.values().filter(|it| schemas.contains(&it.schema_name) && !it.of_extension) {
            let Ok(name) = QualifiedName::new(view.schema_name.as_str(), view.name.as_str()) else { continue };
            let (word, bases) = match view.kind {
                RelationKind::View | RelationKind::Materialized => ("view", self.bases(view.oid)),
                // Above and below a table, other policies than its own decide.
                RelationKind::Table | RelationKind::Partitioned => ("table", self.relatives(view.oid)),
                RelationKind::Foreign => continue,
            };
            for attacker in 0..self.attackers.len() {
                let may = |privilege| {
                    let role = facts.role_named(&self.attackers.get(attacker)?.persona.role)?;
                    self.access.may(role, view, privilege).then_some(())
                };
                let (reads, deletes) = (may(Privilege::Select).is_some(), may(Privilege::Delete).is_some());
                for base in &bases {
                    let Some(made) = self.invented.rows.get(&(*base, Whose::Victim)).cloned() else { continue };
                    if let (true, Some(seen)) = (reads, self.seen(*base, &made)?) {
                        let what = format!("reads it through the {word} {}", view.qualified());
                        let statement = format!("select count(*) from {name} as seen where {seen}");
                        self.read(attacker, *base, &what, statement)?;
                    }
                    if deletes && view.kind == RelationKind::View {
                        self.delete_through(attacker, *base, &made, &name, &view.qualified())?;
                    }
                }
            }
        }
        for function in facts.functions.values().filter(|it| schemas.contains(&it.schema) && is_door(it)) {
            self.through_function(function)?;
        }
        Ok(())
    }

    fn read(&mut self, attacker: usize, base: Oid, what: &str, statement: String) -> Result<(), TrialError> {
        let probe = Probe { statement, kind: ProbeKind::Count, ..Probe::default() };
        self.add(attacker, (base, Whose::Victim, Kind::Read), what, probe)
    }

    fn delete_through(
        &mut self,
        attacker: usize,
        base: Oid,
        made: &Made,
        view: &QualifiedName,
        label: &str,
    ) -> Result<(), TrialError> {
        let Some(relation) = self.access.facts.relations.get(&base) else { return Ok(()) };
        let primary = self.inventor.primary(base);
        let table = QualifiedName::new(relation.schema_name.as_str(), relation.name.as_str());
        let (Ok(table), Some(is_it)) = (table, super::attempt::condition(made, &primary, |_| true)) else {
            return Ok(());
        };
        let probe = Probe {
            count: Some(format!("select count(*), array_agg(tableoid::text || ctid::text) from {table} where {is_it}")),
            statement: format!("delete from {view}"),
            left: Some(format!("select count(*) from {table} where tableoid::text || ctid::text = any ($1)")),
            ..Probe::default()
        };
        let what = format!("deletes it through the view {label}");
        self.add(attacker, (base, Whose::Victim, Kind::Write), &what, probe)
    }

    /// The tables below and above a table.
    fn relatives(&self, table: Oid) -> BTreeSet<Oid> {
        let parents = |it: Oid| self.access.facts.relations.get(&it).map(|it| it.parents.clone()).unwrap_or_default();
        let mut all = self.access.descendants(table);
        let mut left = parents(table);
        while let Some(parent) = left.pop() {
            if all.insert(parent) {
                left.extend(parents(parent));
            }
        }
        all
    }

    /// The tables that a view shows, through other views.
    fn bases(&self, view: Oid) -> BTreeSet<Oid> {
        let (mut bases, mut seen, mut left) = (BTreeSet::new(), BTreeSet::new(), vec![view]);
        while let Some(view) = left.pop() {
            if !seen.insert(view) {
                continue;
            }
            for query in self.access.facts.views.get(&view).into_iter().flatten() {
                query.walk_queries(&mut |it, _| {
                    for (_, relation) in it.tables() {
                        bases.insert(relation);
                        left.push(relation);
                    }
                });
            }
        }
        bases
    }

    /// A condition on the text of a row: it holds something that only the victim's row has.
    fn seen(&self, base: Oid, made: &Made) -> Result<Option<String>, TrialError> {
        let mut any = Vec::new();
        for marker in self.markers(base, made) {
            any.push(format!("pg_catalog.strpos(seen::text, {}) > 0", Literal::new(marker)?));
        }
        Ok((!any.is_empty()).then(|| any.join(" or ")))
    }

    /// Values of a row that are found nowhere else: long ones that the attacker's own row has not.
    fn markers(&self, base: Oid, made: &Made) -> Vec<String> {
        let own = self.invented.rows.get(&(base, Whose::Attacker));
        let primary = self.inventor.primary(base);
        let given = made.given.iter().filter(|it| {
            let other = own.is_none_or(|own| own.given.iter().all(|own| own.value != it.value));
            let unique = primary.contains(&it.number) || it.value.len() > 11;
            other && unique && it.value != "null"
        });
        given.map(|it| bare(&it.value).to_owned()).filter(|it| it.len() > 5).collect()
    }

    fn through_function(&mut self, function: &Function) -> Result<(), TrialError> {
        let Ok(name) = QualifiedName::new(function.schema.as_str(), function.name.as_str()) else { return Ok(()) };
        let bodies = self
            .access
            .bodies
            .reachable(self.access.facts.functions.iter().filter(|(_, it)| *it == function).map(|(oid, _)| *oid));
        let reads: BTreeSet<Oid> =
            bodies.iter().filter_map(|it| self.access.bodies.of(*it)).flat_map(|it| it.reads.iter().copied()).collect();
        let victims: Vec<(Oid, Made)> = self
            .invented
            .rows
            .iter()
            .filter(|((oid, whose), _)| *whose == Whose::Victim && (reads.is_empty() || reads.contains(oid)))
            .map(|((oid, _), made)| (*oid, made.clone()))
            .collect();
        for (base, made) in victims {
            let Some(calls) = calls(function, &made)? else { return Ok(()) };
            let Some(seen) = self.seen(base, &made)? else { continue };
            for attacker in 0..self.attackers.len() {
                let role = self.attackers.get(attacker).and_then(|it| self.access.facts.role_named(&it.persona.role));
                let schema = self.access.facts.schemas.iter().find(|(_, it)| it.name == function.schema);
                let may = role.zip(schema).is_some_and(|(role, (schema, _))| {
                    self.access.rights.may_execute(role, &function.grants)
                        && self.access.rights.may_use_schema(self.access.facts, role, *schema)
                });
                if !may {
                    continue;
                }
                for call in &calls {
                    let statement = format!("select count(*) from {name}({call}) as seen where {seen}");
                    let what = format!("reads it through the function {}", function.signature());
                    self.read(attacker, base, &what, statement)?;
                }
            }
        }
        Ok(())
    }
}

/// Arguments that somebody would think of: the values of the victim's row. None if there are no such values.
fn calls(function: &Function, made: &Made) -> Result<Option<Vec<String>>, TrialError> {
    if function.argument_count == 0 {
        return Ok(Some(vec![String::new()]));
    }
    let mut calls = vec![Vec::new()];
    for argument in function.arguments.split(", ") {
        let data_type = argument.rsplit(' ').next().unwrap_or(argument);
        let values: Vec<String> = match data_type {
            "uuid" => {
                let mut values = vec![Literal::new(Whose::Victim.user())?.to_string()];
                values.extend(made.given.iter().map(|it| it.value.clone()).filter(|it| it.len() == 38));
                values
            }
            "text" | "varying" => {
                vec![Literal::new(Whose::Victim.email())?.to_string(), Literal::new("")?.to_string()]
            }
            "integer" | "bigint" => made
                .given
                .iter()
                .filter(|it| bare(&it.value).parse::<i64>().is_ok())
                .map(|it| it.value.clone())
                .collect(),
            "boolean" => vec!["true".to_owned()],
            _ => return Ok(None),
        };
        let mut more = Vec::new();
        for call in &calls {
            for value in &values {
                let mut call: Vec<String> = call.clone();
                call.push(value.clone());
                more.push(call);
            }
        }
        more.dedup();
        more.truncate(MOST_CALLS);
        calls = more;
    }
    Ok((calls.len() <= MOST_CALLS && !calls.is_empty()).then(|| calls.iter().map(|it| it.join(", ")).collect()))
}

/// A literal without its quotes.
fn bare(value: &str) -> &str {
    value.trim().trim_start_matches('E').trim_matches('\'')
}

/// Whether a function is called as somebody else, and gives something back.
fn is_door(function: &Function) -> bool {
    let gives = !matches!(function.returns.as_str(), "trigger" | "event_trigger" | "void" | "boolean");
    function.security_definer && !function.foreign && gives && function.argument_count <= 2
}
