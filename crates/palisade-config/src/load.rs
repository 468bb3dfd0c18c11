//! Merging the layers.

mod merged;

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use figment::Figment;
use figment::providers::Serialized;
use merged::Merged;

use crate::conflict::{self, Claim};
use crate::keys::{KEYS, Key, Scope};
use crate::layer::{Given, Layer};
use crate::suggest::nearest;
use crate::{ConfigError, Environment, EnvironmentName, Origin, Overrides, Project, SecretSource, Variables};

/// The weakest layer, in the form of the others.
const BUILT_IN: &str = include_str!("built_in.toml");

/// How all variables of ours begin.
const PREFIX: &str = "PALISADE_";
/// Those that are no setting of an environment.
const NOT_SETTINGS: [&str; 5] =
    ["PALISADE_CACHE_DIR", "PALISADE_LOG", "PALISADE_PG_ARCHIVE", "PALISADE_PG_BIN", "PALISADE_PG_DOWNLOAD"];

/// Loads environment `name` of `project`: built-in defaults, `config/default.toml`, `config/<name>.toml`, variables
/// `PALISADE_<KEY>`, and `flags`, each stronger than the one before it.
///
/// Reads the URLs of all environments that are in variables or files, to refuse two that lead to one database.
///
/// # Errors
///
/// - [`ConfigError::UnknownEnvironment`] if there is no file for `name`.
/// - [`ConfigError::SameDatabase`] if two environments lead to one database.
/// - Others of [`ConfigError`] if a layer is not what it must be.
pub fn load(
    project: &Project,
    name: &EnvironmentName,
    variables: &Variables,
    flags: &Overrides,
) -> Result<Environment, ConfigError> {
    let mut environment = load_alone(project, name, variables, flags)?;
    environment.claims = foreign_claims(project, &environment, variables)?;
    Ok(environment)
}

/// As [`load`], without comparing the environment with others: for showing how each is configured when two of them collide. What
/// it leads to must not be written to.
///
/// # Errors
///
/// As [`load`], but for [`ConfigError::SameDatabase`] and [`ConfigError::TwoProjects`].
pub fn load_alone(
    project: &Project,
    name: &EnvironmentName,
    variables: &Variables,
    flags: &Overrides,
) -> Result<Environment, ConfigError> {
    // figment would silently use the defaults alone for an environment without a file.
    project.environment(name.as_str())?;
    let mut layers = vec![built_in()?];
    layers.extend(Layer::read(project, "default")?);
    layers.extend(Layer::read(project, name.as_str())?);
    let (from_variables, mut warnings) = variable_layer(variables)?;
    layers.push(from_variables);
    layers.push(flag_layer(flags)?);

    let mut figment = Figment::new();
    let mut sources = default_sources(name);
    let mut origins = BTreeMap::new();
    for layer in layers {
        figment = figment.merge(Serialized::defaults(layer.values));
        sources.extend(layer.sources);
        origins.extend(layer.origins);
    }
    let merged: Merged = figment.extract().map_err(|error| ConfigError::Merge { key: error.path.join(".") })?;
    let sources: BTreeMap<_, _> = sources.into_iter().map(|(key, it)| (key, anchored(project, &it))).collect();
    warnings.extend(sources.values().filter_map(exposed));
    let mut environment = merged.into_environment(project, name, &sources, origins);
    environment.warnings = warnings;
    Ok(environment)
}

fn built_in() -> Result<Layer, ConfigError> {
    let mut layer = Layer::parse(Utf8Path::new("built-in"), BUILT_IN)?;
    layer.origins.values_mut().for_each(|it| *it = Origin::BuiltIn);
    Ok(layer)
}

fn default_sources(name: &EnvironmentName) -> BTreeMap<&'static str, SecretSource> {
    let env = |name| SecretSource::Env { name };
    [("url", env(name.url_variable())), ("direct-url", env(name.direct_url_variable()))].into()
}

/// What `PALISADE_<KEY>` variables set, and warnings about those that set nothing.
fn variable_layer(variables: &Variables) -> Result<(Layer, Vec<String>), ConfigError> {
    let mut layer = Layer::default();
    let mut warnings = Vec::new();
    for variable in variables.names() {
        if !variable.starts_with(PREFIX) {
            continue;
        }
        let (Some(text), Some(origin)) = (variables.get(variable), variables.origin(variable)) else { continue };
        let Some(key) = KEYS.iter().find(|it| it.variable() == variable) else {
            warnings.extend(sets_nothing(variable));
            continue;
        };
        if key.scope != Scope::Anyone {
            return Err(ConfigError::NotAVariable { variable: variable.to_owned(), key: key.path });
        }
        let place = || origin.to_string();
        let value = key.read(&Given::Variable(text)).map_err(|expected| ConfigError::Value {
            place: place(),
            key: key.path,
            expected,
        })?;
        layer.set(key, value, origin);
    }
    Ok((layer, warnings))
}

