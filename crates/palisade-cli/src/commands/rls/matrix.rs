//! `rls matrix`

mod html;

use crate::security::{LookArgs, Looked};
use crate::table::table;
use crate::{CommandError, Context, Outcome};
use camino::Utf8PathBuf;
use palisade_policy::{Access, AccessCommand, Cell, Door, Verdict};
use serde_json::json;
use std::fmt::Write as _;

/// Show for every role, table and command which rows it reaches, and why
///
/// `none`, `some` or `all` is what a statement reaches that reads no column, such as `delete from t`. One that does, `delete from
/// t where id = 1`, reaches the rows that may be selected as well, never more. Computed from the catalog: no row is read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls matrix
  cargo xtask rls matrix --env prod --role anon
  cargo xtask rls matrix --from migrations --table public.posts --output json")]
pub(crate) struct MatrixArgs {
    /// Only this role; can be given several times
    #[arg(long, value_name = "NAME")]
    role: Vec<String>,

    /// Only this table or view; can be given several times
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,

    /// Write it as a page for the browser, too
    #[arg(long, value_name = "FILE")]
    html: Option<Utf8PathBuf>,

    #[command(flatten)]
    look: LookArgs,
}

pub(crate) async fn run(context: &mut Context, args: &MatrixArgs) -> Result<Outcome, CommandError> {
    let looked: Looked = args.look.look(context).await?;
    let relations = looked.relations(&args.table)?;
    let roles = looked.roles(&args.role, &relations)?;
    let access = Access::new(&looked.facts);
    let cells = access.matrix(&roles, &relations);
    let doors = access.doors(&roles, &relations);
    let data = json!({ "source": looked.label, "cells": cells, "doors": doors });
    if let Some(path) = &args.html {
        std::fs::write(path, html::page(&looked.label, &cells, &doors)).map_err(|error| {
            CommandError::failed("write", format!("`{path}` cannot be written: {error}"))
                .help("name a file in a directory that you may write to")
        })?;
    }
    Ok(Outcome::done(text(&cells, &doors)).data(data))
}

fn text(cells: &[Cell], doors: &[Door]) -> String {
    if cells.is_empty() {
        return "There are no tables".to_owned();
    }
    let mut text = String::new();
    for of_table in cells.chunk_by(|a, b| a.table == b.table) {
        let mut rows = Vec::new();
        let head = AccessCommand::ALL.iter().map(|it| it.as_str().to_owned());
        rows.push(std::iter::once(format!("  {}", of_table[0].table)).chain(head).collect());
        let mut notes = Vec::new();
        for of_role in of_table.chunk_by(|a, b| a.role == b.role) {
            let mut row = vec![format!("  {}", of_role[0].role)];
            row.extend(of_role.iter().map(|it| match it.verdict {
                Verdict::None => "-".to_owned(),
                it => it.as_str().to_owned(),
            }));
            rows.push(row);
            notes.extend(of_role.iter().filter(|it| it.verdict == Verdict::Some).map(note));
        }
        let _ = writeln!(text, "{}", table(&rows));
        for note in notes {
            let _ = writeln!(text, "    {note}");
        }
        for door in doors.iter().filter(|it| it.table == of_table[0].table) {
            let (kind, object, roles) = (door.kind.as_str(), &door.object, door.roles.join(", "));
            let _ = writeln!(text, "    around it: {kind} {object} {} ({roles})", door.how);
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn note(cell: &Cell) -> String {
    let mut note = format!("{} {}", cell.role, cell.command.as_str());
    match (&cell.rows, &cell.check) {
        (Some(rows), Some(check)) if rows.sql == check.sql => {
            let _ = write!(note, " where, before and after, {}", rows.sql);
        }
        (rows, check) => {
            if let Some(rows) = rows {
                let _ = write!(note, " where {}", rows.sql);
            }
            if let Some(check) = check {
                let _ = write!(note, " if the new row has {}", check.sql);
            }
        }
    }
    if let Some(columns) = &cell.columns {
        let _ = write!(note, " (columns {})", columns.join(", "));
    }
    note
}
