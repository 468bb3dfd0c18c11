//! From parse trees to expressions.

use crate::Oid;
use crate::expr::constant::constant;
use crate::expr::{ColumnRef, Command, Expr, Query, RangeEntry, SessionValue, SubLinkKind, Target, TruthTest};
use crate::tree::{Node, Tagged, TreeError};
use std::fmt::Write as _;

/// Why a parse tree cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    /// The text is no parse tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// It is one, but not of an expression, or not of queries.
    #[error("the parse tree is no {expected}")]
    Kind {
        /// What it should be.
        expected: &'static str,
    },
}

/// Reads an expression, as in `pg_policy.polqual`.
///
/// # Errors
///
/// [`LowerError`].
pub fn lower_expression(text: &str) -> Result<Expr, LowerError> {
    match Node::parse(text)? {
        Node::Tagged(it) => Ok(expression(&it)),
        _ => Err(LowerError::Kind { expected: "expression" }),
    }
}

/// Reads one query or several, as in `pg_rewrite.ev_action` and `pg_proc.prosqlbody`.
///
/// # Errors
///
/// [`LowerError`].
pub fn lower_queries(text: &str) -> Result<Vec<Query>, LowerError> {
    let mut queries = Vec::new();
    collect_queries(&Node::parse(text)?, &mut queries);
    Ok(queries)
}

/// Bodies of functions are lists in lists.
fn collect_queries(node: &Node<'_>, queries: &mut Vec<Query>) {
    match node {
        Node::Tagged(it) if it.tag == "QUERY" => queries.push(query(it)),
        Node::List(items) => items.iter().for_each(|it| collect_queries(it, queries)),
        Node::Tagged(_) | Node::Absent | Node::Atom(_) => {}
    }
}

fn oid(node: &Tagged<'_>, field: &str) -> Oid {
    Oid(node.field(field).number().unwrap_or_default())
}

fn list(node: &Node<'_>) -> Vec<Expr> {
    node.items().iter().filter_map(optional).collect()
}

fn args(node: &Tagged<'_>) -> Vec<Expr> {
    list(node.field("args"))
}

fn optional(node: &Node<'_>) -> Option<Expr> {
    node.tagged().map(expression)
}

fn boxed(node: &Tagged<'_>, field: &str) -> Option<Box<Expr>> {
    optional(node.field(field)).map(Box::new)
}

fn expression(node: &Tagged<'_>) -> Expr {
    match (known(node), collation(node)) {
        (Some(known), None) => known,
        // Under another collation the same operator may say something else.
        (Some(known), Some(collation)) => Expr::Other { tag: format!("COLLATION {collation}"), args: vec![known] },
        (None, _) => other(node, &[]),
    }
}

/// The collation under which a comparison is made, if it is one of which equal texts need not be equal byte for byte.
fn collation(node: &Tagged<'_>) -> Option<u32> {
    // None, the default of the database, C and POSIX.
    const EXACT: [u32; 4] = [0, 100, 950, 951];
    node.field("inputcollid").number().filter(|it| !EXACT.contains(it))
}

/// A node of which only the form is known: all it says but where it stood, and what the server works out again. What is an
/// expression in it becomes one of its parts, in the place that `#` marks, so that numbers in it can be replaced.
fn other(node: &Tagged<'_>, without: &[&str]) -> Expr {
    const NOT_MEANT: [&str; 30] = [
        "location",
        "rexpr_list_start",
        "rexpr_list_end",
        "list_start",
        "list_end",
        "stmt_location",
        "stmt_len",
        "querySource",
        "canSetTag",
        "utilityStmt",
        "rtable",
        "rteperminfos",
        "cteList",
        "targetList",
        "constraintDeps",
        "withCheckOptions",
        "relid",
        "relkind",
        "rellockmode",
        "perminfoindex",
        "requiredPerms",
        "checkAsUser",
        "selectedCols",
        "insertedCols",
        "updatedCols",
        "extraUpdatedCols",
        "securityQuals",
        "alias",
        "eref",
        "subquery",
    ];
    let (mut tag, mut args) = (node.tag.to_owned(), Vec::new());
    for (name, value) in &node.fields {
        if !NOT_MEANT.contains(name) && !without.contains(name) {
            tag.extend([" ", name, "="]);
            form(value, &mut tag, &mut args);
        }
    }
    Expr::Other { tag, args }
}

fn form(value: &Node<'_>, tag: &mut String, args: &mut Vec<Expr>) {
    match value {
        Node::Absent => tag.push_str("<>"),
        // Quoted, so that no name reads as something else.
        Node::Atom(atom) => {
            let _ = write!(tag, "{atom:?}");
        }
        Node::List(items) => {
            tag.push('(');
            for item in items {
                form(item, tag, args);
                tag.push(' ');
            }
            tag.push(')');
        }
        Node::Tagged(inner) => {
            tag.push('#');
            args.push(expression(inner));
        }
    }
}

