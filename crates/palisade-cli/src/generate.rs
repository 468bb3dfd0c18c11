//! From what the schema should be to a migration.

use crate::sources::{Input, Place, Side, layers};
use crate::{CommandError, ConnectionArgs, Context};
use palisade_catalog::{Catalog, ObjectKey};
use palisade_config::HistoryTable;
use palisade_diff::{Options, Script, diff, rename_candidates};
use palisade_embedded::Layer;
use palisade_migrator::Migration;
use palisade_rls::PolicyScript;
use palisade_source::{Blueprint, Declares, Managed, NewName, Renaming, Workbench, renamings};
use palisade_sql::quote_ident;
use std::collections::BTreeSet;

/// The files, before any database is made of them.
pub(crate) struct Texts {
    pub(crate) schema: Side,
    workbench: Workbench,
    layers: Vec<Layer>,
    row_security: Vec<Layer>,
    schemas: Vec<String>,
    history: HistoryTable,
}

impl Texts {
    /// Reads the files. Of the migrations those count that `counts` says yes to.
    pub(crate) async fn read(
        context: &Context,
        counts: impl Fn(&Migration) -> bool,
        shadow: Option<&str>,
        connection: &ConnectionArgs,
    ) -> Result<Self, CommandError> {
        let selection = context.select(connection)?;
        let mut place = Place::here(context, connection)?;
        place.lend(context, shadow, connection).await?;
        let migrations: Vec<Migration> = place.migrations("migrations")?.into_iter().filter(counts).collect();
        let schema = place.schema(context, connection).await?;
        let policies = PolicyScript::read(&selection.project.rls_dir())?;
        let row_security = policies.files().iter().map(|it| Layer::new(it.path.as_str(), it.sql.as_str())).collect();
        let (workbench, layers) = (place.workbench(None), layers(&migrations));
        let environment = selection.environment;
        let (schemas, history) = (environment.schemas, environment.history_table);
        Ok(Self { schema, workbench, layers, row_security, schemas, history })
    }

    /// Whether the same files were compared before, and nothing differed.
    pub(crate) async fn are_known_equal(&self) -> Result<bool, CommandError> {
        match &self.schema.input {
            Input::Made(blueprint) => Ok(self.workbench.is_known_equal(&self.layers, blueprint, &self.how()).await?),
            Input::There(_) => Ok(false),
        }
    }

    /// All that decides what is compared, besides the files.
    fn how(&self) -> String {
        format!("{:?} {}", self.schemas, self.history)
    }

    /// Makes catalogs of both sides where they were not made before.
    pub(crate) async fn compare(self) -> Result<Comparison, CommandError> {
        let (workbench, schema) = (&self.workbench, &self.schema);
        let before = async { workbench.migrated(&self.layers).await.map_err(CommandError::from) };
        let after = async {
            match &schema.input {
                Input::There(there) => schema.read(there).await,
                Input::Made(blueprint) => workbench.catalog(blueprint).await.map_err(CommandError::from),
            }
        };
        let (before, after) = tokio::try_join!(before, after)?;
        let declares = match &schema.input {
            Input::There(_) => Declares::default(),
            Input::Made(blueprint) => Declares::of(blueprint),
        };
        let managed = Managed { schemas: &self.schemas, history: &self.history };
        check_managed(&managed, schema, &after)?;
        let (before, after) = managed.of_both(before, after, declares);
        let (renamed, renamings, how) = (before.clone(), Vec::new(), self.how());
        let Self { schema, workbench, layers, row_security, schemas, history } = self;
        Ok(Comparison {
            workbench,
            layers,
            row_security,
            schema,
            declares,
            before,
            renamed,
            renamings,
            after,
            schemas,
            history,
            how,
        })
    }
}

/// What the migrations make, and what the schema should be.
pub(crate) struct Comparison {
    pub(crate) workbench: Workbench,
    pub(crate) layers: Vec<Layer>,
    pub(crate) row_security: Vec<Layer>,
    pub(crate) schema: Side,
    pub(crate) declares: Declares,
    /// What the migrations make.
    pub(crate) before: Catalog,
    /// The same once everything has the name that somebody has told.
    renamed: Catalog,
    renamings: Vec<Renaming>,
    pub(crate) after: Catalog,
    schemas: Vec<String>,
    history: HistoryTable,
    how: String,
}

