//! Tables that change in place.

use palisade_catalog::ObjectKey;
use palisade_catalog::definition::Table;
use palisade_plan::Hazard;
use palisade_sql::quote_ident;

use super::{name, options};
use crate::script::{Action, Statement};

pub(super) fn alter(key: &ObjectKey, from: &Table, to: &Table, out: &mut Vec<Statement>) {
    let Table {
        // With another one of these it is made anew.
        kind: _,
        partition_key: _,
        server: _,
        // Detached and attached in their own places.
        parents: _,
        bound: _,
        unlogged,
        access_method,
        tablespace,
        of_type,
        options,
        toast_options,
        replica_identity,
        foreign_options,
    } = to;
    let alter = |what: String| Statement::new(key, Action::Alter, format!("{} {what}", name::alter_table(key, "")));
    let rewrite = |it: Statement| it.danger(Hazard::Rewrite, key.qualified());
    if from.of_type != *of_type {
        out.push(alter(match of_type {
            Some(of_type) => format!("OF {of_type}"),
            None => "NOT OF".to_owned(),
        }));
    }
    if from.unlogged != *unlogged {
        out.push(rewrite(alter(if *unlogged { "SET UNLOGGED" } else { "SET LOGGED" }.to_owned())));
    }
    if from.access_method != *access_method {
        let method = access_method.as_deref().unwrap_or("heap");
        out.push(rewrite(alter(format!("SET ACCESS METHOD {}", quote_ident(method)))));
    }
    if from.tablespace != *tablespace {
        let tablespace = tablespace.as_deref().unwrap_or("pg_default");
        out.push(rewrite(alter(format!("SET TABLESPACE {}", quote_ident(tablespace)))));
    }
    out.extend(options::changes(&from.options, options, "").into_iter().map(alter));
    out.extend(options::changes(&from.toast_options, toast_options, "toast.").into_iter().map(alter));
    if from.replica_identity != *replica_identity {
        match replica_identity.as_str() {
            "n" => out.push(alter("REPLICA IDENTITY NOTHING".to_owned())),
            "f" => out.push(alter("REPLICA IDENTITY FULL".to_owned())),
            "d" => out.push(alter("REPLICA IDENTITY DEFAULT".to_owned())),
            // The index says so.
            _ => {}
        }
    }
    if let Some(changes) = options::foreign_changes(&from.foreign_options, foreign_options) {
        out.push(Statement::new(key, Action::Alter, format!("ALTER FOREIGN TABLE {}{changes}", key.sql())));
    }
}
