//! What stands in for tables and views while files run on the target, and what is read from it in their place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use palisade_catalog::{Catalog, Definition, ObjectKey, ObjectKind, Strength};
use palisade_db::{Connection, DbError, Row, batch};
use palisade_plan::Decided;
use palisade_sql::{quote_ident, quote_literal};

use super::super::error::DeclareError;
use super::names::Relation;
use super::whole_row::without_casts;

/// What stands in for what; nothing on a throwaway database.
#[derive(Debug, Default)]
pub(in super::super) struct StandIns {
    /// The schemas of the stand-ins, by those of what they stand in for.
    schemas: BTreeMap<String, String>,
    relations: BTreeSet<Relation>,
}

impl StandIns {
    pub(super) fn new<'a>(relations: impl Iterator<Item = &'a Relation>) -> Self {
        let known = |it: &&Relation| ["r", "p", "v"].contains(&it.kind.as_str());
        let relations: BTreeSet<Relation> = relations.filter(known).cloned().collect();
        let schemas: BTreeSet<&String> = relations.iter().map(|it| &it.schema).collect();
        // A name that nothing has by chance, so that it can be found in what the server writes.
        let prefix = format!("palisade_{:016x}", rand::random::<u64>());
        let schemas =
            schemas.into_iter().enumerate().map(|(number, it)| (it.clone(), format!("{prefix}_{number}"))).collect();
        Self { schemas, relations }
    }

    /// The schema and the name of what stands in for a relation.
    pub(super) fn schema_of(&self, relation: &Relation) -> (String, String) {
        (self.schemas.get(&relation.schema).cloned().unwrap_or_default(), relation.name.clone())
    }

    /// Makes them. `LIKE` locks a table as reading it does; names and types of the columns are all that a policy can know of.
    pub(super) fn sql(&self) -> String {
        let mut sql = String::from(
            "set local lock_timeout = '500ms';\ncreate temporary table palisade_stand_in (own oid, stand oid);\n",
        );
        // Writing to a string cannot fail.
        for schema in self.schemas.values() {
            let _ = writeln!(sql, "create schema {schema};");
        }
        for relation in &self.relations {
            let (schema, name) = self.schema_of(relation);
            let own = format!("{}.{}", quote_ident(&relation.schema), quote_ident(&relation.name));
            let stand = format!("{schema}.{}", quote_ident(&name));
            let _ = match relation.kind.as_str() {
                "v" => writeln!(sql, "create view {stand} as select 1 as one;"),
                _ => writeln!(sql, "create table {stand} (like {own});"),
            };
            let oid = |name: &str| format!("{}::pg_catalog.regclass", quote_literal(name));
            let _ = writeln!(sql, "insert into pg_temp.palisade_stand_in values ({}, {});", oid(&own), oid(&stand));
        }
        sql
    }

    /// Whether everything that was read there means the same on the table itself.
    pub(in super::super) async fn check(&self, connection: &mut Connection) -> Result<(), DeclareError> {
        if self.relations.is_empty() {
            return Ok(());
        }
        let done = batch(connection, include_str!("whole_rows.sql")).await.map_err(|it| it.error)?;
        let Some(row) = done.rows.first() else { return Ok(()) };
        let text = |name: &str| row.try_get::<String, _>(name).map_err(DbError::from);
        Err(DeclareError::WholeRow { policy: text("policy")?, table: text("on_table")?, why: text("why")? })
    }

    /// What was read of stand-ins as what is said of the tables.
    pub(in super::super) fn home(
        &self,
        mut catalog: Catalog,
        decided: BTreeSet<Decided>,
    ) -> Result<(Catalog, BTreeSet<Decided>), DeclareError> {
        let stand_ins: BTreeMap<&str, &str> =
            self.schemas.iter().map(|(real, stand_in)| (stand_in.as_str(), real.as_str())).collect();
        let stands = |key: &ObjectKey| key.path.first().is_some_and(|it| stand_ins.contains_key(it.as_str()));
        let real = |mut key: ObjectKey| {
            if let Some(schema) = Arc::make_mut(&mut key.path).first_mut()
                && let Some(real) = stand_ins.get(schema.as_str())
            {
                *schema = (*real).to_owned();
            }
            key
        };
        let tables: BTreeSet<(&str, &str)> =
            self.relations.iter().map(|it| (it.schema.as_str(), it.name.as_str())).collect();
        let of_table = |key: &ObjectKey| matches!(key.kind, ObjectKind::Policy | ObjectKind::RowSecurity);
        catalog.objects.retain(|key, _| !of_table(key) || !tables.contains(&key.relation()));
        let keys: Vec<ObjectKey> = catalog.objects.keys().filter(|it| stands(it)).cloned().collect();
        for key in keys {
            let Some(mut object) = catalog.objects.remove(&key) else { continue };
            if let (Definition::View(stand_in), Some(view)) =
                (&object.definition, catalog.objects.get_mut(&real(key.clone())))
                && let Definition::View(view) = &mut view.definition
            {
                view.options.retain(|it| !it.starts_with("security_"));
                view.options.extend(stand_in.options.iter().cloned());
            }
            if !of_table(&key) {
                continue;
            }
            let (schema, name) = key.relation();
            let here =
                self.relations.iter().find(|it| it.name == name && stand_ins.get(schema) == Some(&it.schema.as_str()));
            if let (Definition::Policy(policy), Some(here)) = (&mut object.definition, here) {
                for text in [&mut policy.using, &mut policy.check].into_iter().flatten() {
                    *text = self.home_text(text, here).ok_or_else(|| DeclareError::WholeRow {
                        policy: key.part(2).to_owned(),
                        table: format!("{}.{}", here.schema, here.name),
                        why: "a column is taken out of it".to_owned(),
                    })?;
                }
            }
            // The function that makes one row of the other is needed here only.
            let needs = std::mem::take(&mut object.needs);
            for (needed, strength) in needs.into_iter().filter(|(it, _)| !(it.kind.is_routine() && stands(it))) {
                // A policy that reads its own table needs it as its table.
                let needed = object.needs.entry(real(needed)).or_insert(strength);
                if strength == Strength::Auto {
                    *needed = strength;
                }
            }
            catalog.objects.insert(real(key), object);
        }
        let decided = decided.into_iter().map(|it| Decided { object: real(it.object), side: it.side }).collect();
        Ok((catalog, decided))
    }

    /// A condition as the server writes it on the table; none if that cannot be told.
    fn home_text(&self, text: &str, relation: &Relation) -> Option<String> {
        let mut text = text.to_owned();
        for (schema, stand_in) in &self.schemas {
            text = text.replace(&format!("{stand_in}."), &format!("{}.", quote_ident(schema)));
        }
        without_casts(&text, relation)
    }
}
