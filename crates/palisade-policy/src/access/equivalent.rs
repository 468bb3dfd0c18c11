//! Whether other policies would make a difference.

use super::compose::Composed;
use super::rights::Held;
use super::{Access, AccessCommand};
use crate::Oid;
use crate::facts::{Policy, PolicyCommand, Privilege, Relation};
use crate::formula::{Ref, Space, View};

/// A relation as it is or could be.
#[derive(Debug, Clone, Copy)]
struct State<'a> {
    relation: &'a Relation,
    policies: &'a [Policy],
}

impl Access<'_> {
    /// Whether no role could do anything to a row of a relation with these policies that it cannot do now, nor the other way round.
    /// `changed` has the same columns and grants as the relation that is known by its number.
    ///
    /// Where that cannot be told, the answer is no.
    pub fn is_equivalent(&self, changed: &Relation, policies: &[Policy]) -> bool {
        let Some(relation) = self.facts.relations.get(&changed.oid) else { return false };
        let now = State { relation, policies: self.facts.policies_of(relation.oid) };
        let then = State { relation: changed, policies };
        let commands = [AccessCommand::Select, AccessCommand::Insert, AccessCommand::Update, AccessCommand::Delete];
        self.roles().into_iter().all(|role| {
            commands.iter().all(|it| !self.may(role, relation, it.privilege()) || self.is_same(role, *it, now, then))
        })
    }

    fn is_same(&self, role: Oid, command: AccessCommand, now: State<'_>, then: State<'_>) -> bool {
        let Some(of_policies) = command.policy_command() else { return true };
        let name = self.facts.role_name(role);
        let view =
            View { relation: now.relation.oid, role: Some(&name), null_functions: None, null_proves_nothing: false };
        let mut space = Space::new(self.facts);
        let mut truths = |state: State<'_>| {
            if !self.is_filtered(role, state.relation) {
                return (Ref::TRUE, Ref::TRUE);
            }
            let bound = || {
                let all = state.policies.iter();
                all.filter(|it| it.command.covers(of_policies) && self.binds(it, role))
            };
            let rows = match of_policies {
                PolicyCommand::Insert => Ref::TRUE,
                _ => Composed::of(bound(), |it| it.using.as_ref()).truth(&mut space, view).is_true,
            };
            let check = match of_policies {
                PolicyCommand::Insert | PolicyCommand::Update => {
                    Composed::of(bound(), Policy::check).truth(&mut space, view).is_true
                }
                _ => Ref::TRUE,
            };
            (rows, check)
        };
        let ((rows, mut check), (other_rows, mut other_check)) = (truths(now), truths(then));
        if of_policies == PolicyCommand::Update && self.keeps_what_decides(role, now, then) {
            // A new row has what the old one had, which was admitted.
            check = space.bdd.and(rows, check);
            other_check = space.bdd.and(other_rows, other_check);
        }
        let differ = |space: &mut Space<'_>, left: Ref, right: Ref| {
            let (more, less) = (space.bdd.without(left, right), space.bdd.without(right, left));
            let either = space.bdd.or(more, less);
            space.can_be(either)
        };
        !differ(&mut space, rows, other_rows) && !differ(&mut space, check, other_check)
    }

    /// Whether the columns that decide about new rows are out of reach for the updates of a role.
    fn keeps_what_decides(&self, role: Oid, now: State<'_>, then: State<'_>) -> bool {
        let Held::Columns(written) = self.rights.on_relation(role, now.relation, Privilege::Update) else {
            return false;
        };
        let updates = [now, then].into_iter().flat_map(|it| it.policies);
        let updates = updates.filter(|it| it.command.covers(PolicyCommand::Update) && self.binds(it, role));
        let mut decide = updates.filter_map(Policy::check).flat_map(|it| it.expr.own_columns());
        decide.all(|number| {
            let Some(column) = self.facts.column(now.relation.oid, number) else { return false };
            !written.contains(&column.name) && !self.is_written_by_a_trigger(now.relation.oid, &column.name)
        })
    }

    /// A function that never says the name of a column does not write it, if it says what it does.
    fn is_written_by_a_trigger(&self, relation: Oid, column: &str) -> bool {
        let mut triggers = self.facts.triggers.iter().filter(|it| it.relation == relation);
        triggers.any(|it| match self.bodies.of(it.function) {
            Some(body) => body.dynamic || body.words.contains(&column.to_lowercase()),
            None => true,
        })
    }
}
