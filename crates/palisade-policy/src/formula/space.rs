//! From expressions to formulas.

use crate::Oid;
use crate::expr::{Expr, SessionValue, SubLinkKind, TruthTest, Value};
use crate::facts::{Facts, Volatility};
use crate::formula::atom::{Atom, Truth, View};
use crate::formula::bdd::{Bdd, Ref};
use crate::formula::value::{ENUM_EQUALITY, comparable, compared_with, exact, has_place, specialised};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// More than this in one condition is not looked into: each may be a level of a function, and of the stack.
const MOST_VARIABLES: u32 = 2_000;

/// How many values of one expression are known to exclude each other.
const MOST_VALUES: usize = 100;

/// `boolean = boolean` in `pg_operator`.
const BOOLEAN_EQUALS: Oid = Oid(91);

/// The variables of the conditions of one table, and the functions of them.
#[derive(Debug)]
pub(crate) struct Space<'f> {
    facts: &'f Facts,
    pub(crate) bdd: Bdd,
    variables: BTreeMap<Atom, u32>,
    /// Expressions that are compared with values, each with a number: one can equal one value only.
    compared: BTreeMap<(Oid, Expr), usize>,
    /// Variables that say that such an expression equals a value, and which.
    compared_in: HashMap<u32, usize>,
    occurrences: u32,
}

impl<'f> Space<'f> {
    pub(crate) fn new(facts: &'f Facts) -> Self {
        Self {
            facts,
            bdd: Bdd::default(),
            variables: BTreeMap::new(),
            compared: BTreeMap::new(),
            compared_in: HashMap::new(),
            occurrences: 0,
        }
    }

    /// Reads what follows with the facts of another database, in which the same numbers mean the same.
    pub(crate) fn turn_to(&mut self, facts: &'f Facts) {
        self.facts = facts;
    }

    /// What can be the case at all of what these depend on: nothing equals two values.
    fn possible(&mut self, of: [Ref; 2]) -> Ref {
        let support: BTreeSet<u32> = of.iter().flat_map(|it| self.bdd.support(*it)).collect();
        let mut groups: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for variable in support {
            if let Some(group) = self.compared_in.get(&variable) {
                groups.entry(*group).or_default().push(variable);
            }
        }
        let mut possible = Ref::TRUE;
        // Of very many, less is known: that costs more than it is worth.
        for group in groups.values().filter(|it| (2..=MOST_VALUES).contains(&it.len())) {
            // Either none of those before holds, or none of those behind.
            let mut any = Ref::FALSE;
            for variable in group {
                let equal = &self.bdd.variable(*variable);
                let both = self.bdd.and(any, *equal);
                possible = self.bdd.without(possible, both);
                any = self.bdd.or(any, *equal);
            }
        }
        possible
    }

    /// Whether it can be the case.
    pub(crate) fn can_be(&mut self, it: Ref) -> bool {
        let possible = self.possible([it, Ref::FALSE]);
        self.bdd.can_be(it, Ref::FALSE, possible)
    }

    /// Whether `left` is never the case without `right`.
    pub(crate) fn implies(&mut self, left: Ref, right: Ref) -> bool {
        let possible = self.possible([left, right]);
        !self.bdd.can_be(left, right, possible)
    }

    /// What decides about it, and the variable of each.
    pub(crate) fn atoms(&self, it: Ref) -> Vec<(Atom, u32)> {
        let support = self.bdd.support(it);
        let of_it = self.variables.iter().filter(|(_, variable)| support.contains(variable));
        of_it.map(|(atom, variable)| (atom.clone(), *variable)).collect()
    }

    /// What is left of it if nothing of this kind is true.
    pub(crate) fn without_atoms(&mut self, it: Ref, is_kind: impl Fn(&Expr) -> bool) -> Ref {
        let of_kind = |(atom, variable): (Atom, u32)| match &atom {
            Atom::True(expr) if is_kind(expr) => Some(variable),
            _ => None,
        };
        let variables = self.atoms(it).into_iter().filter_map(of_kind).collect();
        self.bdd.given(it, &variables, false)
    }

    /// Where it can be made true by other values of what is of this kind.
    pub(crate) fn exists_atoms(&mut self, it: Ref, is_kind: impl Fn(&Expr) -> bool) -> Ref {
        let mut left = it;
        for (atom, variable) in self.atoms(it) {
            if is_kind(atom.expr()) {
                left = self.bdd.exists(left, variable);
            }
        }
        left
    }

