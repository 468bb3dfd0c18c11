//! Who runs a command, from which commit.

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{Project, Variables};
use std::fs;
use std::process::{Command, Stdio};

/// The person and machine, `alice@laptop`; in a pipeline the one whose push started it.
pub(crate) fn who(variables: &Variables) -> String {
    let names = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "SUDO_USER", "USER", "LOGNAME"];
    let name = names.into_iter().find_map(|it| variables.get(it)).map(str::to_owned);
    let name = name.unwrap_or_else(|| {
        let uid = uzers::get_current_uid();
        let user = uzers::get_user_by_uid(uid).map(|it| it.name().to_string_lossy().into_owned());
        user.unwrap_or_else(|| format!("uid {uid}"))
    });
    format!("{name}@{}", rustix::system::uname().nodename().to_string_lossy())
}

/// The commit that the files of `project` are of, if it lies in a git repository. `-dirty` is added if a migration or a policy file
/// is not as in that commit, `-unchecked` if git cannot be asked. To be called only where something is written down: it starts
/// `git`.
pub(crate) fn commit(project: &Project, variables: &Variables) -> Option<String> {
    let mut commit = head(&project.root)?;
    commit.push_str(match differs(project, variables) {
        Some(true) => "-dirty",
        Some(false) => "",
        None => "-unchecked",
    });
    Some(commit)
}

/// Whether a file that a push applies is not as in the commit that is checked out; `None` if git does not say.
#[allow(clippy::disallowed_methods, reason = "git gets no secret, and no program is run for it")]
fn differs(project: &Project, variables: &Variables) -> Option<bool> {
    let mut git = Command::new("git");
    git.args([
        "-c",
        "core.fsmonitor=false",
        "status",
        "--porcelain",
        "--untracked-files=all",
        "--ignored=matching",
        "--",
    ])
    .args([project.migrations_dir(), project.rls_dir()])
    .current_dir(&project.root)
    // It writes nothing, the index included.
    .env("GIT_OPTIONAL_LOCKS", "0")
    .stdin(Stdio::null());
    for name in variables.secret_names() {
        git.env_remove(name);
    }
    let output = git.output().ok().filter(|it| it.status.success())?;
    let lines = String::from_utf8_lossy(&output.stdout);
    // Names with unusual characters are quoted; a directory stands for all that is in it.
    let is_sql = |line: &str| {
        Utf8Path::new(line.trim_end_matches('"')).extension().is_some_and(|it| it.eq_ignore_ascii_case("sql"))
    };
    Some(lines.lines().any(|it| is_sql(it) || it.ends_with('/')))
}

/// The commit that is checked out in `root`, read from the files of git.
fn head(root: &Utf8Path) -> Option<String> {
    let git = root.ancestors().find_map(|it| git_directory(&it.join(".git")))?;
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(reference) = head.trim().strip_prefix("ref: ") else { return Some(head.trim().to_owned()) };
    // A worktree has a HEAD of its own and shares everything else.
    let common = fs::read_to_string(git.join("commondir")).map_or_else(|_| git.clone(), |it| git.join(it.trim()));
    if let Ok(commit) = fs::read_to_string(common.join(reference)) {
        return Some(commit.trim().to_owned());
    }
    let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| Some(line.split_once(' ').filter(|it| it.1 == reference)?.0.to_owned()))
}

/// `.git` is a directory, or in a worktree a file that names one.
fn git_directory(path: &Utf8Path) -> Option<Utf8PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    let text = fs::read_to_string(path).ok()?;
    Some(path.parent()?.join(text.trim().strip_prefix("gitdir: ")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn repository() -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        fs::create_dir_all(root.join(".git/refs/heads")).unwrap();
        fs::create_dir_all(root.join("project")).unwrap();
        fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        (directory, root)
    }

    #[test]
    fn the_commit_is_found_loose_packed_or_detached() {
        let (_directory, root) = repository();
        assert_eq!(head(&root), None);
        fs::write(root.join(".git/packed-refs"), format!("# pack-refs\n{ONE} refs/heads/main\n")).unwrap();
        assert_eq!(head(&root.join("project")).as_deref(), Some(ONE));
        fs::write(root.join(".git/refs/heads/main"), format!("{TWO}\n")).unwrap();
        assert_eq!(head(&root).as_deref(), Some(TWO));
        fs::write(root.join(".git/HEAD"), format!("{ONE}\n")).unwrap();
        assert_eq!(head(&root).as_deref(), Some(ONE));
    }

    #[test]
    fn a_worktree_has_a_head_of_its_own() {
        let (_directory, root) = repository();
        let own = root.join(".git/worktrees/other");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("HEAD"), "ref: refs/heads/other\n").unwrap();
        fs::write(own.join("commondir"), "../..\n").unwrap();
        fs::write(root.join(".git/refs/heads/other"), format!("{TWO}\n")).unwrap();
        let other = root.join("other");
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join(".git"), format!("gitdir: {own}\n")).unwrap();
        assert_eq!(head(&other).as_deref(), Some(TWO));
    }

    #[test]
    fn somebody_runs_it() {
        let who = |pairs: &[(&str, &str)]| who(&Variables::from_pairs(pairs.iter().copied()));
        assert!(who(&[("USER", "alice")]).starts_with("alice@"));
        assert!(who(&[("USER", "runner"), ("GITHUB_ACTOR", "bob")]).starts_with("bob@"));
        assert!(!who(&[]).starts_with('@'));
    }
}
