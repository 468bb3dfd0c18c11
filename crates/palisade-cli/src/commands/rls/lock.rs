//! `rls lock`

use crate::push::Road;
use crate::{CommandError, ConnectionArgs, Context, Exit, Outcome};
use camino::Utf8PathBuf;
use palisade_guard::{Scope, lock_text};
use serde_json::json;

/// Write down who can do what, in `rls/access.lock`
///
/// The file is what migrations and `rls/` together make of access, in lines that read well in a pull request. A push to a protected
/// environment that lets anybody do more wants the same change there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rls lock
  cargo xtask rls lock --check")]
pub(crate) struct LockArgs {
    /// Say whether the file is current, and how not; exit code 3 if not. Writes nothing
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(context: &mut Context, args: &LockArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&args.connection)?;
    let path = lock_file(&selection.project);
    let road = Road::new(&selection, Scope::All)?;
    let wanted = lock_text(&road.inputs()).await?;
    let found = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(CommandError::failed("read", format!("`{path}` cannot be read: {error}"))),
    };
    let changes = lines_changed(&found, &wanted);
    let data = json!({ "file": path, "current": changes.is_empty(), "changes": changes });
    if changes.is_empty() {
        return Ok(Outcome::done(format!("{path} is current")).data(data));
    }
    if args.check {
        let text = format!("{path} is not current; `cargo xtask rls lock` would change:\n{}", changes.join("\n"));
        return Ok(Outcome::done(text).data(data).exit(Exit::Found));
    }
    std::fs::write(&path, &wanted)
        .map_err(|error| CommandError::failed("write", format!("`{path}` cannot be written: {error}")))?;
    Ok(Outcome::done(format!("{path}\n{}", changes.join("\n"))).data(data))
}

/// Where the file is.
pub(crate) fn lock_file(project: &palisade_config::Project) -> Utf8PathBuf {
    project.rls_dir().join("access.lock")
}

/// Lines that are in one text only, in their order, with `-` and `+`.
fn lines_changed(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same_start..], &new[same_start..]);
    let same_end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - same_end], &new[..new.len() - same_end]);
    let only = |these: &[&str], those: &[&str], sign: char| -> Vec<String> {
        let meant = |it: &&&str| !it.trim().is_empty() && !those.contains(*it);
        these.iter().filter(meant).map(|it| format!("{sign}{it}")).collect()
    };
    let mut changed = only(old, new, '-');
    changed.extend(only(new, old, '+'));
    if changed.is_empty() && !(old.is_empty() && new.is_empty()) {
        changed.push("~ the order of the lines".to_owned());
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::lines_changed;

    #[test]
    fn lines_of_one_side_only_are_told() {
        assert!(lines_changed("a\nb\n", "a\nb\n").is_empty());
        assert_eq!(lines_changed("a\nb\nc\n", "a\nx\nc\n"), ["-b", "+x"]);
        assert_eq!(lines_changed("", "a\n"), ["+a"]);
        assert_eq!(lines_changed("a\nb\n", "b\na\n"), ["~ the order of the lines"]);
    }
}
