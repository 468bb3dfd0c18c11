//! Finding a project and its environments.

use camino::Utf8Path;
use insta::assert_snapshot;
use palisade_config::{ConfigError, EnvironmentName, Project};

use crate::fixture::{Fixture, shown};

#[test]
fn a_project_is_found_from_below() {
    let fixture = Fixture::new(&[("crates/inner/config/logging.toml", ""), ("crates/inner/src/lib.rs", "")]);
    let found = Project::find(&fixture.path("crates/inner/src")).unwrap();
    assert_eq!(found, fixture.project);
    assert_eq!(Project::find(&fixture.project.root).unwrap(), fixture.project);
    assert_eq!(found.state_dir(), fixture.path(".palisade"));
}

#[test]
fn without_a_project_the_error_says_where_the_search_began() {
    let directory = tempfile::tempdir().unwrap();
    let start = Utf8Path::from_path(directory.path()).unwrap();
    let error = Project::find(start).unwrap_err();
    assert!(matches!(&error, ConfigError::NoProject { start: it } if it == start), "{error}");
}

#[test]
fn environments_are_the_files_but_default() {
    let files =
        [("config/eu-staging.toml", ""), ("config/.#prod.toml", ""), ("config/notes.md", ""), ("config/x/y.toml", "")];
    let names = Fixture::new(&files).project.environments().unwrap();
    assert_eq!(names.iter().map(EnvironmentName::as_str).collect::<Vec<_>>(), ["dev", "eu-staging", "prod"]);
}

#[test]
fn a_file_no_environment_can_be_named_after_is_an_error() {
    let fixture = Fixture::new(&[("config/Prod 2.toml", "")]);
    assert_snapshot!(shown(&fixture.project.environments().unwrap_err()), @r"
    error: `config/Prod 2.toml` does not have the name of an environment
      because: `Prod 2` is not an environment name: lower-case letters, digits, `_` and `-`, beginning with a letter
      help: rename `config/Prod 2.toml`, or move it: every file `config/*.toml` is an environment
    ");
}

#[test]
fn a_mistyped_environment_lists_the_known_ones() {
    let fixture = Fixture::new(&[]);
    let ask = |name| shown(&fixture.project.environment(name).unwrap_err());
    assert_snapshot!(ask("porduction"), @r"
    error: environment `porduction` does not exist
      help: did you mean `prod`? known are `dev`, `prod`
    ");
    assert_snapshot!(ask("PROD"), @r"
    error: environment `PROD` does not exist
      help: did you mean `prod`? known are `dev`, `prod`
    ");
    assert_snapshot!(ask("default"), @r"
    error: environment `default` does not exist
      help: known are `dev`, `prod`; a new one begins with a file `config/NAME.toml`
    ");
    assert_snapshot!(ask("postgres://me:hunter22@host/db"), @r"
    error: environment `…` does not exist
      help: known are `dev`, `prod`; a new one begins with a file `config/NAME.toml`
    ");
}

#[test]
fn loading_an_environment_without_a_file_never_uses_defaults_alone() {
    let error = Fixture::new(&[]).load("prd", &[]).unwrap_err();
    assert!(matches!(error, ConfigError::UnknownEnvironment { .. }), "{error}");
}
