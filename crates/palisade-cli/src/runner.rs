//! From the words of a command line to an exit code.

use crate::commands::{self, Entry};
use crate::interrupt::{farewell, interrupted};
use crate::report::report;
use crate::{CommandError, Context, Exit, GlobalArgs, Group, Outcome, OutputFormat, Printer, Prompt, Streams};
use crate::{arguments::RawArguments, help, logging, panics};
use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches as _};
use palisade_config::{Variables, secrets};
use serde_json::json;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// A command line with Palisade's commands and those a workspace adds.
///
/// See the [crate's page](crate) for an example.
#[expect(missing_debug_implementations, reason = "a table of functions has nothing to show")]
pub struct CliRunner {
    called: &'static str,
    entries: Vec<Entry>,
}

impl Default for CliRunner {
    fn default() -> Self {
        Self::new()
    }
}

impl CliRunner {
    /// Palisade's commands, called as `cargo xtask`.
    pub fn new() -> Self {
        Self { called: "cargo xtask", entries: commands::all() }
    }

    /// How the user calls this program; help texts and advice name it so.
    #[must_use]
    pub fn called(mut self, called: &'static str) -> Self {
        self.called = called;
        self
    }

    /// Adds a command of your own, or replaces the one of that name.
    ///
    /// The documentation comment of `A` is the command's help text.
    #[must_use]
    pub fn command<A, F>(mut self, name: &'static str, run: F) -> Self
    where
        A: clap::Args + 'static,
        F: AsyncFn(&mut Context, A) -> Result<Outcome, CommandError> + 'static,
    {
        self.entries.retain(|it| it.name != name);
        self.entries.push(Entry::new(Group::Own, name, run));
        self
    }

    /// Runs the command that the process was started with.
    pub fn run(self) -> ExitCode {
        let exit = self.run_with(std::env::args_os(), Streams::standard(), Process::Own);
        ExitCode::from(exit.code())
    }

    /// Runs a command line inside a process that goes on afterwards: no panic hook, no logs. For tests.
    pub fn run_from(self, arguments: impl IntoIterator<Item = OsString>, streams: Streams) -> Exit {
        self.run_with(arguments, streams, Process::Shared)
    }

    fn run_with(self, arguments: impl IntoIterator<Item = OsString>, streams: Streams, process: Process) -> Exit {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        for argument in &arguments {
            remember_url(&argument.to_string_lossy());
        }
        // Before anything can be printed: reading them tells the redactor which of them are secret.
        let variables = Variables::process();
        let tree = self.tree();
        let parsed = tree.clone().try_get_matches_from(&arguments).and_then(|matches| {
            let args = GlobalArgs::from_arg_matches(&matches)?;
            Ok((matches, args))
        });
        let (matches, args) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return self.answer_clap(&arguments, streams, &error),
        };
        let possible = streams.somebody_answers && !args.non_interactive;
        let (printer, input) = Printer::new(streams, args.color, self.called);
        let printer = printer.with_format(args.output, args.quiet);
        let prompt = Prompt::new(printer.clone(), input, possible);
        let (env, format) = (shown(&matches).unwrap_or_else(|| args.env.clone()), args.output);
        let name = command_name(&matches);
        let result = catch_unwind(AssertUnwindSafe(|| {
            if let Process::Own = process {
                panics::install(printer.clone());
                logging::start(&args, variables.get("PALISADE_LOG"), &printer)?;
            }
            let mut context = Context::new(args, printer.clone(), prompt, tree);
            context.env_named = matches.value_source("env") == Some(clap::parser::ValueSource::CommandLine);
            self.dispatch(&mut context, &matches)
        }));
        printer.close();
        if let Ok(result) = result {
            return report(&printer, &name, &env, result);
        }
        if format == OutputFormat::Json {
            let bug = CommandError::failed("bug", "Palisade stopped because of a bug; standard error says more");
            return report(&printer, &name, &env, Err(bug));
        }
        Exit::Failed
    }

