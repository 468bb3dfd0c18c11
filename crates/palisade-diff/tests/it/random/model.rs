//! A schema as data: little enough to change at random, enough to have most ways in which objects need each other.

use std::collections::{BTreeMap, BTreeSet};

/// Everything by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema {
    pub(super) enums: BTreeMap<String, Vec<String>>,
    pub(super) domains: BTreeMap<String, Domain>,
    pub(super) composites: BTreeMap<String, BTreeMap<String, Type>>,
    pub(super) sequences: BTreeMap<String, u32>,
    pub(super) functions: BTreeMap<String, Function>,
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) views: BTreeMap<String, View>,
    /// `select on table …`, and the role.
    pub(super) grants: BTreeSet<(Target, &'static str, &'static str)>,
    pub(super) comments: BTreeMap<Target, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Enum(String),
    Sequence(String),
    Function(String),
    Table(String),
    View(String),
    Column(String, String),
    Check(String, String),
    Index(String, String),
    Policy(String, String),
    Trigger(String, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    Bigint,
    Text,
    Varchar(u32),
    Numeric(u32),
    Time,
    Bool,
    Json,
    Uuid,
    Ints,
    Enum(String),
    Domain(String),
    Composite(String),
}

#[derive(Debug, Clone)]
pub(super) struct Domain {
    pub(super) base: Type,
    pub(super) not_null: bool,
    pub(super) default: Option<u32>,
    /// Whether a function checks it, if its base is a number, else a comparison.
    pub(super) check: Option<(u32, Option<String>)>,
}

#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) does: Does,
    /// What is in the body.
    pub(super) number: u32,
    pub(super) parameter: &'static str,
    pub(super) definer: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Does {
    /// `f(int)`, immutable; whether it returns bigint.
    Counts {
        big: bool,
    },
    /// Reads a column of a table, in a body that the server parses.
    Reads {
        table: String,
        column: String,
    },
    /// Returns rows of a table.
    Rows {
        table: String,
    },
    Trigger,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// In their order.
    pub(super) columns: Vec<Column>,
    /// Whether `id` is the primary key, rather than nothing.
    pub(super) key: bool,
    pub(super) unlogged: bool,
    pub(super) fillfactor: Option<u32>,
    /// Bounds of partitions of the range of `id`, by their names.
    pub(super) partitions: Option<BTreeMap<String, u32>>,
    pub(super) parent: Option<String>,
    /// Column and number.
    pub(super) checks: BTreeMap<String, (String, u32, Option<String>)>,
    pub(super) uniques: BTreeMap<String, Vec<String>>,
    pub(super) foreign_keys: BTreeMap<String, ForeignKey>,
    pub(super) indexes: BTreeMap<String, Index>,
    pub(super) triggers: BTreeMap<String, Trigger>,
    pub(super) policies: BTreeMap<String, Policy>,
    pub(super) row_security: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) data_type: Type,
    pub(super) not_null: bool,
    pub(super) holds: Holds,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holds {
    Nothing,
    Default(u32),
    /// Of an enum.
    Label(String),
    /// Calls a function.
    Call(String, u32),
    Next(String),
    Identity {
        always: bool,
    },
    /// Another column and a number.
    Generated(String, u32),
}

#[derive(Debug, Clone)]
pub(super) struct ForeignKey {
    pub(super) column: String,
    pub(super) table: String,
    pub(super) cascade: bool,
    pub(super) deferrable: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) columns: Vec<String>,
    /// A function of the first column.
    pub(super) call: Option<String>,
    pub(super) unique: bool,
    pub(super) descending: bool,
    pub(super) where_: Option<(String, u32)>,
}

#[derive(Debug, Clone)]
pub(super) struct Trigger {
    pub(super) function: String,
    pub(super) of: Option<String>,
    pub(super) when: Option<(String, u32)>,
    pub(super) after: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) role: &'static str,
    pub(super) column: String,
    pub(super) number: u32,
    /// Calls a function, or looks into another table.
    pub(super) call: Option<String>,
    pub(super) other: Option<String>,
}

#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is one throw of the dice")]
pub(super) struct View {
    pub(super) of: String,
    pub(super) columns: Vec<String>,
    pub(super) call: Option<(String, String)>,
    pub(super) where_: Option<(String, u32)>,
    pub(super) materialized: bool,
    pub(super) invoker: bool,
    /// Groups by the primary key of a table.
    pub(super) grouped: bool,
    pub(super) indexed: bool,
}

impl View {
    /// Whether it selects nothing of what it reads.
    pub(super) fn is_bare(&self) -> bool {
        self.columns.is_empty() && self.call.is_none() && !self.grouped
    }
}

impl Schema {
    /// The columns of a table, with those of its parents, or of a view, with their types.
    pub(super) fn columns(&self, relation: &str) -> Vec<(String, Type)> {
        if let Some(table) = self.tables.get(relation) {
            let parent = table.parent.as_ref().map(|it| self.columns(it)).unwrap_or_default();
            let own = table.columns.iter().map(|it| (it.name.clone(), it.data_type.clone()));
            let mut all: Vec<(String, Type)> = parent.into_iter().chain(own).collect();
            let mut names = std::collections::BTreeSet::new();
            all.retain(|(name, _)| names.insert(name.clone()));
            return all;
        }
        let Some(view) = self.views.get(relation) else { return Vec::new() };
        let of = self.columns(&view.of);
        let named = view.columns.iter().filter_map(|it| of.iter().find(|(name, _)| name == it).cloned());
        let call = view.call.iter().map(|(function, _)| {
            let big = matches!(self.functions.get(function).map(|it| &it.does), Some(Does::Counts { big: true }));
            ("called".to_owned(), if big { Type::Bigint } else { Type::Int })
        });
        let counted = view.grouped.then(|| ("counted".to_owned(), Type::Bigint));
        let one = view.is_bare().then(|| ("one".to_owned(), Type::Int));
        named.chain(call).chain(counted).chain(one).collect()
    }

    /// Whether a column is a plain number.
    pub(super) fn is_number(&self, relation: &str, column: &str) -> bool {
        self.columns(relation).iter().any(|(name, it)| name == column && matches!(it, Type::Int | Type::Bigint))
    }

    /// Whether a column is what functions take.
    pub(super) fn is_int(&self, relation: &str, column: &str) -> bool {
        self.columns(relation).iter().any(|(name, it)| name == column && *it == Type::Int)
    }

    /// Whether a column is computed from others.
    pub(super) fn is_generated(&self, table: &str, column: &str) -> bool {
        let Some(table) = self.tables.get(table) else { return false };
        let own = table.columns.iter().any(|it| it.name == column && matches!(it.holds, Holds::Generated(..)));
        own || table.parent.as_ref().is_some_and(|it| self.is_generated(it, column))
    }

    pub(super) fn counts(&self, function: &str) -> bool {
        matches!(self.functions.get(function).map(|it| &it.does), Some(Does::Counts { .. }))
    }

    /// Whether values of a type can be put in order.
    pub(super) fn has_order(&self, data_type: &Type) -> bool {
        match data_type {
            Type::Json | Type::Composite(_) => false,
            Type::Domain(name) => self.domains.get(name).is_some_and(|it| self.has_order(&it.base)),
            _ => true,
        }
    }
}
