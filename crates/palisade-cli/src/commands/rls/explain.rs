//! `rls explain`

use crate::ground::{Ground, Protected, personas};
use crate::names::parts;
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use palisade_policy::{Access, Facts, Relation};
use palisade_rls::explain::{Answer, Explanation, PolicySays, Question, RowExplained, explain};
use palisade_rls::testing::Verb;
use palisade_rls::{Persona, Personas, read_facts};
use serde_json::json;
use std::fmt::Write as _;

/// Say why somebody can or cannot reach a row: what each policy says of it
///
/// Each policy is asked about each row as that persona, with the operands of what is not true. Looks at a scratch database with the
/// migrations, policies and sample rows of the project; with `--env NAME` at that database. Everything is rolled back; a protected
/// database is only read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls explain --as tom --table posts
  cargo xtask rls explain --as tom --table public.posts --where \"title like 'House%'\" --command update
  cargo xtask rls explain --as visitor --table posts --env prod")]
pub(crate) struct ExplainArgs {
    /// The persona, a table of `rls/personas.toml`
    #[arg(long = "as", value_name = "PERSONA")]
    persona: String,

    /// The table
    #[arg(long, value_name = "NAME")]
    table: String,

    /// Which rows, as SQL [default: the first 20]
    #[arg(long = "where", value_name = "SQL")]
    filter: Option<String>,

    /// What is to be done with them: select, insert, update or delete
    #[arg(long, value_name = "COMMAND", value_parser = verb, default_value = "select")]
    command: Verb,

    #[command(flatten)]
    connection: ConnectionArgs,
}

fn verb(text: &str) -> Result<Verb, String> {
    let all = [Verb::Select, Verb::Insert, Verb::Update, Verb::Delete];
    let found = all.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "it is one of select, insert, update, delete".to_owned())
}

pub(crate) async fn run(context: &mut Context, args: &ExplainArgs) -> Result<Outcome, CommandError> {
    let personas = personas(context)?;
    let persona = persona(&personas, &args.persona)?;
    let action = "trying what a persona can write";
    let mut ground = Ground::choose(context, &args.connection, action, Protected::Read).await?;
    let told = told(&mut ground, args, persona).await;
    let label = ground.label.clone();
    let closed = ground.close().await;
    let told = told?;
    closed?;
    // An explanation that is wrong is worse than none.
    let contradicted = told.rows.iter().any(RowExplained::is_contradicted);
    let exit = if contradicted { Exit::Failed } else { Exit::Done };
    let data = json!({ "source": label, "explanation": told, "contradicted": contradicted });
    Ok(Outcome::done(text(&told)).data(data).exit(exit))
}

fn persona<'a>(personas: &'a Personas, name: &str) -> Result<&'a Persona, CommandError> {
    personas.get(name).ok_or_else(|| {
        let names: Vec<&str> = personas.all().iter().map(|it| it.name.as_str()).collect();
        CommandError::usage("no-persona", format!("there is no persona `{name}`"))
            .help(format!("`rls/personas.toml` has `{}`", names.join("`, `")))
    })
}

async fn told(ground: &mut Ground, args: &ExplainArgs, persona: &Persona) -> Result<Explanation, CommandError> {
    let mode = ground.mode;
    let connection = ground.connection();
    let facts = read_facts(connection).await?;
    let relation = relation(&facts, &args.table)?;
    let question = Question { persona, relation, filter: args.filter.as_deref(), command: args.command };
    Ok(explain(connection, &Access::new(&facts), question, mode).await?)
}

fn relation<'f>(facts: &'f Facts, name: &str) -> Result<&'f Relation, CommandError> {
    let parts = parts(name).unwrap_or_default();
    let (schema, table) = match parts.as_slice() {
        [table] => ("public", table.as_str()),
        [schema, table] => (schema.as_str(), table.as_str()),
        _ => {
            return Err(CommandError::usage("bad-flag", format!("`--table {name}` is no name of a table"))
                .help("names are written as in SQL: `schema.table`"));
        }
    };
    let found = facts.relations.values().find(|it| it.schema_name == schema && it.name == table);
    match found {
        Some(relation) if relation.kind.has_row_security() => Ok(relation),
        Some(_) => {
            Err(CommandError::failed("no-table", format!("`{schema}.{table}` is no table: it has no row security"))
                .help("ask about the tables behind it"))
        }
        None => Err(CommandError::failed("no-table", format!("there is no table `{schema}.{table}`"))
            .help("names are written as in SQL: `schema.table`")),
    }
}

fn text(told: &Explanation) -> String {
    let Explanation { persona, role, table, command, gate, rows, more } = told;
    let mut text = format!("{persona}, as the role {role}, and {} on {table}: {}", command.as_str(), gate.why);
    if let Some(columns) = &gate.columns {
        let _ = write!(text, " (columns {})", columns.join(", "));
    }
    text.push('\n');
    if rows.is_empty() {
        text.push_str("\nThere are no such rows");
    }
    for row in rows {
        let key = row.key.iter().map(|(name, value)| format!("{name} = {}", value.as_str().unwrap_or("null")));
        let reachable = match row.reachable {
            Some(true) => "yes",
            Some(false) => "no",
            None => "an error",
        };
        let _ = writeln!(text, "\n{}: {reachable}", key.collect::<Vec<_>>().join(", "));
        for says in &row.policies {
            describe(&mut text, says);
        }
        if row.policies.is_empty() && gate.open && gate.filtered {
            text.push_str("  no policy is for this role and command\n");
        }
        if let Some(why) = &row.not_tried {
            let _ = writeln!(text, "  not tried: {why}");
        }
        if row.is_contradicted() {
            let _ = writeln!(
                text,
                "  internal error: in fact the statement {} the row; please report this",
                if row.reached == Some(true) { "reaches" } else { "does not reach" }
            );
        }
    }
    if *more {
        text.push_str("\nThere are more rows: choose some with `--where`");
    }
    text.trim_end().to_owned()
}

fn describe(text: &mut String, says: &PolicySays) {
    let kind = if says.permissive { "" } else { "restrictive " };
    let clause = if says.new_rows { "for new rows" } else { "for rows" };
    let PolicySays { policy, command, sql, answer, parts, .. } = says;
    let _ = writeln!(text, "  {:5}  {kind}policy `{policy}` {clause} of {command}", word(answer));
    // What is true needs no reason, and operands say more than the whole.
    if *answer != Answer::True && parts.is_empty() {
        let _ = writeln!(text, "           {:5}  {sql}", word(answer));
    }
    for part in parts {
        let _ = writeln!(text, "           {:5}  {}", word(&part.answer), part.sql);
    }
    if let Answer::Error(error) = answer {
        let _ = writeln!(text, "           {error}");
    }
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::True => "true",
        Answer::False => "false",
        Answer::Null => "null",
        Answer::Error(_) => "error",
    }
}
