//! [Reduced ordered binary decision diagrams](https://en.wikipedia.org/wiki/Binary_decision_diagram): boolean functions of which
//! two are the same if and only if they are the same node.

use std::collections::{BTreeSet, HashMap, HashSet};

/// A boolean function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ref(u32);

impl Ref {
    pub(crate) const FALSE: Self = Self(0);
    pub(crate) const TRUE: Self = Self(1);

    pub(crate) fn constant(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Decision {
    variable: u32,
    low: Ref,
    high: Ref,
}

/// All functions of one space of variables.
#[derive(Debug, Default)]
pub(crate) struct Bdd {
    decisions: Vec<Decision>,
    known: HashMap<Decision, Ref>,
    done: HashMap<(Ref, Ref, Ref), Ref>,
    overflown: bool,
}

/// More than this is no condition that somebody has written.
const MOST: usize = 50_000;

impl Bdd {
    /// Whether the functions have become so large that they are wrong: nothing may be told from them.
    pub(crate) fn is_overflown(&self) -> bool {
        self.overflown
    }

    /// The function that is its variable.
    pub(crate) fn variable(&mut self, variable: u32) -> Ref {
        self.decision(Decision { variable, low: Ref::FALSE, high: Ref::TRUE })
    }

    pub(crate) fn not(&mut self, it: Ref) -> Ref {
        self.choose(it, Ref::FALSE, Ref::TRUE)
    }

    pub(crate) fn and(&mut self, left: Ref, right: Ref) -> Ref {
        self.choose(left, right, Ref::FALSE)
    }

    pub(crate) fn or(&mut self, left: Ref, right: Ref) -> Ref {
        self.choose(left, Ref::TRUE, right)
    }

    /// `left` without what is in `right`.
    pub(crate) fn without(&mut self, left: Ref, right: Ref) -> Ref {
        self.choose(right, Ref::FALSE, left)
    }

    /// `then` where `condition` holds, `otherwise` where it does not.
    pub(crate) fn choose(&mut self, condition: Ref, then: Ref, otherwise: Ref) -> Ref {
        if condition == Ref::TRUE || then == otherwise {
            return then;
        }
        // Nothing may be told any more, so that nothing needs to be worked out.
        if condition == Ref::FALSE || self.overflown {
            return otherwise;
        }
        if (then, otherwise) == (Ref::TRUE, Ref::FALSE) {
            return condition;
        }
        let key = (condition, then, otherwise);
        if let Some(found) = self.done.get(&key) {
            return *found;
        }
        let first = [condition, then, otherwise].iter().filter_map(|it| self.first(*it)).min();
        let Some(variable) = first else { return Ref::FALSE };
        let [condition_low, then_low, otherwise_low] =
            [condition, then, otherwise].map(|it| self.part(it, variable, false));
        let low = self.choose(condition_low, then_low, otherwise_low);
        let [condition_high, then_high, otherwise_high] =
            [condition, then, otherwise].map(|it| self.part(it, variable, true));
        let high = self.choose(condition_high, then_high, otherwise_high);
        let result = if low == high { low } else { self.decision(Decision { variable, low, high }) };
        self.done.insert(key, result);
        result
    }

    /// Whether `left` holds somewhere where `without` does not, within `possible`. Makes no function: many may be asked about.
    pub(crate) fn can_be(&self, left: Ref, without: Ref, possible: Ref) -> bool {
        self.overflown || self.is_reached([left, without, possible], &mut HashSet::new())
    }

    fn is_reached(&self, functions: [Ref; 3], seen: &mut HashSet<[Ref; 3]>) -> bool {
        let [left, without, possible] = functions;
        if left == Ref::FALSE || without == Ref::TRUE || possible == Ref::FALSE {
            return false;
        }
        let Some(variable) = functions.iter().filter_map(|it| self.first(*it)).min() else { return true };
        // What was seen before has led nowhere.
        seen.insert(functions)
            && [false, true]
                .iter()
                .any(|value| self.is_reached(functions.map(|it| self.part(it, variable, *value)), seen))
    }

    /// The function where these variables have a value.
    pub(crate) fn given(&mut self, it: Ref, variables: &BTreeSet<u32>, value: bool) -> Ref {
        self.restricted(it, variables, value, &mut HashMap::new())
    }

    /// Functions share parts: each is worked out once.
    fn restricted(&mut self, it: Ref, variables: &BTreeSet<u32>, value: bool, done: &mut HashMap<Ref, Ref>) -> Ref {
        let Some(Decision { variable, low, high }) = self.at(it).filter(|_| !self.overflown) else { return it };
        if let Some(found) = done.get(&it) {
            return *found;
        }
        let result = if variables.contains(&variable) {
            self.restricted(if value { high } else { low }, variables, value, done)
        } else {
            let low = self.restricted(low, variables, value, done);
            let high = self.restricted(high, variables, value, done);
            let condition = self.variable(variable);
            self.choose(condition, high, low)
        };
        done.insert(it, result);
        result
    }

    /// That it is too large to tell anything from it.
    pub(crate) fn give_up(&mut self) {
        self.overflown = true;
    }

    /// Whether it holds for one value of the variable or the other.
    pub(crate) fn exists(&mut self, it: Ref, variable: u32) -> Ref {
        let variable = BTreeSet::from([variable]);
        let (low, high) = (self.given(it, &variable, false), self.given(it, &variable, true));
        self.or(low, high)
    }

    /// The variables that it depends on.
    pub(crate) fn support(&self, it: Ref) -> BTreeSet<u32> {
        let (mut variables, mut seen, mut left) = (BTreeSet::new(), std::collections::HashSet::new(), vec![it]);
        while let Some(it) = left.pop() {
            if let Some(Decision { variable, low, high }) = self.at(it)
                && seen.insert(it)
            {
                variables.insert(variable);
                left.extend([low, high]);
            }
        }
        variables
    }

    fn at(&self, it: Ref) -> Option<Decision> {
        self.decisions.get((it.0 as usize).checked_sub(2)?).copied()
    }

    /// The first variable that it depends on.
    pub(crate) fn first(&self, it: Ref) -> Option<u32> {
        self.at(it).map(|it| it.variable)
    }

    fn part(&self, it: Ref, variable: u32, high: bool) -> Ref {
        match self.at(it) {
            Some(decision) if decision.variable == variable => {
                if high {
                    decision.high
                } else {
                    decision.low
                }
            }
            _ => it,
        }
    }

    fn decision(&mut self, decision: Decision) -> Ref {
        if let Some(found) = self.known.get(&decision) {
            return *found;
        }
        let Ok(number) = u32::try_from(self.decisions.len() + 2) else { return Ref::FALSE };
        if self.decisions.len() >= MOST {
            self.overflown = true;
            return Ref::FALSE;
        }
        self.decisions.push(decision);
        self.known.insert(decision, Ref(number));
        Ref(number)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bdd, Ref};

    #[test]
    fn equal_functions_are_one() {
        let mut bdd = Bdd::default();
        let [a, b, c] = [0, 1, 2].map(|it| bdd.variable(it));
        let (ab, ac) = (bdd.and(a, b), bdd.and(a, c));
        let left = bdd.or(ab, ac);
        let bc = bdd.or(c, b);
        let right = bdd.and(bc, a);
        assert_eq!(left, right);
        let (not_a, not_left) = (bdd.not(a), bdd.not(left));
        assert_eq!(bdd.or(a, not_a), Ref::TRUE);
        assert_eq!(bdd.and(left, not_left), Ref::FALSE);
        assert_eq!(bdd.without(left, a), Ref::FALSE);
        assert_eq!(bdd.support(left).into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    }
}