/// In two parts: the word that marks what is left undone stands in it, and none may in this repository.
const TO_DOMAIN: &str = concat!("COERCET", "ODOMAIN");

/// What is known by its tag; none where something that must be there is not.
fn known(node: &Tagged<'_>) -> Option<Expr> {
    Some(match node.tag {
        "CONST" => {
            let (data_type, value) = constant(node);
            Expr::Const { data_type, value }
        }
        "VAR" => Expr::Column(ColumnRef {
            level: node.field("varlevelsup").number()?,
            relation: node.field("varno").number()?,
            column: node.field("varattno").number()?,
            data_type: oid(node, "vartype"),
        }),
        "FUNCEXPR" if node.flag("funcvariadic") => other(node, &["funcid"]),
        "FUNCEXPR" => {
            let cast = matches!(node.field("funcformat").number::<u8>(), Some(1 | 2));
            Expr::Call { function: oid(node, "funcid"), cast, args: args(node) }
        }
        "AGGREF" => {
            // With its filter, its order and whether equal values count once.
            let call = Expr::Call { function: oid(node, "aggfnoid"), cast: false, args: args(node) };
            let without = ["aggfnoid", "args", "aggno", "aggtransno", "aggtranstype"];
            Expr::Other { tag: "AGGREGATE".to_owned(), args: vec![call, other(node, &without)] }
        }
        "OPEXPR" => Expr::Operator { operator: oid(node, "opno"), function: oid(node, "opfuncid"), args: args(node) },
        "DISTINCTEXPR" => Expr::Distinct { operator: oid(node, "opno"), args: Box::new(args(node).try_into().ok()?) },
        "SCALARARRAYOPEXPR" => Expr::InArray {
            operator: oid(node, "opno"),
            function: oid(node, "opfuncid"),
            any: node.flag("useOr"),
            args: Box::new(args(node).try_into().ok()?),
        },
        "BOOLEXPR" => match (node.field("boolop").atom()?, args(node)) {
            ("and", args) => Expr::And(args),
            ("or", args) => Expr::Or(args),
            ("not", args) => Expr::Not(Box::new(args.into_iter().next()?)),
            _ => return None,
        },
        // A row with some values is neither null nor not null.
        "NULLTEST" if node.flag("argisrow") => return None,
        "NULLTEST" => {
            Expr::IsNull { arg: boxed(node, "arg")?, negated: node.field("nulltesttype").number() == Some(1_u8) }
        }
        "BOOLEANTEST" => Expr::Truth {
            arg: boxed(node, "arg")?,
            test: *[
                TruthTest::True,
                TruthTest::NotTrue,
                TruthTest::False,
                TruthTest::NotFalse,
                TruthTest::Unknown,
                TruthTest::NotUnknown,
            ]
            .get(node.field("booltesttype").number::<usize>()?)?,
        },
        // Before version 16 they are two tags.
        "COALESCEEXPR" | "COALESCE" => Expr::Coalesce(args(node)),
        "CASEEXPR" | "CASE" => case(node)?,
        // Of arrays, the cast of each element decides whether the values stay.
        "ARRAYCOERCEEXPR" => {
            let element = node.field("elemexpr").tagged().map(|it| it.tag);
            if element != Some("RELABELTYPE") {
                return None;
            }
            Expr::Cast { arg: boxed(node, "arg")?, data_type: oid(node, "resulttype"), relabels: true }
        }
        "RELABELTYPE" | "COERCEVIAIO" | TO_DOMAIN | "CONVERTROWTYPEEXPR" => Expr::Cast {
            arg: boxed(node, "arg")?,
            data_type: oid(node, "resulttype"),
            relabels: node.tag == "RELABELTYPE",
        },
        "ARRAYEXPR" | "ARRAY" => Expr::Array(list(node.field("elements"))),
        "SQLVALUEFUNCTION" => Expr::Session(session_value(node)),
        "SUBLINK" => Expr::SubLink {
            kind: *[
                SubLinkKind::Exists,
                SubLinkKind::All,
                SubLinkKind::Any,
                SubLinkKind::Other,
                SubLinkKind::Scalar,
                SubLinkKind::Other,
                SubLinkKind::Array,
            ]
            .get(node.field("subLinkType").number::<usize>()?)?,
            test: boxed(node, "testexpr"),
            query: Box::new(query(node.field("subselect").tagged()?)),
        },
        // Which one of the columns it is does not stand in its children, but makes it another expression.
        "PARAM" => Expr::Other { tag: format!("PARAM {}", node.field("paramid").number::<i64>()?), args: Vec::new() },
        "FIELDSELECT" => Expr::Other {
            tag: format!("FIELDSELECT {}", node.field("fieldnum").number::<i64>()?),
            args: boxed(node, "arg").map(|it| *it).into_iter().collect(),
        },
        _ => return None,
    })
}

