//! The directory of a project.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::name::presentable;
use crate::suggest::nearest;
use crate::{ConfigError, EnvironmentName};

/// A project: the directory that has `config/`, `migrations/`, `rls/` and `seeds/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The directory that has `config/`, absolute.
    pub root: Utf8PathBuf,
}

impl Project {
    /// The project that `start` lies in: the nearest directory upwards with `config/default.toml` or
    /// `config/dev.toml`. Many things have a `config/`, so its mere existence says nothing.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoProject`] if there is none, [`ConfigError::Read`] if the current directory is unknown.
    pub fn find(start: &Utf8Path) -> Result<Self, ConfigError> {
        let absolute =
            camino::absolute_utf8(start).map_err(|source| ConfigError::Read { path: start.to_owned(), source })?;
        let is_root = |it: &&Utf8Path| {
            ["default", "dev"].iter().any(|name| it.join("config").join(format!("{name}.toml")).is_file())
        };
        match absolute.ancestors().find(is_root) {
            Some(root) => Ok(Self { root: root.to_owned() }),
            None => Err(ConfigError::NoProject { start: absolute }),
        }
    }

    /// `config/`: one file per environment.
    pub fn config_dir(&self) -> Utf8PathBuf {
        self.root.join("config")
    }

    /// `migrations/`.
    pub fn migrations_dir(&self) -> Utf8PathBuf {
        self.root.join("migrations")
    }

    /// `rls/`: row security.
    pub fn rls_dir(&self) -> Utf8PathBuf {
        self.root.join("rls")
    }

    /// `seeds/`: sample data.
    pub fn seeds_dir(&self) -> Utf8PathBuf {
        self.root.join("seeds")
    }

    /// `.palisade/`: what this clone keeps, such as the embedded server's data. Never under version control.
    pub fn state_dir(&self) -> Utf8PathBuf {
        self.root.join(".palisade")
    }

    /// All environments: the files `config/*.toml` but `default.toml`, sorted by name.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Read`] if `config/` cannot be read, [`ConfigError::FileName`] if a file in it has a name no
    /// environment can have.
    pub fn environments(&self) -> Result<Vec<EnvironmentName>, ConfigError> {
        let directory = self.config_dir();
        let at = |source: io::Error| ConfigError::Read { path: directory.clone(), source };
        let mut names = Vec::new();
        for entry in directory.read_dir_utf8().map_err(at)? {
            let entry = entry.map_err(at)?;
            let path = entry.path();
            // Hidden files are what editors leave, such as `.#prod.toml`.
            let is_config = path.extension() == Some("toml") && path.is_file() && !entry.file_name().starts_with('.');
            let stem = path.file_stem().unwrap_or("");
            if !is_config || stem == "default" {
                continue;
            }
            let path = Utf8Path::new("config").join(entry.file_name());
            names.push(stem.parse().map_err(|source| ConfigError::FileName { path, source })?);
        }
        names.sort();
        Ok(names)
    }

    /// The environment called `name`, as given by a flag.
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnknownEnvironment`], which lists those that exist, and what [`Self::environments`] returns.
    pub fn environment(&self, name: &str) -> Result<EnvironmentName, ConfigError> {
        let known = self.environments()?;
        if let Some(found) = known.iter().find(|it| it.as_str() == name) {
            return Ok(found.clone());
        }
        let lower = name.to_lowercase();
        let suggestion = nearest(&lower, known.iter().map(EnvironmentName::as_str)).map(str::to_owned);
        Err(ConfigError::UnknownEnvironment { name: presentable(name), known, suggestion })
    }
}
