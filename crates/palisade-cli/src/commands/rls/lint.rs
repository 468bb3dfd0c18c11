//! `rls lint`

mod sarif;
mod settings;

use crate::security::{LookArgs, Looked};
use crate::{CommandError, Context, Exit, Outcome};
use camino::Utf8PathBuf;
use palisade_policy::{Access, Finding, Severity, lint, lint_rules};
use serde_json::json;
use settings::{Kept, kept};
use std::fmt::Write as _;

/// Find what is dangerous, useless or slow
///
/// Told from the catalog and the parse trees in it: no row is read. Exit code 3 if there is a finding of the level or above.
///
/// In `config/default.toml`, `[lint] levels` gives an id another level or switches it off, and `[lint] allow` names findings that
/// are known and meant, each with a reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls lint
  cargo xtask rls lint --env prod --level error
  cargo xtask rls lint --from migrations --sarif rls.sarif --github
  cargo xtask rls lint --rules")]
pub(crate) struct LintArgs {
    /// End with exit code 3 for findings of this level or above: `info`, `warning`, `error` or `none`
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Level::Warning, hide_possible_values = true)]
    level: Level,

    /// Write the findings as SARIF, for code scanning
    #[arg(long, value_name = "FILE")]
    sarif: Option<Utf8PathBuf>,

    /// Print the findings as annotations of GitHub Actions
    #[arg(long)]
    github: bool,

    /// Only these tables, views or functions, as findings name them; can be given several times
    #[arg(long, value_name = "NAME")]
    object: Vec<String>,

    /// List all rules with their severity and why they matter; look at nothing
    #[arg(long, conflicts_with_all = ["sarif", "github", "object"])]
    rules: bool,

    #[command(flatten)]
    look: LookArgs,
}

/// From where on findings count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
    None,
}

impl Level {
    fn counts(self, severity: Severity) -> bool {
        match self {
            Self::Info => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Error => severity >= Severity::Error,
            Self::None => false,
        }
    }
}

pub(crate) async fn run(context: &mut Context, args: &LintArgs) -> Result<Outcome, CommandError> {
    if args.rules {
        return Ok(rules());
    }
    let looked: Looked = args.look.look(context).await?;
    let relations = looked.relations(&[])?;
    let access = Access::new(&looked.facts);
    let found = lint(&access, &relations, &looked.api_roles(), &looked.schemas());
    let Kept { mut findings, allowed, stale } = kept(found, &looked.lint)?;
    findings.retain(|it| args.object.is_empty() || args.object.contains(&it.object));
    for unused in stale.iter().filter(|_| args.object.is_empty()) {
        let message = format!("`[lint] allow` names {} on {}, and there is no such finding", unused.id, unused.object);
        context.printer.warn(&message);
    }
    if let Some(path) = &args.sarif {
        std::fs::write(path, sarif::document(&findings).to_string()).map_err(|error| {
            CommandError::failed("write", format!("`{path}` cannot be written: {error}"))
                .help("name a file in a directory that you may write to")
        })?;
    }
    let counts = findings.iter().any(|it| args.level.counts(it.severity));
    let text = if args.github { annotations(&findings) } else { text(&findings, allowed, &looked.label) };
    let data = json!({ "source": looked.label, "findings": findings, "allowed": allowed });
    Ok(Outcome::done(text).data(data).exit(if counts { Exit::Found } else { Exit::Done }))
}

fn rules() -> Outcome {
    let all: Vec<_> = lint_rules().collect();
    let rows: Vec<Vec<String>> =
        all.iter().map(|it| vec![it.id.to_owned(), it.severity.as_str().to_owned(), it.why.to_owned()]).collect();
    let data: Vec<_> = all.iter().map(|it| json!({ "id": it.id, "severity": it.severity, "why": it.why })).collect();
    Outcome::done(crate::table::table(&rows)).data(json!({ "rules": data }))
}

fn text(findings: &[Finding], allowed: usize, label: &str) -> String {
    let mut text = String::new();
    for of_object in findings.chunk_by(|a, b| a.object == b.object) {
        for finding in of_object {
            let Finding { id, severity, object, policy, role: _, message, fix } = finding;
            let policy = policy.as_ref().map_or_else(String::new, |it| format!(", policy `{it}`"));
            let _ = writeln!(text, "{}[{id}] {object}{policy}\n  {message}", severity.as_str());
            for line in fix.iter().flat_map(|it| it.lines()) {
                let _ = writeln!(text, "    {line}");
            }
            text.push('\n');
        }
    }
    let count = |severity| findings.iter().filter(|it| it.severity == severity).count();
    let (errors, warnings, infos) = (count(Severity::Error), count(Severity::Warning), count(Severity::Info));
    let known = if allowed == 0 { String::new() } else { format!(", {allowed} allowed in the configuration") };
    if findings.is_empty() {
        let _ = write!(text, "`{label}`: nothing found{known}");
    } else {
        let many = |count, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let _ = write!(
            text,
            "`{label}`: {}, {}, {infos} worth knowing{known}",
            many(errors, "error"),
            many(warnings, "warning")
        );
    }
    text
}

/// As [GitHub Actions](https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands) reads them.
fn annotations(findings: &[Finding]) -> String {
    let escaped = |it: &str| it.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let in_property = |it: &str| escaped(it).replace(':', "%3A").replace(',', "%2C");
    let line = |it: &Finding| {
        let word = match it.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let policy = it.policy.as_ref().map_or_else(String::new, |it| format!(", policy {it}"));
        let title = in_property(&format!("{} {}", it.id, it.object));
        format!("::{word} title={title}::{}", escaped(&format!("{}{policy}: {}", it.object, it.message)))
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
