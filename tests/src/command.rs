//! Whole commands.

use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{ExposeSecret as _, Variables};
use palisade_embedded::ScratchDatabase;

use crate::directory::Directory;

/// A project on disk, and the environment in which commands run on it. Nothing else of this process' environment reaches them
/// but where programs and caches are.
#[derive(Debug)]
pub struct CommandProject {
    directory: Directory,
    variables: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed as its result.
    pub stdout: String,
    /// What it printed beside it.
    pub stderr: String,
}

impl CommandProject {
    /// An empty project with the environments `dev` and `prod`.
    pub fn new() -> Self {
        let directory = Directory::new();
        for file in ["config/default.toml", "config/dev.toml", "config/prod.toml", "migrations/.keep", "rls/.keep"] {
            directory.write(file, "");
        }
        let process = Variables::process();
        let kept =
            ["PATH", "HOME", "PALISADE_PG_BIN", "PALISADE_PG_ARCHIVE", "PALISADE_CACHE_DIR", "LLVM_PROFILE_FILE"];
        let variables = kept.into_iter().filter_map(|it| Some((it.to_owned(), process.get(it)?.to_owned()))).collect();
        Self { directory, variables }
    }

    /// A copy of this repository's own example: configuration, migrations, policies and sample rows.
    ///
    /// # Panics
    ///
    /// If it cannot be copied.
    pub fn example() -> Self {
        let it = Self::new();
        for part in ["config", "migrations", "rls", "schema", "seeds"] {
            copy(&repository().join(part), &it.root().join(part));
        }
        it
    }

    /// Where it is.
    pub fn root(&self) -> &Utf8Path {
        self.directory.path()
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        self.directory.write(path, text);
    }

    /// Sets a variable for all commands.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(it, _)| it != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets a variable hold the URL of a database.
    #[must_use]
    pub fn database(self, name: &str, database: &ScratchDatabase) -> Self {
        let url = database.tcp_url().expose();
        self.variable(name, url.expose_secret())
    }

    /// Starts `xtask` with these arguments, in the project, without a terminal.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[allow(clippy::disallowed_methods, reason = "whole commands are what is tested")]
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(xtask());
        command.args(arguments).current_dir(self.root()).env_clear().envs(self.variables.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("a command that can be started")
    }

    /// Runs `xtask` with these arguments to its end.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::wait(self.start(arguments))
    }

    /// As [`run`](Self::run), and it must end with `code`.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn expect(&self, code: i32, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}\n{}\n{}", ended.stdout, ended.stderr);
        ended
    }
}

impl Default for CommandProject {
    fn default() -> Self {
        Self::new()
    }
}

impl Ended {
    /// Waits for the end.
    ///
    /// # Panics
    ///
    /// If it cannot be waited for.
    pub fn wait(child: Child) -> Self {
        let output = child.wait_with_output().expect("a child of ours");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The root of this repository.
fn repository() -> &'static Utf8Path {
    let tests = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The program under test: `cargo xtask test` is it and says so in `PALISADE_TEST_XTASK`; without, cargo builds it once.
#[allow(clippy::disallowed_methods, reason = "cargo gets no secret")]
fn xtask() -> &'static Utf8Path {
    static BUILT: OnceLock<Utf8PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(built) = Variables::process().get("PALISADE_TEST_XTASK") {
            return built.into();
        }
        let here = std::env::current_exe().expect("the path of this test");
        let here = Utf8PathBuf::from_path_buf(here).expect("a path in UTF-8");
        let profile = here.ancestors().nth(2).expect("tests lie in <profile>/deps").to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "xtask"]).current_dir(repository());
        if profile.file_name() == Some("release") {
            cargo.arg("--release");
        }
        // What cargo says of this package to its tests: the build script of `ring` looks at these, would run again, and with
        // it most dependencies would be compiled again, now and once more for whoever calls cargo next.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_LINKS", "CARGO_PKG_NAME", "OUT_DIR"] {
            cargo.env_remove(name);
        }
        for part in ["MAJOR", "MINOR", "PATCH", "PRE"] {
            cargo.env_remove(format!("CARGO_PKG_VERSION_{part}"));
        }
        let status = cargo.status().expect("cargo, which built this test");
        assert!(status.success(), "xtask cannot be built");
        profile.join("xtask")
    })
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    std::fs::create_dir_all(to).expect("a directory that we may make");
    for entry in from.read_dir_utf8().expect("a directory of the repository") {
        let path = entry.expect("a readable entry").into_path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a file that can be copied");
        }
    }
}
