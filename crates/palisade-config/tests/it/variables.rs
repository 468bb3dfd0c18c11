//! `.env` files and the process.

use camino::Utf8PathBuf;
use insta::assert_snapshot;
use palisade_config::{ConfigError, Origin, Overrides, Variables};

use crate::fixture::{Fixture, shown};

#[test]
fn the_file_of_the_environment_wins_over_the_shared_one() {
    let fixture = Fixture::new(&[(".env", "A=shared\nB=shared"), (".env.prod", "# x\nA=prod"), (".env.dev", "A=dev")]);
    let variables = fixture.variables("prod").unwrap();
    assert_eq!(variables.get("A"), Some("prod"));
    assert_eq!(variables.get("B"), Some("shared"));
    let origin = Origin::DotEnv { path: Utf8PathBuf::from(".env.prod"), line: 2, variable: "A".to_owned() };
    assert_eq!(variables.origin("A"), Some(origin));
    assert_eq!(Variables::read(&fixture.project, None).unwrap().get("A"), Some("shared"));
}

#[test]
fn the_process_wins_and_is_not_changed() {
    // Cargo sets this one for every test.
    let name = "CARGO_MANIFEST_DIR";
    let fixture = Fixture::new(&[(".env", &format!("{name}=file\nPALISADE_TEST_ONLY_IN_FILE=x"))]);
    let variables = fixture.variables("dev").unwrap();
    assert_eq!(variables.get(name), Some(env!("CARGO_MANIFEST_DIR")));
    assert_eq!(variables.origin(name), Some(Origin::Process { variable: name.to_owned() }));
    assert_eq!(variables.get("PALISADE_TEST_ONLY_IN_FILE"), Some("x"));
    assert_eq!(Variables::process().get("PALISADE_TEST_ONLY_IN_FILE"), None);
}

#[test]
fn an_empty_variable_is_none_but_hides_the_weaker_ones() {
    let fixture = Fixture::new(&[(".env", "A=shared"), (".env.prod", "A=")]);
    let variables = fixture.variables("prod").unwrap();
    assert_eq!((variables.get("A"), variables.origin("A")), (None, None));
    assert!(!variables.names().contains("A"));
}

#[test]
fn settings_can_come_from_a_file() {
    let fixture = Fixture::new(&[(".env.dev", "\nPALISADE_LOCK_TIMEOUT=7s")]);
    let variables = fixture.variables("dev").unwrap();
    let loaded =
        palisade_config::load(&fixture.project, &"dev".parse().unwrap(), &variables, &Overrides::default()).unwrap();
    assert_eq!(loaded.lock_timeout.as_secs(), 7);
    assert_eq!(loaded.origins["lock-timeout"].to_string(), "variable PALISADE_LOCK_TIMEOUT in .env.dev:2");
}

#[test]
fn the_url_of_the_guide_is_understood() {
    let fixture = Fixture::new(&[(
        ".env",
        r#"# For connection pooling (general app use)
DATABASE_URL="postgres://postgres.abcdefgh:pa%23ss@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true"

# For direct connections (migrations)
DIRECT_URL="postgres://postgres.abcdefgh:pa%23ss@aws-0-eu-central-1.pooler.supabase.com:5432/postgres"
NEXT_PUBLIC_SUPABASE_ANON_KEY="your-anon-key"
"#,
    )]);
    let variables = fixture.variables("dev").unwrap();
    let loaded =
        palisade_config::load(&fixture.project, &"dev".parse().unwrap(), &variables, &Overrides::default()).unwrap();
    assert_snapshot!(format!("{:?}", loaded.endpoint(&variables).unwrap()), @"Url(DatabaseUrl(postgresql://postgres.abcdefgh:••••@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true))");
    assert_snapshot!(format!("{:?}", loaded.direct_endpoint(&variables).unwrap()), @"Url(DatabaseUrl(postgresql://postgres.abcdefgh:••••@aws-0-eu-central-1.pooler.supabase.com:5432/postgres))");
}

#[test]
fn the_unfilled_template_of_the_guide_says_so() {
    let url =
        "postgres://postgres.[PROJECT_REF]:[PASSWORD]@aws-0-[REGION].pooler.supabase.com:6543/postgres?pgbouncer=true";
    let error = Fixture::new(&[]).endpoint("dev", &[("DATABASE_URL", url)]).unwrap_err();
    assert_snapshot!(shown(&error), @r"
    error: `url` of environment `dev` (env DATABASE_URL) is not the URL of a database
      because: the URL still has a placeholder in brackets, such as `[PASSWORD]` or `[PROJECT_REF]`
      help: put the value of your project in its place; if the brackets belong to the password, write them as `%5B` and `%5D`
    ");
}

#[test]
fn a_fault_in_a_file_has_its_line_and_no_value() {
    let ask = |content: &str| shown(&Fixture::new(&[(".env", content)]).variables("dev").unwrap_err());
    assert_snapshot!(ask("A=1\nhunter22"), @r"
    error: .env:2 is not `NAME=value`
      help: each line is `NAME=value`, `export NAME=value`, empty, or begins with `#`
    ");
    assert_snapshot!(ask("A=1\nA=hunter22"), @r"
    error: .env:2 gives a variable a second, different value
      help: keep one of the lines and put a `#` in front of the other
    ");
    assert_snapshot!(ask("A=postgres://u:${hunter22}@h/d"), @r"
    error: .env:1 has a `${…}`, which is not expanded here
      help: write the value itself, or put it between single quotes to mean `${…}` literally
    ");
    let fixture = Fixture::new(&[]);
    std::fs::write(fixture.path(".env"), b"A=1\nB=\xff\n").unwrap();
    assert_snapshot!(shown(&fixture.variables("dev").unwrap_err()), @r"
    error: .env:2 is not UTF-8
      help: save the file as UTF-8
    ");
    std::fs::create_dir(fixture.path(".env.dev")).unwrap();
    assert!(matches!(fixture.variables("dev").unwrap_err(), ConfigError::Read { .. }));
}

#[test]
fn the_template_of_this_repository_sets_nothing_and_is_complete() {
    let project = palisade_config::Project::find(env!("CARGO_MANIFEST_DIR").into()).unwrap();
    let text = std::fs::read_to_string(project.root.join(".env.template")).unwrap();
    let fixture = Fixture::new(&[(".env", &text)]);
    let variables = fixture.variables("dev").unwrap();
    assert!(variables.names().iter().all(|it| matches!(variables.origin(it), Some(Origin::Process { .. }))));
    for name in ["DATABASE_URL", "DIRECT_URL", "PROD_DATABASE_URL", "PROD_DIRECT_URL"] {
        assert!(text.contains(&format!("\n# {name}=")), "{name}");
    }
}

#[test]
fn debug_shows_names_only() {
    let variables = Variables::from_pairs([("A", "hunter22"), ("B", "")]);
    assert_eq!(format!("{variables:?}"), r#"{"A"}"#);
}