    /// Runs the command until it ends or a signal ends it.
    fn dispatch(&self, context: &mut Context, matches: &ArgMatches) -> Result<Outcome, CommandError> {
        let (name, matches) = matches.subcommand().ok_or_else(|| CommandError::usage("usage", "no command"))?;
        let entry = self.entries.iter().find(|it| it.name == name);
        let entry = entry.ok_or_else(|| CommandError::usage("usage", format!("no command `{name}`")))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CommandError::of("no-runtime", &error))?;
        let result = runtime.block_on(async {
            // The command's future is dropped here when the signal wins, with everything it holds.
            tokio::select! {
                biased;
                () = interrupted() => Err(CommandError::interrupted()),
                result = entry.run(context, matches) => result,
            }
        });
        if result.as_ref().is_err_and(|it| it.exit == Exit::Interrupted) {
            runtime.block_on(farewell(&runtime.metrics()));
        }
        // A thread may still wait for an answer from the terminal; nothing is gained by waiting for it.
        runtime.shutdown_background();
        result
    }

    fn tree(&self) -> clap::Command {
        let about = "Database workflow for Postgres and Supabase: migrations, row security, backups, a guarded push";
        let mut tree = clap::Command::new("palisade")
            .bin_name(self.called)
            .version(env!("CARGO_PKG_VERSION"))
            .about(about)
            .styles(help::STYLES)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .after_help(format!(
                "`{0} COMMAND --help` explains a command with examples. A clone becomes a running database with `{0} db-init --seed`.",
                self.called
            ));
        tree = <GlobalArgs as clap::Args>::augment_args(tree).about(about);
        let mut lines = Vec::new();
        for entry in &self.entries {
            let command = entry.tree();
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            lines.push((entry.group, entry.name.to_owned(), about));
            tree = tree.subcommand(command);
        }
        tree.help_template(help::template(&lines))
    }

    /// clap's answer in place of a command: help, version, or what is wrong with the words.
    fn answer_clap(&self, arguments: &[OsString], streams: Streams, error: &clap::Error) -> Exit {
        let words: Vec<String> = arguments.iter().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
        let raw = RawArguments::read(&words, &self.tree());
        let (printer, _) = Printer::new(streams, raw.color, self.called);
        let printer = printer.with_format(raw.output, false);
        let text = error.render().ansi().to_string();
        let name = raw.command;
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                let plain = error.render().to_string();
                report(&printer, &name, &raw.env, Ok(Outcome::done(text).data(json!({ "text": plain }))))
            }
            _ if raw.output == OutputFormat::Json => report(&printer, &name, &raw.env, Err(usage(error))),
            _ => {
                printer.stderr(&text);
                Exit::Usage
            }
        }
    }
}

/// Whether the process is ours: then panics and logs are, too.
#[derive(Debug, Clone, Copy)]
enum Process {
    Own,
    Shared,
}

/// clap's text, cut into what is wrong and what to do.
fn usage(error: &clap::Error) -> CommandError {
    if let ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand = error.kind() {
        return CommandError::usage("usage", "a command is missing").help("`--help` lists the commands");
    }
    let text = error.render().to_string();
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let lines = rest.lines().map(str::trim).filter(|it| !it.is_empty());
    CommandError::usage("usage", message.trim_end()).help(lines.collect::<Vec<_>>().join("\n"))
}

/// `backup list`: the command's name with its subcommands.
fn command_name(matches: &ArgMatches) -> String {
    let mut names = Vec::new();
    let mut matches = matches;
    while let Some((name, below)) = matches.subcommand() {
        names.push(name);
        matches = below;
    }
    names.join(" ")
}

/// The environment that `env show` names in place of `--env`.
fn shown(matches: &ArgMatches) -> Option<String> {
    let show = matches.subcommand_matches("env")?.subcommand_matches("show")?;
    show.try_get_one::<String>("name").ok()?.cloned()
}

/// Registers the password of a URL on the command line: clap repeats words that it does not understand.
fn remember_url(word: &str) {
    let begin = ["postgres://", "postgresql://"].iter().filter_map(|scheme| word.find(scheme)).min();
    if let Some(begin) = begin {
        secrets().remember_text(&word[begin..]);
    }
}