/// A warning about a variable that looks like one of ours and is none.
fn sets_nothing(variable: &str) -> Option<String> {
    if NOT_SETTINGS.contains(&variable) || variable.starts_with("PALISADE_TEST_") {
        return None;
    }
    let known: Vec<String> = KEYS.iter().filter(|it| it.scope == Scope::Anyone).map(Key::variable).collect();
    let known = known.iter().map(String::as_str).chain(NOT_SETTINGS);
    // Without what all have in common: it would make everything alike.
    let meant = nearest(&variable[PREFIX.len()..], known.map(|it| &it[PREFIX.len()..]));
    let meant = meant.map(|it| format!("; did you mean `{PREFIX}{it}`?")).unwrap_or_default();
    Some(format!("variable `{variable}` sets nothing{meant}"))
}

fn flag_layer(flags: &Overrides) -> Result<Layer, ConfigError> {
    let Overrides { lock_timeout, statement_timeout, connect_timeout, ssl_mode, root_certificate, backup_store } =
        flags;
    let time = |it: &Duration| humantime::format_duration(*it).to_string();
    // Files are relative to the project, but what is typed is relative to where it is typed.
    let absolute = |it: &Utf8PathBuf| {
        camino::absolute_utf8(it)
            .map_err(|source| ConfigError::Read { path: it.clone(), source })
            .map(Utf8PathBuf::into_string)
    };
    let mut layer = Layer::default();
    for (path, text) in [
        ("lock-timeout", lock_timeout.as_ref().map(time)),
        ("statement-timeout", statement_timeout.as_ref().map(time)),
        ("connect-timeout", connect_timeout.as_ref().map(time)),
        ("ssl-mode", ssl_mode.map(|it| it.to_string())),
        ("root-certificate", root_certificate.as_ref().map(absolute).transpose()?),
        ("backup.store", backup_store.clone()),
    ] {
        let (Some(key), Some(text)) = (Key::find(path), text) else { continue };
        let name = format!("--{}", path.replace('.', "-"));
        let value =
            key.read(&Given::Variable(&text)).map_err(|expected| ConfigError::Flag { flag: name.clone(), expected })?;
        layer.set(key, value, Origin::Flag { name });
    }
    Ok(layer)
}

/// The databases of the other environments, after making sure that no two environments have one in common.
fn foreign_claims(
    project: &Project,
    environment: &Environment,
    variables: &Variables,
) -> Result<Vec<Claim>, ConfigError> {
    let own = [("url", &environment.url), ("direct-url", &environment.direct_url)];
    let own = conflict::claims(&environment.name, own, variables);
    let mut foreign = Vec::new();
    for other in project.environments()?.into_iter().filter(|it| *it != environment.name) {
        let mut sources = default_sources(&other);
        sources.extend(Layer::read(project, other.as_str())?.map(|it| it.sources).unwrap_or_default());
        let sources = ["url", "direct-url"].map(|key| (key, anchored(project, &sources[key])));
        let theirs = variables.for_environment(Some(&other))?;
        foreign.extend(conflict::claims(&other, sources.each_ref().map(|(key, source)| (*key, source)), &theirs));
    }
    let all: Vec<Claim> = own.into_iter().chain(foreign.iter().cloned()).collect();
    conflict::check(&all)?;
    Ok(foreign)
}

/// A warning, if `source` is a file that every user of the machine can read.
fn exposed(source: &SecretSource) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let SecretSource::File { path } = source else { return None };
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o004 != 0)
        .then(|| format!("secret file `{path}` can be read by every user; `chmod o-r {path}` changes that"))
}

/// `source` with paths relative to the project made absolute: a command may run anywhere inside it.
fn anchored(project: &Project, source: &SecretSource) -> SecretSource {
    match source {
        SecretSource::Env { .. } => source.clone(),
        SecretSource::File { path } if path.starts_with("~") => source.clone(),
        SecretSource::File { path } => SecretSource::File { path: project.root.join(path) },
        SecretSource::Command { argv } => {
            let mut argv = argv.clone();
            if let Some(program) = argv.first_mut().filter(|it| it.contains('/')) {
                *program = project.root.join(&*program).into_string();
            }
            SecretSource::Command { argv }
        }
    }
}