impl Comparison {
    /// Keeps in mind that there is nothing to do, which makes the next answer a matter of milliseconds.
    pub(crate) async fn note_equal(&self) -> Result<(), CommandError> {
        match self.blueprint() {
            Some(blueprint) => Ok(self.workbench.note_equal(&self.layers, blueprint, &self.how).await?),
            None => Ok(()),
        }
    }

    /// Renames first what somebody has told of. The server does it on a copy, and with it all that refers to the old names.
    pub(crate) async fn rename(&mut self, names: &[NewName]) -> Result<(), CommandError> {
        if names.is_empty() {
            return Ok(());
        }
        self.renamings = renamings(&self.before, names)?;
        let sql: Vec<&str> = self.renamings.iter().map(|it| it.forth.sql.as_str()).collect();
        let layers: Vec<Layer> = self.layers.iter().cloned().chain([Layer::new("--rename", sql.join(";\n"))]).collect();
        let made = self.workbench.migrated(&layers).await?;
        self.renamed = self.managed().of_both(made, self.after.clone(), self.declares).0;
        Ok(())
    }

    /// What looks like a rename that nobody has told of.
    pub(crate) fn candidates(&self) -> Vec<NewName> {
        let candidates = rename_candidates(&self.renamed, &self.after);
        candidates.into_iter().map(|it| NewName { to: it.to.name().to_owned(), from: it.from.path.to_vec() }).collect()
    }

    pub(crate) fn managed(&self) -> Managed<'_> {
        Managed { schemas: &self.schemas, history: &self.history }
    }

    /// What the schema is made from, if it is made.
    pub(crate) fn blueprint(&self) -> Option<&Blueprint> {
        match &self.schema.input {
            Input::Made(blueprint) => Some(blueprint),
            Input::There(_) => None,
        }
    }

    /// The statements that are missing in the migrations.
    pub(crate) fn script(&self, options: &Options) -> Result<Script, CommandError> {
        let options = Options { compared: self.declares.compared(), ..options.clone() };
        let mut script = diff(&self.renamed, &self.after, &options)?;
        let first = self.renamings.iter().map(|it| it.forth.clone());
        script.statements = first.chain(script.statements).collect();
        Ok(script)
    }

    /// The statements that take a script back.
    pub(crate) fn way_back(&self) -> Result<Script, palisade_diff::DiffError> {
        let options = Options { compared: self.declares.compared(), ..Options::ALL };
        let mut script = diff(&self.after, &self.renamed, &options)?;
        script.statements.extend(self.renamings.iter().rev().map(|it| it.back.clone()));
        Ok(script)
    }
}

/// What is in a schema that nobody manages would be left out without a word.
fn check_managed(managed: &Managed<'_>, schema: &Side, after: &Catalog) -> Result<(), CommandError> {
    let Input::Made(_) = schema.input else { return Ok(()) };
    let unmanaged = managed.unmanaged(after);
    if unmanaged.is_empty() {
        return Ok(());
    }
    let names = unmanaged.join("`, `");
    let all: Vec<String> = managed.schemas.iter().chain(&unmanaged).map(|it| format!("{it:?}")).collect();
    let message = format!("`{}` makes a schema that is not managed: `{names}`", schema.label);
    Err(CommandError::failed("unmanaged-schema", message)
        .help(format!("write `schemas = [{}]` into `config/default.toml`, or leave it out", all.join(", "))))
}

