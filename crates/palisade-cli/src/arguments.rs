//! What every command can be told.

use camino::Utf8PathBuf;
use palisade_config::{Overrides, SslMode};
use std::fmt::Write as _;
use std::time::Duration;

/// Options of every command, before or after its name.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct GlobalArgs {
    /// Environment to work on: a file in `config/`
    #[arg(long, global = true, value_name = "NAME", default_value = "dev")]
    pub env: String,

    /// Text for people, or exactly one JSON object for programs
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t, hide_possible_values = true)]
    pub output: OutputFormat,

    /// Say more on standard error; twice for all details
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Never ask; a decision that is missing is exit code 4
    #[arg(long, global = true)]
    pub non_interactive: bool,

    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_possible_values = true)]
    pub color: Color,

    /// Directory of the project, the one that has `config/` [default: found from here upwards]
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<Utf8PathBuf>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object: `{"command","env","status","data"|"error"}`.
    Json,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On terminals, unless `NO_COLOR` or `TERM=dumb` says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Flags of commands that connect: the strongest layer of an environment's settings.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection, in place of what `config/` says")]
pub struct ConnectionArgs {
    /// Longest wait of one statement for a lock, such as `5s`
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, hide_short_help = true)]
    lock_timeout: Option<Duration>,

    /// Longest run of one statement, such as `30s`; `0s` for no limit
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, hide_short_help = true)]
    statement_timeout: Option<Duration>,

    /// Longest wait for a connection, such as `10s`
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, hide_short_help = true)]
    connect_timeout: Option<Duration>,

    /// How to use TLS: disable, prefer, require, verify-ca or verify-full
    #[arg(long, value_name = "MODE", hide_short_help = true)]
    ssl_mode: Option<SslMode>,

    /// File with the certificate that signed the server's, in PEM form
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    root_certificate: Option<Utf8PathBuf>,
}

impl ConnectionArgs {
    pub(crate) fn overrides(&self) -> Overrides {
        let Self { lock_timeout, statement_timeout, connect_timeout, ssl_mode, root_certificate } = self;
        Overrides {
            lock_timeout: *lock_timeout,
            statement_timeout: *statement_timeout,
            connect_timeout: *connect_timeout,
            ssl_mode: *ssl_mode,
            root_certificate: root_certificate.clone(),
            backup_store: None,
        }
    }
}

impl ConnectionArgs {
    /// The same for a database that belongs to no environment.
    pub(crate) fn apply(&self, settings: &mut palisade_db::ConnectSettings) {
        let Self { lock_timeout, statement_timeout, connect_timeout, ssl_mode, root_certificate } = self;
        settings.lock_timeout = lock_timeout.unwrap_or(settings.lock_timeout);
        settings.statement_timeout = statement_timeout.unwrap_or(settings.statement_timeout);
        settings.connect_timeout = connect_timeout.unwrap_or(settings.connect_timeout);
        settings.ssl_mode = ssl_mode.or(settings.ssl_mode);
        settings.root_certificate = root_certificate.clone().or_else(|| settings.root_certificate.take());
    }
}

/// Flags of commands that write to a database.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WriteArgs {
    /// Show what would be done; write nothing
    #[arg(long, help_heading = None)]
    pub(crate) dry_run: bool,

    /// Longest wait for another run of Palisade on the same database
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "30s", help_heading = None)]
    pub(crate) wait: Duration,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What can be known from a command line that clap refused: enough for the JSON object of the error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawArguments {
    pub(crate) output: OutputFormat,
    pub(crate) color: Color,
    pub(crate) env: String,
    /// The command with its subcommands, `backup list`; empty if there is none.
    pub(crate) command: String,
}

impl RawArguments {
    /// Looks at the words without judging them. `tree` holds the names that exist.
    pub(crate) fn read(arguments: &[String], tree: &clap::Command) -> Self {
        let env = "dev".to_owned();
        let mut raw = Self { output: OutputFormat::Text, color: Color::Auto, env, command: String::new() };
        let mut tree = tree;
        let mut words = arguments.iter().take_while(|it| *it != "--").peekable();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), words.peek().map(|it| it.as_str())),
            };
            match (name, value) {
                ("--output", Some("json")) => raw.output = OutputFormat::Json,
                ("--color", Some("always")) => raw.color = Color::Always,
                ("--color", Some("never")) => raw.color = Color::Never,
                ("--env", Some(env)) => env.clone_into(&mut raw.env),
                _ => {
                    let Some(below) = tree.find_subcommand(name) else { continue };
                    tree = below;
                    let gap = if raw.command.is_empty() { "" } else { " " };
                    let _ = write!(raw.command, "{gap}{name}");
                }
            }
        }
        raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> RawArguments {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let list = clap::Command::new("list");
        let tree = clap::Command::new("palisade").subcommands([clap::Command::new("db-push"), list.clone()]);
        RawArguments::read(&words, &tree.subcommand(clap::Command::new("backup").subcommand(list)))
    }

    #[test]
    fn a_refused_line_still_says_who_asked_for_json() {
        let raw = |output, env: &str, command: &str| RawArguments {
            output,
            color: Color::Auto,
            env: env.to_owned(),
            command: command.to_owned(),
        };
        assert_eq!(read("db-push --nope"), raw(OutputFormat::Text, "dev", "db-push"));
        assert_eq!(read("--env prod db-push --output json --nope"), raw(OutputFormat::Json, "prod", "db-push"));
        assert_eq!(read("--output=json --env=x nope"), raw(OutputFormat::Json, "x", ""));
        assert_eq!(read("nope -- --output json"), raw(OutputFormat::Text, "dev", ""));
        assert_eq!(read("backup --quiet list --nope"), raw(OutputFormat::Text, "dev", "backup list"));
        assert_eq!(read("backup restore"), raw(OutputFormat::Text, "dev", "backup"));
    }
}
