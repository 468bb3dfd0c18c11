//! Visiting every part of an expression.

use crate::expr::{Expr, Query, RangeEntry};

impl Expr {
    /// Visits every expression in it, itself first, with the number of queries around each.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self, usize)) {
        self.walk_at(0, visit);
    }

    pub(crate) fn walk_at<'a>(&'a self, depth: usize, visit: &mut dyn FnMut(&'a Self, usize)) {
        visit(self, depth);
        for part in self.parts() {
            part.walk_at(depth, visit);
        }
        if let Self::SubLink { query, .. } = self {
            query.walk_at(depth + 1, visit);
        }
    }

    /// Visits every query in it, with the number of queries around each, itself counted.
    pub fn walk_queries<'a>(&'a self, visit: &mut dyn FnMut(&'a Query, usize)) {
        self.walk_queries_at(0, visit);
    }

    fn walk_queries_at<'a>(&'a self, depth: usize, visit: &mut dyn FnMut(&'a Query, usize)) {
        for part in self.parts() {
            part.walk_queries_at(depth, visit);
        }
        if let Self::SubLink { query, .. } = self {
            query.walk_queries_at(depth + 1, visit);
        }
    }

    /// The expressions directly in it; the query of a sub-select is none.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Const { .. } | Self::Column(_) | Self::Session(_) => Vec::new(),
            Self::Call { args, .. }
            | Self::Operator { args, .. }
            | Self::And(args)
            | Self::Or(args)
            | Self::Coalesce(args)
            | Self::Array(args)
            | Self::Other { args, .. } => args.iter().collect(),
            Self::Distinct { args, .. } | Self::InArray { args, .. } => args.iter().collect(),
            Self::Not(arg) | Self::IsNull { arg, .. } | Self::Truth { arg, .. } | Self::Cast { arg, .. } => vec![arg],
            Self::Case { arg, branches, otherwise } => {
                let mut parts: Vec<&Self> = arg.iter().map(|it| &**it).collect();
                for (condition, result) in branches {
                    parts.extend([condition, result]);
                }
                parts.push(otherwise);
                parts
            }
            Self::SubLink { test, .. } => test.iter().map(|it| &**it).collect(),
        }
    }
}

impl Query {
    /// Visits every expression in it, with the number of queries around each, itself counted.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr, usize)) {
        self.walk_at(1, visit);
    }

    /// Visits it and every query in it.
    pub fn walk_queries<'a>(&'a self, visit: &mut dyn FnMut(&'a Self, usize)) {
        self.walk_queries_at(1, visit);
    }

    fn walk_at<'a>(&'a self, depth: usize, visit: &mut dyn FnMut(&'a Expr, usize)) {
        for part in self.parts() {
            part.walk_at(depth, visit);
        }
        for inner in self.inner() {
            inner.walk_at(depth + 1, visit);
        }
    }

    fn walk_queries_at<'a>(&'a self, depth: usize, visit: &mut dyn FnMut(&'a Self, usize)) {
        visit(self, depth);
        for part in self.parts() {
            part.walk_queries_at(depth, visit);
        }
        for inner in self.inner() {
            inner.walk_queries_at(depth + 1, visit);
        }
    }

    /// The queries directly in it that are no expression.
    fn inner(&self) -> impl Iterator<Item = &Self> {
        let common = self.common.iter().map(|(_, it)| it);
        common.chain(self.relations.iter().filter_map(|it| match it {
            RangeEntry::Query(query) => Some(&**query),
            _ => None,
        }))
    }

    /// The expressions directly in it.
    pub fn parts(&self) -> impl Iterator<Item = &Expr> {
        let relations = self.relations.iter().flat_map(|it| match it {
            RangeEntry::Functions(args) | RangeEntry::Other(args) => args.as_slice(),
            RangeEntry::Relation { .. } | RangeEntry::Query(_) | RangeEntry::Join(_) | RangeEntry::CommonTable(_) => {
                &[]
            }
        });
        relations.chain(&self.conditions).chain(self.targets.iter().map(|it| &it.expr)).chain(&self.others)
    }
}
