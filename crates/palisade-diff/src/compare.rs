//! Whether an object that is on both sides stays, can be changed in place, or has to be made again.

use palisade_catalog::definition::{
    Aggregate, Column, Composite, Constraint, Domain, DomainConstraint, Enum, Index, Opaque, Options as ForeignOptions,
    Policy, Publication, Routine, Table, Trigger, View,
};
use palisade_catalog::{Definition, Object, ObjectKind};

use crate::item::{Fate, Items};
use crate::options::Options;

/// Decides for every object that is on both sides.
pub(crate) fn compare(items: &mut Items<'_>, options: &Options, version: u32) {
    for number in doubtful(items) {
        let item = &items.all[number];
        if let (Some(from), Some(to)) = (item.from, item.to) {
            items.all[number].fate = fate(items, number, from, to, options, version);
        }
    }
}

/// The objects that may be different: those that are not the same in every respect, and those of whom a part is not.
fn doubtful(items: &Items<'_>) -> Vec<usize> {
    let differs = |it: &usize| items.all[*it].from != items.all[*it].to;
    let mut found: Vec<usize> = (0..items.all.len()).filter(differs).collect();
    for number in 0..found.len() {
        let key = items.all[found[number]].key;
        found.extend(match key.kind {
            // How a column is generated stands beside it.
            ObjectKind::Default => items.find(ObjectKind::Column, [key.part(0), key.part(1), key.part(2)]),
            // The types of columns decide into which partition a row goes.
            ObjectKind::Column => items.find(ObjectKind::Table, [key.part(0), key.part(1)]),
            _ => None,
        });
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn fate(items: &Items<'_>, number: usize, from: &Object, to: &Object, options: &Options, version: u32) -> Fate {
    // How a column is generated stands beside it.
    let generated = items.all[number].key.kind == ObjectKind::Column && !column(items, number, version);
    let differs = from.definition != to.definition;
    let replaced =
        generated || moves(items, number) || differs && !can_alter(items, number, &from.definition, &to.definition);
    if replaced || matches!(&to.definition, Definition::Table(it) if key_changes(items, number, it)) {
        Fate::Replace
    } else if is_same(from, to, options) {
        Fate::Keep
    } else {
        Fate::Alter
    }
}

/// Whether a part belongs to another relation of the same name: a view took the place of a table, for example.
fn moves(items: &Items<'_>, number: usize) -> bool {
    let item = &items.all[number];
    item.key.kind.is_part() && items.relation_before(number) != items.relation_after(number)
}

/// Whether nothing differs that anybody compares.
fn is_same(from: &Object, to: &Object, options: &Options) -> bool {
    let compared = options.compared;
    (from.definition == to.definition || same_definition(&from.definition, &to.definition))
        && from.comment == to.comment
        && from.labels == to.labels
        && (!compared.owners || from.owner == to.owner)
        && (!compared.privileges || from.privileges == to.privileges)
}

/// Whether two definitions mean the same: the places of columns, and how a part came down from a parent, follow from the rest.
fn same_definition(from: &Definition, to: &Definition) -> bool {
    match (from, to) {
        (Definition::Column(from), Definition::Column(to)) => {
            let Column { position: _, local: _, inherited: _, .. } = to;
            // What a parent has brought cannot be renamed.
            let inherited = from.inherited > 0 && to.inherited > 0;
            let not_null_name = if inherited { &from.not_null_name } else { &to.not_null_name }.clone();
            *from
                == Column {
                    position: from.position,
                    local: from.local,
                    inherited: from.inherited,
                    not_null_name,
                    ..to.clone()
                }
        }
        (Definition::Constraint(from), Definition::Constraint(to)) => {
            let (local, inherited) = (from.local, from.inherited);
            let no_inherit = if from.kind.has_index() { from.no_inherit } else { to.no_inherit };
            let to = Constraint { local, inherited, no_inherit, ..to.clone() };
            *from == to
        }
        (
            Definition::Extension { schema: from_schema, version: from, default_version: _ },
            Definition::Extension { schema, version, default_version: _ },
        ) => from_schema == schema && from == version,
        (from, to) => from == to,
    }
}

/// `1.10` comes behind `1.9`.
fn version_parts(version: &str) -> Vec<(u64, &str)> {
    version.split('.').map(|it| (it.parse().unwrap_or(0), it)).collect()
}

/// Whether all that differs can be changed in place.
fn can_alter(items: &Items<'_>, number: usize, from: &Definition, to: &Definition) -> bool {
    match (from, to) {
        (Definition::Enum(from), Definition::Enum(to)) => labels_only_grow(from, to),
        (Definition::Domain(from), Definition::Domain(to)) => {
            let Domain { base, collation, default: _, not_null: _, not_null_name: _, not_null_comment: _ } = to;
            from.base == *base && from.collation == *collation
        }
        (Definition::DomainConstraint(from), Definition::DomainConstraint(to)) => {
            let DomainConstraint { definition, validated } = to;
            *validated && without_not_valid(&from.definition) == definition
        }
        (Definition::Composite(from), Definition::Composite(to)) => composite(items, number, from, to),
        (Definition::Routine(from), Definition::Routine(to)) => routine(from, to),
        (Definition::Aggregate(from), Definition::Aggregate(to)) => {
            let Aggregate { arguments, result, options } = to;
            let hypothetical = |it: &str| it.contains("HYPOTHETICAL");
            from.arguments == *arguments
                && from.result == *result
                && hypothetical(&from.options) == hypothetical(options)
        }
        (Definition::Table(from), Definition::Table(to)) => table(from, to),
        (Definition::Column(from), Definition::Column(to)) => !becomes_inherited(items, number, from, to),
        (Definition::Constraint(from), Definition::Constraint(to)) => constraint(from, to),
        (Definition::Index(from), Definition::Index(to)) => index(from, to),
        (Definition::View(from), Definition::View(to)) => view(items, number, from, to),
        (Definition::Trigger(from), Definition::Trigger(to)) => {
            let Trigger { definition, enabled: _, constraint, inherited } = to;
            // What a partition has of its parent follows that.
            let follows = from.inherited && *inherited && from.constraint == *constraint;
            let replaceable = !from.constraint && !constraint && !from.inherited && !inherited;
            from.definition == *definition && from.inherited == *inherited || replaceable || follows
        }
        (Definition::Policy(from), Definition::Policy(to)) => {
            let Policy { command, permissive, roles: _, using, check } = to;
            // `ALTER POLICY` can change an expression, not take it away.
            let kept = (from.using.is_none() || using.is_some()) && (from.check.is_none() || check.is_some());
            from.command == *command && from.permissive == *permissive && kept
        }
        (Definition::Publication(from), Definition::Publication(to)) => {
            let Publication { all_tables, publish: _, via_root: _, generated_columns: _ } = to;
            from.all_tables == *all_tables
        }
        (Definition::Options(from), Definition::Options(to)) => {
            let ForeignOptions { create, options: _, secret: _ } = to;
            from.create == *create
        }
        (Definition::Opaque(from), Definition::Opaque(to)) => {
            let Opaque { create, then } = to;
            // Nothing is known about it but whether it is there.
            from.create == *create && from.then == *then
        }
        // Extensions know the way to later versions only.
        (Definition::Extension { version: from, .. }, Definition::Extension { version: to, .. }) => {
            version_parts(from) <= version_parts(to)
        }
        (Definition::Default(_), Definition::Default(_))
        | (Definition::Sequence(_), Definition::Sequence(_))
        | (Definition::Rule(_), Definition::Rule(_))
        | (Definition::IdentitySequence, Definition::IdentitySequence)
        | (Definition::RowSecurity(_), Definition::RowSecurity(_))
        | (Definition::Subscription(_), Definition::Subscription(_)) => true,
        // Ranges and tables of publications are made anew.
        _ => false,
    }
}

/// Values can be added anywhere, and are never removed or moved.
fn labels_only_grow(from: &Enum, to: &Enum) -> bool {
    let mut wanted = to.labels.iter();
    from.labels.iter().all(|label| wanted.any(|it| it == label))
}

/// Attributes are added at the end. The type of one that a table stores cannot be changed.
fn composite(items: &Items<'_>, number: usize, from: &Composite, to: &Composite) -> bool {
    let kept: Vec<&str> = from.attributes.iter().map(|it| it.name.as_str()).filter(|it| has(to, it)).collect();
    let added = to.attributes.iter().map(|it| it.name.as_str()).filter(|it| !has(from, it));
    let in_order = kept.iter().copied().chain(added).eq(to.attributes.iter().map(|it| it.name.as_str()));
    let retyped = from.attributes.iter().any(|old| {
        to.attributes
            .iter()
            .any(|new| new.name == old.name && (new.data_type != old.data_type || new.collation != old.collation))
    });
    let stored =
        || items.kind(ObjectKind::Column).any(|it| items.needs_before(it).iter().any(|(needed, _)| *needed == number));
    in_order && !(retyped && stored())
}

fn has(composite: &Composite, name: &str) -> bool {
    composite.attributes.iter().any(|it| it.name == name)
}

/// What `CREATE OR REPLACE` accepts: the same result and outputs, no input renamed, no default removed.
fn routine(from: &Routine, to: &Routine) -> bool {
    let same_outputs = outputs(from) == outputs(to);
    let named = inputs(from).zip(inputs(to)).all(|(old, new)| old.is_empty() || old == new);
    from.result == to.result
        && same_outputs
        && named
        && from.defaults <= to.defaults
        && from.window == to.window
        && from.modes == to.modes
}

/// Names of outputs, which are the columns of the result.
fn outputs(routine: &Routine) -> Vec<&str> {
    let names = routine.names.iter().zip(&routine.modes);
    names.filter(|(_, mode)| matches!(mode.as_str(), "o" | "b" | "t")).map(|(name, _)| name.as_str()).collect()
}

/// Names of inputs, one for each argument that has one.
fn inputs(routine: &Routine) -> impl Iterator<Item = &str> {
    let is_input = |index: usize| routine.modes.get(index).is_none_or(|it| matches!(it.as_str(), "i" | "b" | "v"));
    routine.names.iter().enumerate().filter(move |(index, _)| is_input(*index)).map(|(_, name)| name.as_str())
}

fn table(from: &Table, to: &Table) -> bool {
    let Table {
        kind,
        unlogged: _,
        access_method: _,
        tablespace: _,
        partition_key,
        parents: _,
        bound: _,
        of_type: _,
        options: _,
        toast_options: _,
        replica_identity: _,
        server,
        foreign_options: _,
    } = to;
    from.kind == *kind && from.partition_key == *partition_key && from.server == *server
}

/// Whether the type of a column changes that decides into which partition a row goes, which Postgres does not do.
fn key_changes(items: &Items<'_>, number: usize, it: &Table) -> bool {
    let Some(tokens) = it.partition_key.as_deref().map(palisade_sql::lex).and_then(Result::ok) else { return false };
    let (schema, name) = items.all[number].key.relation();
    items.parts(ObjectKind::Column, schema, name).any(|column| {
        let column = &items.all[column];
        let both = (column.from.map(|it| &it.definition), column.to.map(|it| &it.definition));
        let (Some(Definition::Column(from)), Some(Definition::Column(to))) = both else { return false };
        let differs = from.data_type != to.data_type || from.collation != to.collation;
        differs && tokens.iter().any(|it| it.text == column.key.sql())
    })
}

/// How a column is generated decides whether it can stay.
fn column(items: &Items<'_>, number: usize, version: u32) -> bool {
    let key = items.all[number].key;
    let default = items.get(&palisade_catalog::ObjectKey { kind: ObjectKind::Default, path: key.path.clone() });
    can_keep_generated(default.and_then(|it| it.from), default.and_then(|it| it.to), version)
}

/// `DROP EXPRESSION` makes a stored column an ordinary one; `SET EXPRESSION` came with 17. All else wants a new column.
pub(crate) fn can_keep_generated(from: Option<&Object>, to: Option<&Object>, version: u32) -> bool {
    let generated = |object: Option<&Object>| match object.map(|it| &it.definition) {
        Some(Definition::Default(default)) => default.generated.map(|kind| (kind, default.expression.clone())),
        _ => None,
    };
    match (generated(from), generated(to)) {
        (None, None) => true,
        (Some((kind, _)), None) => kind == palisade_catalog::definition::Generated::Stored,
        (None, Some(_)) => false,
        (Some((old, one)), Some((new, other))) => old == new && (one == other || version >= 170_000),
    }
}

/// Whether a column that its table declared shall be there only because of a parent. Nothing makes it so but dropping it: the
/// parent brings it back.
fn becomes_inherited(items: &Items<'_>, number: usize, from: &Column, to: &Column) -> bool {
    let key = items.all[number].key;
    let table = items.find(ObjectKind::Table, [key.part(0), key.part(1)]).and_then(|it| items.all[it].to);
    let is_partition = table.and_then(crate::item::table_of).is_none_or(Table::is_partition);
    from.local && from.inherited == 0 && !to.local && to.inherited > 0 && !is_partition
}

fn constraint(from: &Constraint, to: &Constraint) -> bool {
    let Constraint {
        kind,
        definition,
        references,
        deferrable,
        deferred,
        validated,
        enforced,
        no_inherit,
        local: _,
        inherited: _,
        parent,
        index: _,
    } = to;
    let same_text = from.definition == *definition;
    let becomes_valid = !from.validated && *validated && without_not_valid(&from.definition) == definition;
    let becomes_deferrable = *kind == palisade_catalog::definition::ConstraintKind::ForeignKey
        && (from.deferrable != *deferrable || from.deferred != *deferred)
        && without_deferral(&from.definition) == without_deferral(definition);
    from.kind == *kind
        && from.references == *references
        && (from.no_inherit == *no_inherit || kind.has_index())
        && from.enforced == *enforced
        && (from.parent == *parent || from.parent.is_none() || parent.is_none())
        && (same_text || becomes_valid || becomes_deferrable)
}

/// The text of a constraint as it is once all rows were looked at.
pub(crate) fn without_not_valid(definition: &str) -> &str {
    definition.strip_suffix(" NOT VALID").unwrap_or(definition)
}

fn without_deferral(definition: &str) -> &str {
    let it = definition.strip_suffix(" INITIALLY DEFERRED").unwrap_or(definition);
    it.strip_suffix(" DEFERRABLE").unwrap_or(it)
}

fn index(from: &Index, to: &Index) -> bool {
    let Index {
        definition,
        table,
        unique: _,
        valid,
        partitioned,
        parent,
        clustered: _,
        replica_identity: _,
        tablespace: _,
        statistics: _,
    } = to;
    let becomes_valid = !from.valid && *valid && !partitioned;
    from.definition == *definition
        && from.table == *table
        && from.partitioned == *partitioned
        && (from.parent == *parent || from.parent.is_none() || parent.is_none())
        && !becomes_valid
}

/// A view can be replaced in place by one that has the same columns and perhaps more behind them.
fn view(items: &Items<'_>, number: usize, from: &View, to: &View) -> bool {
    let View { query, options: _, access_method, tablespace: _, populated: _ } = to;
    if items.all[number].key.kind == ObjectKind::MaterializedView {
        return from.query == *query && from.access_method == *access_method;
    }
    if from.query == *query {
        return true;
    }
    let (schema, name) = items.all[number].key.relation();
    let (before, after) = (columns(items, schema, name, |it| it.from), columns(items, schema, name, |it| it.to));
    before.len() <= after.len() && before.iter().zip(&after).all(|(old, new)| old == new)
}

/// Name, type and collation of a column of a view.
type ViewColumn = (String, String, Option<String>);

/// Names, types and collations of the columns of a relation on one side, in order.
fn columns<'a>(
    items: &Items<'a>,
    schema: &str,
    name: &str,
    side: impl Fn(&crate::item::Item<'a>) -> Option<&'a Object>,
) -> Vec<ViewColumn> {
    let mut found: Vec<(u32, ViewColumn)> = Vec::new();
    for number in items.parts(ObjectKind::Column, schema, name) {
        let item = &items.all[number];
        if let Some(Object { definition: Definition::Column(column), .. }) = side(item) {
            let column_name = item.key.name().to_owned();
            found.push((column.position, (column_name, column.data_type.clone(), column.collation.clone())));
        }
    }
    found.sort_by_key(|(position, _)| *position);
    found.into_iter().map(|(_, column)| column).collect()
}
