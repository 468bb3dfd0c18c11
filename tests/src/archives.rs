//! Archives of other Postgres versions.

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::Variables;

/// The archive of a major version, from the directory that `PALISADE_TEST_PG_ARCHIVES` names. It holds files such as
/// `postgresql-17.11.0-x86_64-unknown-linux-gnu.tar.gz`, as github.com/theseus-rs/postgresql-binaries releases them.
///
/// # Panics
///
/// If the variable is not set, or the directory has no archive of that version.
pub fn archive(major: u32) -> Utf8PathBuf {
    let variables = Variables::process();
    let directory = variables.get("PALISADE_TEST_PG_ARCHIVES").unwrap_or_else(|| {
        panic!(
            "set PALISADE_TEST_PG_ARCHIVES to a directory with postgresql-{major}.*.tar.gz, \
             from github.com/theseus-rs/postgresql-binaries"
        )
    });
    let prefix = format!("postgresql-{major}.");
    let entries = Utf8Path::new(directory)
        .read_dir_utf8()
        .unwrap_or_else(|error| panic!("PALISADE_TEST_PG_ARCHIVES: cannot read `{directory}`: {error}"));
    let mut archives: Vec<_> = entries
        .map(|entry| entry.expect("a readable directory entry").path().to_owned())
        .filter(|path| path.file_name().is_some_and(|it| it.starts_with(&prefix) && it.ends_with(".tar.gz")))
        .collect();
    archives.sort();
    archives.pop().unwrap_or_else(|| panic!("PALISADE_TEST_PG_ARCHIVES: `{directory}` has no {prefix}*.tar.gz"))
}
