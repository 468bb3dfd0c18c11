//! The first page of `--help`: commands in the order in which a newcomer needs them.

use clap::builder::styling::{AnsiColor, Styles};
use std::fmt::Write as _;

/// Under which heading a command stands in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// From a clone to a running database.
    Start,
    /// Schema and data while developing.
    Develop,
    /// Row security.
    Security,
    /// Production.
    Production,
    /// The embedded server.
    Server,
    /// Completions, manual pages.
    Shell,
    /// Commands that a workspace adds to Palisade's.
    Own,
}

impl Group {
    const ALL: [Self; 7] =
        [Self::Start, Self::Develop, Self::Security, Self::Production, Self::Server, Self::Own, Self::Shell];

    fn heading(self) -> &'static str {
        match self {
            Self::Start => "Start here",
            Self::Develop => "Change the schema, work with data",
            Self::Security => "Row security",
            Self::Production => "Production",
            Self::Server => "The local server",
            Self::Shell => "Shell",
            Self::Own => "This workspace",
        }
    }
}

pub(crate) const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// clap's template for the first page. `commands` are group, name and one line each.
pub(crate) fn template(commands: &[(Group, String, String)]) -> String {
    let width = commands.iter().map(|(_, name, _)| name.len()).max().unwrap_or(0);
    let (header, literal) = (STYLES.get_header(), STYLES.get_literal());
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for group in Group::ALL {
        let mut members = commands.iter().filter(|it| it.0 == group).peekable();
        if members.peek().is_some() {
            let _ = writeln!(text, "\n{header}{}:{header:#}", group.heading());
        }
        for (_, name, about) in members {
            let _ = writeln!(text, "  {literal}{name:width$}{literal:#}  {about}");
        }
    }
    let _ = write!(text, "\n{header}Options of every command:{header:#}\n{{options}}{{after-help}}");
    text
}
