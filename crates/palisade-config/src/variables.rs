//! Variables: of the process, and of `.env` files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use camino::Utf8PathBuf;

use crate::dotenv::DotEnv;
use crate::redact::secrets;
use crate::{ConfigError, EnvironmentName, Origin, Project};

/// A snapshot of variables: those of the process, then `.env.<env>`, then `.env`; the first that has a name wins.
///
/// Taken once and passed on, so that one command sees one state. The environment of the process is never changed.
/// An empty variable counts as not set, but still hides the weaker ones: `DATABASE_URL= cargo xtask db-init` means
/// "without the URL in `.env`". `Debug` shows names only.
#[derive(Clone)]
pub struct Variables {
    process: BTreeMap<String, String>,
    /// Strongest first.
    files: Vec<DotEnv>,
    /// Where `.env.<env>` of other environments are; `None` for a closed set of variables.
    root: Option<Utf8PathBuf>,
}

impl Variables {
    /// The process variables and the `.env` files of `project`: `.env.<env>` if `env` is given, and `.env`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Read`] and [`ConfigError::DotEnv`], if a file is there but cannot be understood.
    pub fn read(project: &Project, env: Option<&EnvironmentName>) -> Result<Self, ConfigError> {
        Self { root: Some(project.root.clone()), ..Self::process() }.for_environment(env)
    }

    /// The process variables alone. Those that are not UTF-8 are left out.
    pub fn process() -> Self {
        let texts =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_pairs(texts)
    }

    /// Exactly these, as if the process had them and no `.env` existed.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let process = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let variables = Self { process, files: Vec::new(), root: None };
        variables.remember_urls();
        variables
    }

    /// What a command for `env` would see. A set that was not read from a project stays as it is.
    pub(crate) fn for_environment(&self, env: Option<&EnvironmentName>) -> Result<Self, ConfigError> {
        let Some(root) = &self.root else { return Ok(self.clone()) };
        let own = env.map(|it| format!(".env.{it}"));
        let mut files = Vec::new();
        for name in own.iter().map(String::as_str).chain([".env"]) {
            files.extend(DotEnv::read(root, name)?);
        }
        let variables = Self { files, ..self.clone() };
        variables.remember_urls();
        Ok(variables)
    }

    /// The value of `name`, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let in_files = || self.files.iter().find_map(|it| it.get(name)).map(|it| it.value.as_str());
        self.process.get(name).map(String::as_str).or_else(in_files).filter(|it| !it.trim().is_empty())
    }

    /// Where the value of `name` comes from; `None` if there is none.
    pub fn origin(&self, name: &str) -> Option<Origin> {
        self.get(name)?;
        let variable = name.to_owned();
        if self.process.contains_key(name) {
            return Some(Origin::Process { variable });
        }
        let (file, entry) = self.files.iter().find_map(|file| Some((file, file.get(name)?)))?;
        Some(Origin::DotEnv { path: file.path.clone(), line: entry.line, variable })
    }

    /// The names of all variables that have a value, sorted.
    pub fn names(&self) -> BTreeSet<&str> {
        let in_files = self.files.iter().flat_map(DotEnv::names);
        self.process.keys().map(String::as_str).chain(in_files).filter(|it| self.get(it).is_some()).collect()
    }

    /// Names of the process variables that hold the URL of a database, or are libpq's password. Programs that we start
    /// do not need them.
    pub fn secret_names(&self) -> BTreeSet<&str> {
        let is_secret =
            |name: &str, value: &str| name == "PGPASSWORD" || crate::database_url::strip_scheme(value.trim()).is_some();
        self.process.iter().filter(|(name, value)| is_secret(name, value)).map(|(name, _)| name.as_str()).collect()
    }

    /// Registers what is evidently secret before anyone asks for it: a URL that never parses is secret, too.
    fn remember_urls(&self) {
        for value in self.names().into_iter().filter_map(|it| self.get(it)) {
            if crate::database_url::strip_scheme(value.trim()).is_some() {
                secrets().remember_text(value.trim());
            }
        }
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