/// Refuses to lose data that nobody has allowed to lose. `allowed` are objects as they are shown, with or without what they are.
pub(crate) fn check_data_loss(script: &Script, allowed: &[String], candidates: &[NewName]) -> Result<(), CommandError> {
    let lossy = script.data_loss();
    let is_allowed = |it: &&&ObjectKey| allowed.iter().any(|name| names(it, name));
    let unknown: Vec<&String> = allowed.iter().filter(|name| !lossy.iter().any(|it| names(it, name))).collect();
    if let [first, ..] = unknown.as_slice() {
        let message = format!("`--allow-data-loss {first}`: nothing of that is lost");
        let known: Vec<String> = lossy.iter().map(|it| format!("`{}`", short(it))).collect();
        let help =
            if known.is_empty() { "leave it out".to_owned() } else { format!("what is lost: {}", known.join(", ")) };
        return Err(CommandError::usage("bad-flag", message).help(help));
    }
    let lost: BTreeSet<&&ObjectKey> = lossy.iter().filter(|it| !is_allowed(it)).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = lost.iter().map(|it| format!("  {it}: {}", details(script, it))).collect();
    let flags: Vec<String> = lost.iter().map(|it| format!("--allow-data-loss {}", quoted(&short(it)))).collect();
    let objects: Vec<String> = lost.iter().map(|it| short(it)).collect();
    let renames: Vec<String> = candidates.iter().map(flag).collect();
    let renamed = if renames.is_empty() { "--rename table.old=new".to_owned() } else { renames.join(" ") };
    Err(CommandError::refused("data-loss", format!("this migration would lose data:\n{}", shown.join("\n")))
        .help(format!("if it was only renamed: `{renamed}`"))
        .help(format!("if that is meant: `{}`", flags.join(" ")))
        .data(serde_json::json!({ "objects": objects, "renames": renames })))
}

/// The flag that tells of a rename.
pub(crate) fn flag(rename: &NewName) -> String {
    let from: Vec<_> = rename.from.iter().map(|it| quote_ident(it)).collect();
    format!("--rename {}", quoted(&format!("{}={}", from.join("."), quote_ident(&rename.to))))
}

fn names(object: &ObjectKey, name: &str) -> bool {
    let name = name.trim();
    object.to_string() == name || short(object) == name || object.path.join(".") == name
}

/// `public.posts.title` of `column public.posts.title`.
fn short(object: &ObjectKey) -> String {
    let shown = object.to_string();
    let kind = format!("{} ", object.kind.as_str());
    shown.strip_prefix(&kind).map(str::to_owned).unwrap_or(shown)
}

/// As a word of a shell.
fn quoted(word: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "._-=".contains(it);
    if word.chars().all(plain) { word.to_owned() } else { ["'", &word.replace('\'', "'\\''"), "'"].concat() }
}

fn details(script: &Script, object: &ObjectKey) -> String {
    let of_it = script.statements.iter().filter(|it| it.object == *object);
    let dangers = of_it.flat_map(|it| &it.dangers).filter(|it| it.hazard == palisade_plan::Hazard::DataLoss);
    dangers.map(|it| it.detail.as_str()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::check_data_loss;
    use palisade_catalog::{ObjectKey, ObjectKind};
    use palisade_diff::{Action, Script, Statement};
    use palisade_plan::Hazard;
    use palisade_source::NewName;

    fn script() -> Script {
        let column = ObjectKey::new(ObjectKind::Column, ["public", "posts", "Title"]);
        let table = ObjectKey::new(ObjectKind::Table, ["public", "old"]);
        let drop = |key: &ObjectKey| Statement::new(key, Action::Drop, "…").danger(Hazard::DataLoss, "its rows");
        Script { statements: vec![drop(&column), drop(&table)], left: Vec::new() }
    }

    fn check(allowed: &[&str]) -> String {
        let allowed: Vec<String> = allowed.iter().map(|it| (*it).to_owned()).collect();
        let candidate = NewName { from: vec!["public".into(), "old".into()], to: "New".into() };
        match check_data_loss(&script(), &allowed, &[candidate]) {
            Ok(()) => "allowed".to_owned(),
            Err(error) => format!("{}: {}\n{}", error.exit.code(), error.message, error.help.join("\n")),
        }
    }

    #[test]
    fn data_is_lost_only_by_name() {
        insta::assert_snapshot!(check(&["table public.old"]), @r#"
        4: this migration would lose data:
          column public.posts."Title": its rows
        if it was only renamed: `--rename 'public.old="New"'`
        if that is meant: `--allow-data-loss 'public.posts."Title"'`
        "#);
        assert_eq!(check(&["public.old", "public.posts.Title"]), "allowed");
        assert_eq!(check(&["public.old", "column public.posts.\"Title\""]), "allowed");
        insta::assert_snapshot!(check(&["public.old", "public.posts.title"]), @r#"
        2: `--allow-data-loss public.posts.title`: nothing of that is lost
        what is lost: `public.old`, `public.posts."Title"`
        "#);
    }
}
