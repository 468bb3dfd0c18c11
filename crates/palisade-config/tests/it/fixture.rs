//! A project in a temporary directory.

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{ConfigError, Endpoint, Environment, EnvironmentName, Overrides, Project, Variables, load};

/// A project with the given files, removed when dropped.
pub(crate) struct Fixture {
    pub(crate) project: Project,
    _directory: tempfile::TempDir,
}

impl Fixture {
    /// `config/default.toml`, `dev.toml` and `prod.toml`, all empty, and `files`.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(directory.path().canonicalize().unwrap()).unwrap();
        let fixture = Self { project: Project { root }, _directory: directory };
        for name in ["default", "dev", "prod"] {
            fixture.write(&format!("config/{name}.toml"), "");
        }
        for (path, content) in files {
            fixture.write(path, content);
        }
        fixture
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> Utf8PathBuf {
        let full = self.path(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(&full, content).unwrap();
        full
    }

    pub(crate) fn path(&self, path: &str) -> Utf8PathBuf {
        self.project.root.join(Utf8Path::new(path))
    }

    /// Loads `name` with exactly `variables`, without flags.
    pub(crate) fn load(&self, name: &str, variables: &[(&str, &str)]) -> Result<Environment, ConfigError> {
        self.load_with(name, variables, &Overrides::default())
    }

    pub(crate) fn load_with(
        &self,
        name: &str,
        variables: &[(&str, &str)],
        flags: &Overrides,
    ) -> Result<Environment, ConfigError> {
        load(&self.project, &name.parse().unwrap(), &Variables::from_pairs(variables.to_vec()), flags)
    }

    /// The direct endpoint of `name` with exactly `variables`.
    pub(crate) fn direct(&self, name: &str, variables: &[(&str, &str)]) -> Result<Endpoint, ConfigError> {
        self.load(name, variables)?.direct_endpoint(&Variables::from_pairs(variables.to_vec()))
    }

    /// The application's endpoint of `name` with exactly `variables`.
    pub(crate) fn endpoint(&self, name: &str, variables: &[(&str, &str)]) -> Result<Endpoint, ConfigError> {
        self.load(name, variables)?.endpoint(&Variables::from_pairs(variables.to_vec()))
    }

    /// What the project's own `.env` files say, below the variables of this process.
    pub(crate) fn variables(&self, name: &str) -> Result<Variables, ConfigError> {
        Variables::read(&self.project, Some(&name.parse::<EnvironmentName>().unwrap()))
    }
}

/// The error and what to do about it, as the command line shows them: with all causes.
pub(crate) fn shown(error: &ConfigError) -> String {
    let mut text = format!("error: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}\n  because: {error}");
        cause = error.source();
    }
    format!("{text}\n  help: {}", error.help())
}