fn case(node: &Tagged<'_>) -> Option<Expr> {
    let branch = |it: &Node<'_>| {
        let it = it.tagged()?;
        Some((*boxed(it, "expr")?, *boxed(it, "result")?))
    };
    Some(Expr::Case {
        arg: boxed(node, "arg"),
        branches: node.field("args").items().iter().map(branch).collect::<Option<_>>()?,
        otherwise: boxed(node, "defresult")?,
    })
}

/// `SVFOP_CURRENT_ROLE` is the tenth, the names of the current user follow; see `primnodes.h`.
fn session_value(node: &Tagged<'_>) -> SessionValue {
    match node.field("op").number::<u8>() {
        Some(9..=11) => SessionValue::CurrentUser,
        Some(12) => SessionValue::SessionUser,
        other => SessionValue::Other(other.unwrap_or(u8::MAX)),
    }
}

fn query(node: &Tagged<'_>) -> Query {
    let mut conditions = Vec::new();
    let mut others = Vec::new();
    if let Some(join) = node.field("jointree").tagged() {
        collect_conditions(join, &mut conditions);
    }
    conditions.extend(optional(node.field("havingQual")));
    others.extend(optional(node.field("limitOffset")));
    others.extend(list(node.field("mergeActionList")));
    others.extend(list(node.field("windowClause")));
    others.extend(optional(node.field("onConflict")));
    let returning = node.field("returningList").items().iter().filter_map(target).map(|it| it.expr);
    others.extend(returning);
    let limit = optional(node.field("limitCount"));
    let groups = !node.field("groupClause").items().is_empty() || !node.field("groupingSets").items().is_empty();
    Query {
        command: match node.field("commandType").number::<u8>() {
            Some(1) => Command::Select,
            Some(2) => Command::Update,
            Some(3) => Command::Insert,
            Some(4) => Command::Delete,
            Some(5) if node.fields.iter().any(|(it, _)| *it == "mergeActionList") => Command::Merge,
            _ => Command::Other,
        },
        result: node.field("resultRelation").number().unwrap_or_default(),
        common: node.field("cteList").items().iter().filter_map(common).collect(),
        relations: node.field("rtable").items().iter().map(range_entry).collect(),
        conditions,
        targets: node.field("targetList").items().iter().filter_map(target).collect(),
        form: std::iter::once(other(node, &["limitOffset", "limitCount", "returningList"]))
            .chain(node.field("rtable").items().iter().filter_map(Node::tagged).map(|it| other(it, &["joinaliasvars"])))
            .collect(),
        sets: node.flag("hasTargetSRFs"),
        aggregates: node.flag("hasAggs") && !groups,
        groups,
        combines: *node.field("setOperations") != Node::Absent,
        limit: limit.as_ref().and_then(|it| match it.without_casts().value() {
            Some(crate::expr::Value::Int(number)) => Some(*number),
            _ => None,
        }),
        others: others.into_iter().chain(limit).collect(),
    }
}

fn collect_conditions(join: &Tagged<'_>, conditions: &mut Vec<Expr>) {
    let from = join.field("fromlist").items().iter().filter_map(Node::tagged);
    for inner in from.chain(["larg", "rarg"].iter().filter_map(|it| join.field(it).tagged())) {
        collect_conditions(inner, conditions);
    }
    let parts = optional(join.field("quals"));
    conditions.extend(parts.into_iter().flat_map(|it| match it {
        Expr::And(parts) => parts,
        other => vec![other],
    }));
}

fn common(node: &Node<'_>) -> Option<(String, Query)> {
    let node = node.tagged()?;
    Some((node.field("ctename").atom()?.to_owned(), query(node.field("ctequery").tagged()?)))
}

fn target(node: &Node<'_>) -> Option<Target> {
    let node = node.tagged()?;
    Some(Target {
        name: node.field("resname").atom().unwrap_or_default().to_owned(),
        expr: optional(node.field("expr"))?,
        sort: node.field("ressortgroupref").number().unwrap_or_default(),
        junk: node.flag("resjunk"),
    })
}

fn range_entry(node: &Node<'_>) -> RangeEntry {
    let Some(node) = node.tagged() else { return RangeEntry::Other(Vec::new()) };
    let name =
        || node.field("eref").tagged().and_then(|it| it.field("aliasname").atom()).unwrap_or_default().to_owned();
    match node.field("rtekind").number::<u8>() {
        Some(0) => RangeEntry::Relation { relation: oid(node, "relid"), name: name(), in_from: node.flag("inFromCl") },
        Some(1) => match node.field("subquery").tagged() {
            Some(inner) => RangeEntry::Query(Box::new(query(inner))),
            None => RangeEntry::Other(Vec::new()),
        },
        Some(2) => RangeEntry::Join(list(node.field("joinaliasvars"))),
        Some(3) => {
            let functions = node.field("functions").items().iter().filter_map(Node::tagged);
            RangeEntry::Functions(functions.filter_map(|it| optional(it.field("funcexpr"))).collect())
        }
        Some(6) => RangeEntry::CommonTable(node.field("ctename").atom().unwrap_or_default().to_owned()),
        _ => RangeEntry::Other(vec![other(node, &[])]),
    }
}
