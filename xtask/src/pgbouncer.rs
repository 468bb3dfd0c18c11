//! The pooler that tests of poolers need: the installed one, else Debian's, unpacked beside the system without touching it.

use crate::program::{read, run};
use palisade_cli::{CommandError, Printer};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Starts the unpacked program with the libraries beside it, wherever that is.
const SCRIPT: &str = r#"#!/bin/sh
root=$(dirname "$0")/../root
LD_LIBRARY_PATH=$(echo "$root"/usr/lib/*-linux-*) exec "$root/usr/sbin/pgbouncer" "$@"
"#;

/// The `PATH` on which `pgbouncer` is found. `cache` is a directory that every user of servers can enter.
pub(crate) async fn bring(cache: &Path, path: &str, printer: &Printer) -> Result<OsString, CommandError> {
    let installed = path.split(':').chain(["/usr/sbin"]).any(|it| Path::new(it).join("pgbouncer").is_file());
    if installed {
        return Ok(path.into());
    }
    let home = cache.join("pgbouncer");
    if !home.join("bin/pgbouncer").is_file() {
        printer.note("fetching PgBouncer from Debian");
        fetch(&home).await.map_err(|error| error.help("`apt-get install pgbouncer` installs it"))?;
    }
    Ok(format!("{}:{path}", home.join("bin").display()).into())
}

/// Downloads the package and the libraries that the system lacks. The program appears under its name only when all is there.
async fn fetch(home: &Path) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| CommandError::of("no-pgbouncer", &error);
    let (root, packages) = (home.join("root"), home.join("packages"));
    if packages.exists() {
        fs::remove_dir_all(&packages).map_err(failed)?;
    }
    for directory in [&root, &packages, &home.join("bin"), &home.join("lists/partial"), &home.join("cache")] {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    apt(home, &["update", "-qq"]).await?;
    let mut wanted = vec!["pgbouncer".to_owned()];
    while let Some(package) = wanted.pop() {
        apt(home, &["download", "-qq", &package]).await?;
        let file = unpack(&packages, &root).await?;
        if package == "pgbouncer" {
            wanted = missing_libraries(&file, &packages).await?;
        }
        fs::remove_file(&file).map_err(failed)?;
    }
    let script = home.join("bin/pgbouncer.part");
    fs::write(&script, SCRIPT).map_err(failed)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    fs::rename(&script, home.join("bin/pgbouncer")).map_err(failed)
}

/// `apt-get` with lists and downloads of its own, which needs no rights.
async fn apt(home: &Path, words: &[&str]) -> Result<(), CommandError> {
    let lists = format!("Dir::State::lists={}", home.join("lists").display());
    let cache = format!("Dir::Cache={}", home.join("cache").display());
    let options = ["-o", &lists, "-o", &cache, "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1"];
    let words: Vec<String> = options.iter().chain(words).map(|it| (*it).to_owned()).collect();
    run("apt-get", &words, &home.join("packages"), &[]).await
}

/// Unpacks the one package that was downloaded, and says which file it was.
async fn unpack(packages: &Path, root: &Path) -> Result<PathBuf, CommandError> {
    let failed = |error: std::io::Error| CommandError::of("no-pgbouncer", &error);
    let file = fs::read_dir(packages).map_err(failed)?.flatten().map(|it| it.path()).next();
    let file = file.ok_or_else(|| CommandError::failed("no-pgbouncer", "apt-get downloaded no package"))?;
    let words = ["--extract".to_owned(), file.display().to_string(), root.display().to_string()];
    run("dpkg-deb", &words, packages, &[]).await?;
    Ok(file)
}

/// The libraries that the package depends on and that are not installed.
async fn missing_libraries(package: &Path, directory: &Path) -> Result<Vec<String>, CommandError> {
    let words = ["--field".to_owned(), package.display().to_string(), "Depends".to_owned()];
    let depends = read("dpkg-deb", &words, directory).await?;
    let mut missing = Vec::new();
    for name in depends.split(',').filter_map(|it| it.split_whitespace().next()).filter(|it| it.starts_with("lib")) {
        let installed = read("dpkg-query", &["--show".to_owned(), name.to_owned()], directory).await.is_ok();
        if !installed {
            missing.push(name.to_owned());
        }
    }
    Ok(missing)
}
