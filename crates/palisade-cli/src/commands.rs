//! The commands: one file each, with its arguments and one function.

use crate::{CommandError, Context, Group, Outcome};
use clap::{ArgMatches, Args};
use std::pin::Pin;
use std::rc::Rc;

pub(crate) mod backup;
mod completions;
mod db_diff;
mod db_generate;
mod db_init;
mod db_migrate;
mod db_plan;
mod db_pull;
mod db_push;
mod db_repair;
mod db_reset;
mod db_rls;
mod db_seed;
mod db_start;
mod db_status;
mod db_stop;
mod db_url;
mod doctor;
mod env;
mod man;
pub(crate) mod rls;

/// A command that can be called by its name.
pub(crate) struct Entry {
    pub(crate) group: Group,
    pub(crate) name: &'static str,
    arguments: fn(clap::Command) -> clap::Command,
    run: Box<Run>,
}

type Run = dyn for<'a> Fn(&'a mut Context, &ArgMatches) -> Running<'a>;
type Running<'a> = Pin<Box<dyn Future<Output = Result<Outcome, CommandError>> + 'a>>;

impl Entry {
    pub(crate) fn new<A, F>(group: Group, name: &'static str, run: F) -> Self
    where
        A: Args + 'static,
        F: AsyncFn(&mut Context, A) -> Result<Outcome, CommandError> + 'static,
    {
        let run = Rc::new(run);
        Self {
            group,
            name,
            arguments: A::augment_args,
            run: Box::new(move |context, matches| {
                let run = Rc::clone(&run);
                let args = A::from_arg_matches(matches);
                Box::pin(async move {
                    let args = args.map_err(|error| CommandError::usage("usage", error.to_string()))?;
                    run(context, args).await
                })
            }),
        }
    }

    pub(crate) fn run<'a>(&self, context: &'a mut Context, matches: &ArgMatches) -> Running<'a> {
        (self.run)(context, matches)
    }

    /// The command with its arguments.
    pub(crate) fn tree(&self) -> clap::Command {
        (self.arguments)(clap::Command::new(self.name))
    }
}

/// Palisade's commands in the order of `--help`.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry::new(Group::Start, "db-init", db_init::run),
        Entry::new(Group::Start, "doctor", doctor::run),
        Entry::new(Group::Start, "env", env::run),
        Entry::new(Group::Develop, "db-generate", db_generate::run),
        Entry::new(Group::Develop, "db-diff", db_diff::run),
        Entry::new(Group::Develop, "db-pull", db_pull::run),
        Entry::new(Group::Develop, "db-migrate", db_migrate::run),
        Entry::new(Group::Develop, "db-status", db_status::run),
        Entry::new(Group::Develop, "db-seed", db_seed::run),
        Entry::new(Group::Develop, "db-reset", db_reset::run),
        Entry::new(Group::Security, "db-rls", db_rls::run),
        Entry::new(Group::Security, "rls", rls::run),
        Entry::new(Group::Production, "db-plan", db_plan::run),
        Entry::new(Group::Production, "db-push", db_push::run),
        Entry::new(Group::Production, "db-repair", db_repair::run),
        Entry::new(Group::Production, "backup", backup::run),
        Entry::new(Group::Server, "db-start", db_start::run),
        Entry::new(Group::Server, "db-stop", db_stop::run),
        Entry::new(Group::Server, "db-url", db_url::run),
        Entry::new(Group::Shell, "completions", completions::run),
        Entry::new(Group::Shell, "man", man::run),
    ]
}