    pub(crate) fn and(&mut self, parts: impl IntoIterator<Item = Truth>) -> Truth {
        // The last first: what has later variables is what a function with earlier ones is put on top of.
        let parts: Vec<Truth> = parts.into_iter().collect();
        parts.into_iter().rev().fold(Truth::TRUE, |all, it| Truth {
            is_true: self.bdd.and(it.is_true, all.is_true),
            is_false: self.bdd.or(it.is_false, all.is_false),
        })
    }

    pub(crate) fn or(&mut self, parts: impl IntoIterator<Item = Truth>) -> Truth {
        let parts: Vec<Truth> = parts.into_iter().map(Truth::not).collect();
        self.and(parts).not()
    }

    /// When `expr` is true and when it is false, in the eyes of `view`.
    pub(crate) fn truth(&mut self, expr: &Expr, view: View<'_>) -> Truth {
        match expr {
            Expr::Const { value, .. } => match value {
                Value::Bool(true) => Truth::TRUE,
                Value::Bool(false) => Truth::FALSE,
                Value::Null => Truth::UNKNOWN,
                Value::Int(_) | Value::Text(_) | Value::Label(_) | Value::Bytes(_) => self.opaque(expr, view),
            },
            Expr::And(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|it| self.truth(it, view)).collect();
                self.and(parts)
            }
            Expr::Or(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|it| self.truth(it, view)).collect();
                self.or(parts)
            }
            Expr::Not(inner) => self.truth(inner, view).not(),
            Expr::IsNull { arg, negated } => {
                let null = self.null(arg, view);
                if view.null_proves_nothing && null == Ref::TRUE {
                    return Truth::UNKNOWN;
                }
                let truth = self.certain(null);
                if *negated { truth.not() } else { truth }
            }
            Expr::Truth { arg, test } => {
                let inner = self.truth(arg, view);
                if view.null_proves_nothing && inner == Truth::UNKNOWN {
                    return Truth::UNKNOWN;
                }
                self.test(inner, *test)
            }
            Expr::Coalesce(args) => {
                let mut result = Truth::UNKNOWN;
                for arg in args.iter().rev() {
                    let first = self.truth(arg, view);
                    if view.null_proves_nothing && first == Truth::UNKNOWN {
                        result = Truth::UNKNOWN;
                    }
                    let known = self.bdd.or(first.is_true, first.is_false);
                    result = Truth {
                        is_true: self.bdd.choose(known, first.is_true, result.is_true),
                        is_false: self.bdd.choose(known, first.is_false, result.is_false),
                    };
                }
                result
            }
            Expr::Case { arg, branches, otherwise } => {
                let conditions: Vec<Expr> = branches
                    .iter()
                    .map(|(condition, _)| {
                        arg.as_ref().map_or_else(|| condition.clone(), |it| compared_with(condition, it))
                    })
                    .collect();
                // The place may be behind a cast of its own.
                if conditions.iter().any(has_place) {
                    return self.opaque(expr, view);
                }
                let mut result = self.truth(otherwise, view);
                for (condition, (_, value)) in conditions.into_iter().zip(branches).rev() {
                    let (condition, value) = (self.truth(&condition, view), self.truth(value, view));
                    result = Truth {
                        is_true: self.bdd.choose(condition.is_true, value.is_true, result.is_true),
                        is_false: self.bdd.choose(condition.is_true, value.is_false, result.is_false),
                    };
                }
                result
            }
            Expr::Distinct { operator, args } => self.distinct(*operator, &args[0], &args[1], view),
            Expr::Operator { operator, function, args } => self.operator(*operator, *function, args, view),
            Expr::InArray { operator, function, any, args } => match args[1].same_value() {
                Expr::Array(items) => {
                    let parts: Vec<Truth> = items
                        .iter()
                        .map(|it| self.operator(*operator, *function, &[args[0].clone(), it.clone()], view))
                        .collect();
                    if *any { self.or(parts) } else { self.and(parts) }
                }
                _ => self.opaque(expr, view),
            },
            Expr::SubLink { kind: SubLinkKind::Exists, .. } => {
                let exists = self.atom(Atom::True(expr.clone()), Oid::NONE);
                self.certain(exists)
            }
            Expr::SubLink { kind: SubLinkKind::Scalar, .. } if !std::ptr::eq(expr.unwrapped(), expr) => {
                self.truth(expr.unwrapped(), view)
            }
            Expr::Cast { arg, data_type: Oid::BOOL, .. } => self.truth(arg, view),
            Expr::Column(_)
            | Expr::Call { .. }
            | Expr::Cast { .. }
            | Expr::Array(_)
            | Expr::Session(_)
            | Expr::SubLink { .. }
            | Expr::Other { .. } => self.opaque(expr, view),
        }
    }

    /// What is true or false, never unknown.
    fn certain(&mut self, is_true: Ref) -> Truth {
        Truth { is_true, is_false: self.bdd.not(is_true) }
    }

    fn test(&mut self, inner: Truth, test: TruthTest) -> Truth {
        let known = self.bdd.or(inner.is_true, inner.is_false);
        match test {
            TruthTest::True => self.certain(inner.is_true),
            TruthTest::NotTrue => self.certain(inner.is_true).not(),
            TruthTest::False => self.certain(inner.is_false),
            TruthTest::NotFalse => self.certain(inner.is_false).not(),
            TruthTest::NotUnknown => self.certain(known),
            TruthTest::Unknown => self.certain(known).not(),
        }
    }

    /// When `expr` is null.
    fn null(&mut self, expr: &Expr, view: View<'_>) -> Ref {
        match expr.core() {
            Expr::Const { value, .. } => Ref::constant(*value == Value::Null),
            Expr::Column(it) => {
                let column = self.facts.column(view.relation, it.column);
                let never =
                    it.level == 0 && it.relation == 1 && (column.is_some_and(|it| it.not_null) || it.column < 0);
                if never { Ref::FALSE } else { self.variable(Atom::Null(expr.core().clone())) }
            }
            Expr::Session(SessionValue::CurrentUser | SessionValue::SessionUser)
            | Expr::Array(_)
            | Expr::IsNull { .. }
            | Expr::Truth { .. }
            | Expr::Distinct { .. } => Ref::FALSE,
            Expr::Call { function, args, .. } => self.null_of_call(expr.core(), *function, args, view),
            // What reads a JSON document has no value where there is no document.
            Expr::Operator { function, args, .. } if !self.is_boolean_operator(*function) => {
                self.null_of_call(expr.core(), *function, args, view)
            }
            Expr::And(_) | Expr::Or(_) | Expr::Not(_) | Expr::Operator { .. } | Expr::InArray { .. } => {
                let truth = self.truth(expr.core(), view);
                let known = self.bdd.or(truth.is_true, truth.is_false);
                self.bdd.not(known)
            }
            // Null where the first is, and where both are equal.
            Expr::Other { tag, args } if tag.starts_with("NULLIFEXPR") && !args.is_empty() => {
                let first = self.null(&args[0], view);
                let equal = self.atom(Atom::Null(expr.core().clone()), Oid::NONE);
                self.bdd.or(first, equal)
            }
            Expr::Coalesce(args) => {
                let nulls: Vec<Ref> = args.iter().map(|it| self.null(it, view)).collect();
                nulls.into_iter().fold(Ref::TRUE, |all, it| self.bdd.and(all, it))
            }
            other => self.variable(Atom::Null(other.clone())),
        }
    }

    fn is_boolean_operator(&self, function: Oid) -> bool {
        self.facts.functions.get(&function).is_none_or(|it| it.returns == "boolean")
    }

    /// A call is null where it is said to be, or an argument is and the function is strict, or as its result is.
    fn null_of_call(&mut self, call: &Expr, function: Oid, args: &[Expr], view: View<'_>) -> Ref {
        if view.null_functions.is_some_and(|it| it.contains(&function)) {
            return Ref::TRUE;
        }
        let strict = self.facts.functions.get(&function).is_some_and(|it| it.strict);
        let mut null = self.atom(Atom::Null(call.clone()), function);
        if strict {
            for arg in args {
                let arg = self.null(arg, view);
                null = self.bdd.or(null, arg);
            }
        }
        null
    }

    /// `a IS DISTINCT FROM b`: both null is equal, one of them is not.
    fn distinct(&mut self, operator: Oid, left: &Expr, right: &Expr, view: View<'_>) -> Truth {
        let (left_null, right_null) = (self.null(left, view), self.null(right, view));
        if view.null_proves_nothing && (left_null == Ref::TRUE || right_null == Ref::TRUE) {
            return Truth::UNKNOWN;
        }
        let equal = self.equal(operator, left, right, view);
        let (left_known, right_known) = (self.bdd.not(left_null), self.bdd.not(right_null));
        let both_null = self.bdd.and(left_null, right_null);
        let both_known = self.bdd.and(left_known, right_known);
        let equal = self.bdd.and(both_known, equal);
        let same = self.bdd.or(both_null, equal);
        self.certain(same).not()
    }

    /// Whether two values that are not null are equal.
    fn equal(&mut self, operator: Oid, left: &Expr, right: &Expr, view: View<'_>) -> Ref {
        let (left, right) = (self.first_known(left, view), self.first_known(right, view));
        let (left, right) = (comparable(&left, view), comparable(&right, view));
        let of_enums = self.facts.operators.get(&operator).is_some_and(|it| it.function == ENUM_EQUALITY);
        if let (Some(a), Some(b)) = (exact(&left, of_enums), exact(&right, of_enums))
            && std::mem::discriminant(a) == std::mem::discriminant(b)
        {
            return Ref::constant(a == b);
        }
        if left == right && !self.is_volatile(&left) {
            return Ref::TRUE;
        }
        // Constants last, and the rest in one order.
        let swap = left.value().is_some() || (right.value().is_none() && right < left);
        let (left, right) = if swap { (right, left) } else { (left, right) };
        let commutator = self.facts.operators.get(&operator).map_or(operator, |it| it.commutator);
        let operator = if commutator == Oid::NONE { operator } else { operator.min(commutator) };
        let pair = Expr::Operator { operator, function: Oid::NONE, args: vec![left.clone(), right.clone()] };
        let volatile = self.is_volatile(&pair);
        let equal = if volatile { self.once(Atom::True(pair)) } else { self.variable(Atom::True(pair)) };
        if let (Some(_), Some(variable), false) = (exact(&right, of_enums), self.bdd.first(equal), volatile) {
            let next = self.compared.len();
            let group = *self.compared.entry((operator, left)).or_insert(next);
            self.compared_in.insert(variable, group);
        }
        equal
    }

    /// `coalesce(a, b)` is `b` where `a` is null.
    fn first_known(&mut self, expr: &Expr, view: View<'_>) -> Expr {
        if let (Expr::Coalesce(args), Some(_)) = (expr.core(), view.null_functions) {
            let known: Vec<Expr> = args.iter().filter(|it| self.null(it, view) != Ref::TRUE).cloned().collect();
            if known.len() < args.len() && !view.null_proves_nothing {
                return match <[Expr; 1]>::try_from(known) {
                    Ok([only]) => only,
                    Err(more) => Expr::Coalesce(more),
                };
            }
        }
        expr.clone()
    }

    fn operator(&mut self, operator: Oid, function: Oid, args: &[Expr], view: View<'_>) -> Truth {
        let [left, right] = args else {
            let whole = Expr::Operator { operator, function, args: args.to_vec() };
            return self.opaque(&whole, view);
        };
        let known = self.facts.operators.get(&operator);
        let negator = known.and_then(|it| self.facts.operators.get(&it.negator));
        let strict = self.facts.functions.get(&function).is_some_and(|it| it.strict);
        if operator == BOOLEAN_EQUALS {
            let (left, right) = (self.truth(left, view), self.truth(right, view));
            return self.same_truth(left, right);
        }
        if known.is_some_and(|it| it.equality) {
            return self.compared_strictly(operator, left, right, view);
        }
        if let Some(known) = known.filter(|it| it.negator == BOOLEAN_EQUALS) {
            let args = [left.clone(), right.clone()];
            return self.operator(known.negator, Oid::NONE, &args, view).not();
        }
        if let Some(known) = known.filter(|_| negator.is_some_and(|it| it.equality)) {
            return self.compared_strictly(known.negator, left, right, view).not();
        }
        // Of `<`, `<=`, `>`, `>=` the one with the lowest number stands for all.
        let mut form = (operator, left, right, false);
        if let Some(known) = known.filter(|it| matches!(it.name.as_str(), "<" | "<=" | ">" | ">=")) {
            let mut forms = vec![form, (known.commutator, right, left, false)];
            if let Some(negator) = negator {
                forms.extend([(known.negator, left, right, true), (negator.commutator, right, left, true)]);
            }
            form = forms
                .into_iter()
                .filter(|(operator, ..)| *operator != Oid::NONE)
                .min_by_key(|(operator, left, right, _)| (*operator, (*left).clone(), (*right).clone()))
                .unwrap_or(form);
        }
        let (canonical, first, second, negated) = form;
        let whole = Expr::Operator {
            operator: canonical,
            function: Oid::NONE,
            args: vec![comparable(first, view), comparable(second, view)],
        };
        let mut truth = self.opaque_with(&whole, function, view);
        // What sorts values has an answer for any two that are not null.
        if known.is_some_and(|it| it.ordering) {
            truth.is_false = self.bdd.not(truth.is_true);
        }
        if negated {
            truth = truth.not();
        }
        if strict {
            let (left, right) = (self.null(left, view), self.null(right, view));
            let null = self.bdd.or(left, right);
            truth = Truth {
                is_true: self.bdd.without(truth.is_true, null),
                is_false: self.bdd.without(truth.is_false, null),
            };
        }
        truth
    }

    /// `a = b` of two that are true, false or unknown.
    fn same_truth(&mut self, left: Truth, right: Truth) -> Truth {
        let (both, neither) = (self.bdd.and(left.is_true, right.is_true), self.bdd.and(left.is_false, right.is_false));
        let (first, second) = (self.bdd.and(left.is_true, right.is_false), self.bdd.and(left.is_false, right.is_true));
        Truth { is_true: self.bdd.or(both, neither), is_false: self.bdd.or(first, second) }
    }

    fn compared_strictly(&mut self, operator: Oid, left: &Expr, right: &Expr, view: View<'_>) -> Truth {
        let (left_null, right_null) = (self.null(left, view), self.null(right, view));
        let null = self.bdd.or(left_null, right_null);
        if null == Ref::TRUE {
            return Truth::UNKNOWN;
        }
        let equal = self.equal(operator, left, right, view);
        let different = self.bdd.not(equal);
        Truth { is_true: self.bdd.without(equal, null), is_false: self.bdd.without(different, null) }
    }

    /// What is not looked into: it may be true, false or unknown.
    fn opaque(&mut self, expr: &Expr, view: View<'_>) -> Truth {
        let function = match expr.core() {
            Expr::Call { function, .. } => *function,
            _ => Oid::NONE,
        };
        if view.null_functions.is_some_and(|it| it.contains(&function)) {
            return Truth::UNKNOWN;
        }
        if let Expr::Column(column) = expr {
            let value = self.variable(Atom::True(Expr::Column(*column)));
            let null = self.null(expr, view);
            let not = self.bdd.not(value);
            return Truth { is_true: self.bdd.without(value, null), is_false: self.bdd.without(not, null) };
        }
        self.opaque_with(expr.core(), function, view)
    }

    fn opaque_with(&mut self, expr: &Expr, function: Oid, view: View<'_>) -> Truth {
        let expr = &specialised(expr, view);
        let is_true = self.atom(Atom::True(expr.clone()), function);
        let is_false = self.atom(Atom::FalseElseNull(expr.clone()), function);
        Truth { is_true, is_false: self.bdd.without(is_false, is_true) }
    }

    /// Each call of a volatile function is another one.
    fn atom(&mut self, atom: Atom, function: Oid) -> Ref {
        let inner = atom.expr().clone();
        let volatile = self.facts.functions.get(&function).is_some_and(|it| it.volatility == Volatility::Volatile);
        if volatile || self.is_volatile(&inner) { self.once(atom) } else { self.variable(atom) }
    }

    fn is_volatile(&self, expr: &Expr) -> bool {
        let mut found = false;
        expr.walk(&mut |it, _| {
            if let Expr::Call { function, .. } = it {
                found |= self.facts.functions.get(function).is_none_or(|it| it.volatility == Volatility::Volatile);
            }
        });
        found
    }

    fn once(&mut self, atom: Atom) -> Ref {
        self.occurrences += 1;
        let tag = format!("occurrence {}", self.occurrences);
        let wrap = |it: Expr| Expr::Other { tag: tag.clone(), args: vec![it] };
        self.variable(match atom {
            Atom::Null(it) => Atom::Null(wrap(it)),
            Atom::True(it) => Atom::True(wrap(it)),
            Atom::FalseElseNull(it) => Atom::FalseElseNull(wrap(it)),
        })
    }

    fn variable(&mut self, atom: Atom) -> Ref {
        let next = u32::try_from(self.variables.len()).unwrap_or(u32::MAX);
        if next >= MOST_VARIABLES {
            self.bdd.give_up();
        }
        let variable = *self.variables.entry(atom).or_insert(next);
        self.bdd.variable(variable)
    }
}
