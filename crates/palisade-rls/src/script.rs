//! The policy files of a project, read and checked.

use std::fmt::Write as _;
use std::{fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use palisade_plan::{Declared, Foreseen, ReadOn, RowSecurityStep};
use sha2::{Digest, Sha256};

use crate::check::{Finding, check};
use crate::plan::Orphans;

/// One file of `rls/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// As shown in messages and ordered by: the name of the directory that was read, then the way down,
    /// as in `rls/public/posts.sql`.
    pub path: Utf8PathBuf,
    /// Its text, without a byte order mark.
    pub sql: String,
}

/// All policy files of a project in the order in which they run. Every statement in it is known to belong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyScript {
    files: Vec<PolicyFile>,
    digest: String,
}

/// Why the policy files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The directory or a file in it could not be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// What was to be read.
        path: Utf8PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A file is not text.
    #[error("`{path}` is not UTF-8: byte {byte} is not part of a character")]
    NotUtf8 {
        /// The file.
        path: Utf8PathBuf,
        /// The first byte that does not fit, counted from 0.
        byte: usize,
    },
    /// Statements that do not belong in policy files; all of them, not just the first.
    #[error("{}", list(findings))]
    Refused {
        /// In the order of the files.
        findings: Vec<Finding>,
    },
}

impl ScriptError {
    /// What to do next; the CLI prints it under the error.
    pub fn help(&self) -> String {
        match self {
            Self::Read { path, .. } => format!("make `{path}` readable for the user who runs this command"),
            Self::NotUtf8 { path, .. } => format!("save `{path}` as UTF-8"),
            Self::Refused { findings } => {
                let mut lines: Vec<String> = findings.iter().map(Finding::help).collect();
                lines.dedup();
                lines.join("\n")
            }
        }
    }
}

fn list(findings: &[Finding]) -> String {
    let mut text = match findings {
        [_] => "a statement does not belong in a policy file".to_owned(),
        more => format!("{} statements do not belong in policy files", more.len()),
    };
    for finding in findings {
        let _ = write!(text, "\n{finding}");
    }
    text
}

impl PolicyScript {
    /// Reads every `*.sql` file below `directory`, in the order of their paths, and checks it. Files and directories
    /// whose names begin with a dot are left out. A directory that does not exist holds no policies.
    ///
    /// # Errors
    ///
    /// [`ScriptError`], which names every statement that does not belong in a policy file.
    pub fn read(directory: &Utf8Path) -> Result<Self, ScriptError> {
        let label = Utf8Path::new(directory.file_name().unwrap_or("rls"));
        let mut files = Vec::new();
        if directory.as_std_path().try_exists().map_err(|source| read_error(label, source))? {
            read_directory(directory, label, &mut files)?;
        }
        Self::from_files(files)
    }

    /// Checks files that are at hand already, and puts them into the order of their paths.
    ///
    /// # Errors
    ///
    /// [`ScriptError::Refused`].
    pub fn from_files(mut files: Vec<PolicyFile>) -> Result<Self, ScriptError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let findings = check(&files);
        if !findings.is_empty() {
            return Err(ScriptError::Refused { findings });
        }
        let digest = digest(&files);
        Ok(Self { files, digest })
    }

    /// The files as a step of a plan, with what they declare.
    pub fn to_step(&self, declared: Declared, orphans: Orphans, foreseen: Option<Foreseen>) -> RowSecurityStep {
        RowSecurityStep {
            files: self.files.iter().map(|it| it.path.to_string()).collect(),
            script: self.digest.clone(),
            declared,
            prune: orphans == Orphans::Drop,
            foreseen,
            read_on: ReadOn::Throwaway,
        }
    }

    /// The files in the order in which they run.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// SHA-256 over the paths and texts of all files, in hexadecimal: what a plan refers to.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn read_error(path: &Utf8Path, source: io::Error) -> ScriptError {
    ScriptError::Read { path: path.to_owned(), source }
}

fn read_directory(directory: &Utf8Path, label: &Utf8Path, files: &mut Vec<PolicyFile>) -> Result<(), ScriptError> {
    for entry in directory.read_dir_utf8().map_err(|source| read_error(label, source))? {
        let entry = entry.map_err(|source| read_error(label, source))?;
        let path = label.join(entry.file_name());
        if entry.file_name().starts_with('.') {
            continue;
        }
        let is_directory = fs::metadata(entry.path()).map_err(|source| read_error(&path, source))?.is_dir();
        if is_directory {
            read_directory(entry.path(), &path, files)?;
        } else if path.extension().is_some_and(|it| it.eq_ignore_ascii_case("sql")) {
            let bytes = fs::read(entry.path()).map_err(|source| read_error(&path, source))?;
            files.push(policy_file(path, bytes)?);
        }
    }
    Ok(())
}

fn policy_file(path: Utf8PathBuf, bytes: Vec<u8>) -> Result<PolicyFile, ScriptError> {
    match String::from_utf8(bytes) {
        Ok(sql) => Ok(PolicyFile { path, sql: sql.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(sql) }),
        Err(error) => Err(ScriptError::NotUtf8 { path, byte: error.utf8_error().valid_up_to() }),
    }
}

/// Lengths stand before texts, so that no two different sets of files hash the same bytes.
fn digest(files: &[PolicyFile]) -> String {
    let mut hash = Sha256::new();
    for PolicyFile { path, sql } in files {
        for text in [path.as_str(), sql.as_str()] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::{PolicyFile, PolicyScript, ScriptError, policy_file};

    fn file(path: &str, sql: &str) -> PolicyFile {
        PolicyFile { path: path.into(), sql: sql.into() }
    }

    #[test]
    fn files_run_in_the_order_of_their_paths_whatever_the_file_system_says() {
        let files = [("rls/public/b.sql", ""), ("rls/private/z.sql", ""), ("rls/public/a.sql", "")];
        let script = PolicyScript::from_files(files.iter().map(|(path, sql)| file(path, sql)).collect()).unwrap();
        let order: Vec<&str> = script.files().iter().map(|it| it.path.as_str()).collect();
        assert_eq!(order, ["rls/private/z.sql", "rls/public/a.sql", "rls/public/b.sql"]);
    }

    #[test]
    fn moving_text_from_one_file_to_the_next_changes_the_digest() {
        let one = PolicyScript::from_files(vec![file("a", "--x"), file("b", "--y")]).unwrap();
        let other = PolicyScript::from_files(vec![file("a", "--x--y"), file("b", "")]).unwrap();
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.digest().len(), 64);
    }

    #[test]
    fn a_byte_order_mark_is_not_sql_and_other_encodings_are_named() {
        assert_eq!(policy_file("a".into(), b"\xef\xbb\xbf--x".to_vec()).unwrap().sql, "--x");
        let error = policy_file("a".into(), b"--\xe4".to_vec()).unwrap_err();
        assert!(matches!(error, ScriptError::NotUtf8 { byte: 2, .. }));
    }
}
