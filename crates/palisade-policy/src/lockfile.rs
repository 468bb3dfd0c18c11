//! Access as text: `rls/access.lock`.
//!
//! One line for each thing that can change by itself, in an order that depends on names only, so that a change of access is a change
//! of few lines in a pull request.

use crate::Oid;
use crate::access::{Access, AccessCommand, Cell, Verdict};
use crate::facts::{Policy, Relation};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The first line: which form the rest has.
pub const LOCK_HEADER: &str = "# palisade access lock, form 1";

/// Access of these roles to these relations.
pub fn access_lock(access: &Access<'_>, roles: &[Oid], relations: &[Oid]) -> String {
    let mut text = format!(
        "{LOCK_HEADER}\n# Who can do what to which rows. Written by `rls lock`; read its changes as you read code.\n"
    );
    let mut tables: Vec<&Relation> = relations.iter().filter_map(|it| access.facts.relations.get(it)).collect();
    tables.sort_by(|a, b| (&a.schema_name, &a.name).cmp(&(&b.schema_name, &b.name)));
    let cells = access.matrix(roles, relations);
    let mut of_table: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
    for cell in cells.iter().filter(|it| it.verdict != Verdict::None) {
        of_table.entry(&cell.table).or_default().push(cell);
    }
    for table in tables {
        let kind = match table.kind.has_row_security() {
            true if table.row_security && table.forced => "table, row security on and forced",
            true if table.row_security => "table, row security on",
            true => "table, row security OFF",
            false if table.security_invoker => "view, reads as its caller",
            false => "view",
        };
        let _ = writeln!(text, "\n{}.{}: {kind}", quote_ident(&table.schema_name), quote_ident(&table.name));
        let name = table.qualified();
        let reached = of_table.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        // Commands without a condition stand in one line.
        let alike = |a: &&Cell, b: &&Cell| {
            (a.verdict, &a.role, a.why, &a.columns) == (Verdict::All, &b.role, b.why, &b.columns)
                && b.verdict == Verdict::All
        };
        for same in reached.chunk_by(alike) {
            let commands: Vec<&str> = same.iter().map(|it| it.command.as_str()).collect();
            let _ = writeln!(text, "  {}", line(same[0], &commands.join(", ")));
        }
        if let Some(definition) = access.facts.view_definitions.get(&table.oid) {
            let _ = writeln!(text, "  selects {}", one_line(definition));
        }
        for policy in access.facts.policies_of(table.oid) {
            let _ = writeln!(text, "  {}", policy_line(access, policy));
        }
    }
    let doors = access.doors(roles, relations);
    if !doors.is_empty() {
        text.push_str("\nways around policies:\n");
        for door in doors {
            let (table, kind, object) = (door.table, door.kind.as_str(), door.object);
            let digest = door.digest.map_or_else(String::new, |it| format!(" {it}"));
            let _ = writeln!(text, "  {table}: {kind} {object} {} for {}{digest}", door.how, door.roles.join(", "));
        }
    }
    functions(access, relations, &mut text);
    text
}

fn line(cell: &Cell, commands: &str) -> String {
    let mut line = format!("{} {} {}", quote_ident(&cell.role), commands, cell.verdict.as_str());
    if let Some(columns) = &cell.columns {
        let columns: Vec<_> = columns.iter().map(|it| quote_ident(it)).collect();
        let _ = write!(line, " ({})", columns.join(", "));
    }
    if cell.verdict == Verdict::All {
        let _ = write!(line, ": {}", cell.why.as_str());
        return line;
    }
    if let Some(rows) = &cell.rows {
        let _ = write!(line, " where {}", one_line(&rows.sql));
    }
    // A statement that reads a column reaches fewer rows; only where that is so.
    if let (AccessCommand::Update | AccessCommand::Delete, Some(targeted)) = (cell.command, &cell.targeted_rows)
        && cell.rows.as_ref().is_none_or(|it| it.sql != targeted.sql)
    {
        let _ = write!(line, " | reading columns: {}", one_line(&targeted.sql));
    }
    if let Some(check) = &cell.check
        && cell.rows.as_ref().is_none_or(|it| it.sql != check.sql)
    {
        let _ = write!(line, " | new rows: {}", one_line(&check.sql));
    }
    line
}

fn policy_line(access: &Access<'_>, policy: &Policy) -> String {
    let kind = if policy.permissive { "permissive" } else { "restrictive" };
    let mut roles: Vec<String> =
        policy.roles.iter().map(|it| quote_ident(&access.facts.role_name(*it)).into_owned()).collect();
    roles.sort();
    let mut line = format!(
        "policy {} {kind} for {} to {}",
        quote_ident(&policy.name),
        policy.command.as_str().to_lowercase(),
        roles.join(", ")
    );
    if let Some(using) = &policy.using {
        let _ = write!(line, " using {}", one_line(&using.sql));
    }
    if let Some(check) = &policy.with_check {
        let _ = write!(line, " with check {}", one_line(&check.sql));
    }
    line
}

/// Functions that policies call: what they do decides who sees what.
fn functions(access: &Access<'_>, relations: &[Oid], text: &mut String) {
    let called: Vec<Oid> = relations
        .iter()
        .flat_map(|it| access.facts.policies_of(*it))
        .flat_map(Policy::conditions)
        .flat_map(|it| it.expr.functions())
        .collect();
    let mut lines: Vec<String> = access
        .bodies
        .reachable(called)
        .iter()
        .filter_map(|it| access.facts.functions.get(it))
        .filter(|it| it.is_of_users())
        .map(|it| {
            let as_whom = if it.security_definer { " security definer" } else { "" };
            format!("  {}{as_whom} {}\n", it.signature(), &it.digest()[..16])
        })
        .collect();
    lines.sort();
    if !lines.is_empty() {
        text.push_str("\nfunctions that policies call:\n");
        text.extend(lines);
    }
}

/// A name, quoted where it has to be; what would end a line or steer a terminal is written as what it is.
fn quote_ident(name: &str) -> Cow<'_, str> {
    let quoted = palisade_sql::quote_ident(name);
    if quoted.chars().any(char::is_control) { Cow::Owned(quoted.escape_debug().to_string()) } else { quoted }
}

/// Conditions with sub-selects come with line breaks, which mean nothing outside of texts.
fn one_line(sql: &str) -> String {
    let Ok(tokens) = palisade_sql::lex(sql) else { return sql.replace('\n', " ") };
    let mut line = String::new();
    let mut end = 0;
    for token in &tokens {
        if token.start > end {
            line.push(' ');
        }
        // A text keeps what is in it; a line break there is written as what it is.
        line.push_str(&token.text.replace('\n', "\\n"));
        end = token.end();
    }
    line
}
