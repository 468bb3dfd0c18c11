//! Which database an environment means.

use insta::assert_snapshot;
use palisade_config::{ConfigError, DatabaseUrl, Endpoint, Overrides, Variables, load};

use crate::fixture::{Fixture, shown};

const DEV: &str = "postgres://dev:hunter22@dev.example.com/app";
const PROD: &str = "postgres://prod:hunter22@prod.example.com/app";

fn url(text: &str) -> Endpoint {
    Endpoint::Url(text.parse().unwrap())
}

#[test]
fn dev_without_a_url_is_the_embedded_server() {
    let fixture = Fixture::new(&[]);
    assert_eq!(fixture.endpoint("dev", &[]).unwrap(), Endpoint::Embedded);
    assert_eq!(fixture.direct("dev", &[("DATABASE_URL", " "), ("DIRECT_URL", "")]).unwrap(), Endpoint::Embedded);
}

#[test]
fn each_endpoint_falls_back_to_the_other_url() {
    let fixture = Fixture::new(&[]);
    let both = [("DATABASE_URL", DEV), ("DIRECT_URL", PROD)];
    assert_eq!(fixture.endpoint("dev", &both).unwrap(), url(DEV));
    assert_eq!(fixture.direct("dev", &both).unwrap(), url(PROD));
    assert_eq!(fixture.endpoint("prod", &[("PROD_DIRECT_URL", PROD)]).unwrap(), url(PROD));
    assert_eq!(fixture.direct("prod", &[("PROD_DATABASE_URL", PROD)]).unwrap(), url(PROD));
}

#[test]
fn only_dev_falls_back_to_the_embedded_server() {
    let fixture = Fixture::new(&[("config/eu-staging.toml", "")]);
    assert_snapshot!(shown(&fixture.endpoint("eu-staging", &[("DATABASE_URL", DEV)]).unwrap_err()), @r"
    error: environment `eu-staging` has no database: neither `EU_STAGING_DATABASE_URL` nor `EU_STAGING_DIRECT_URL` is set
      help: set `EU_STAGING_DATABASE_URL` or `EU_STAGING_DIRECT_URL`, in `.env` or in the environment; see `.env.template`
    ");
}

#[test]
fn a_source_that_a_file_names_must_be_there() {
    let fixture = Fixture::new(&[("config/dev.toml", "url = { env = 'TEAM_URL' }")]);
    assert_snapshot!(shown(&fixture.endpoint("dev", &[]).unwrap_err()), @r"
    error: environment `dev` has no database: neither `TEAM_URL` nor `DIRECT_URL` is set
      help: set `TEAM_URL` or `DIRECT_URL`, in `.env` or in the environment; see `.env.template`
    ");
    assert_eq!(fixture.endpoint("dev", &[("DIRECT_URL", DEV)]).unwrap(), url(DEV));
}

#[test]
fn two_environments_with_one_database_are_refused_whichever_is_asked_for() {
    let fixture = Fixture::new(&[]);
    fixture.write(".env", &format!("DATABASE_URL={DEV}\nPROD_DIRECT_URL=postgres://x:y@DEV.example.com:5432/app\n"));
    for name in ["dev", "prod"] {
        let variables = fixture.variables(name).unwrap();
        let error = load(&fixture.project, &name.parse().unwrap(), &variables, &Overrides::default()).unwrap_err();
        if name == "prod" {
            assert_snapshot!(shown(&error), @r"
            error: `prod` (direct-url from env PROD_DIRECT_URL, .env:2) and `dev` (url from env DATABASE_URL, .env:1) lead to the same database, `dev.example.com:5432/app`
              help: what is tried out in one would happen in the other: give each environment its own database, or remove one of the two URLs
            ");
        }
        assert!(matches!(error, ConfigError::SameDatabase { .. }), "{error}");
    }
}

#[test]
fn a_supabase_project_is_one_database_on_all_its_hosts() {
    let pooler =
        "postgres://postgres.abcdefgh:hunter22@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true";
    let direct = "postgresql://postgres:hunter22@db.abcdefgh.supabase.co:5432/postgres";
    let fixture = Fixture::new(&[]);
    assert!(fixture.load("dev", &[("DATABASE_URL", pooler), ("DIRECT_URL", direct)]).is_ok());
    let error = fixture.load("dev", &[("DATABASE_URL", pooler), ("PROD_DATABASE_URL", direct)]).unwrap_err();
    assert_snapshot!(shown(&error), @r"
    error: `dev` (url from env DATABASE_URL) and `prod` (url from env PROD_DATABASE_URL) lead to the same database, `Supabase project abcdefgh, database postgres`
      help: what is tried out in one would happen in the other: give each environment its own database, or remove one of the two URLs
    ");
}

#[test]
fn urls_of_one_environment_lead_to_one_supabase_project() {
    let one = "postgresql://postgres:hunter22@db.abcdefgh.supabase.co/postgres";
    let other = "postgresql://postgres:hunter22@db.ijklmnop.supabase.co/postgres";
    let error = Fixture::new(&[]).load("dev", &[("DATABASE_URL", one), ("DIRECT_URL", other)]).unwrap_err();
    assert_snapshot!(shown(&error), @r"
    error: `url` and `direct-url` of environment `dev` lead to different Supabase projects, abcdefgh and ijklmnop
      help: take both URLs from the same project's connection settings
    ");
}

#[test]
fn files_and_env_files_of_other_environments_are_compared() {
    let fixture = Fixture::new(&[
        ("config/prod.toml", "url = { file = 'secrets/prod' }"),
        ("secrets/prod", &format!("{DEV}\n")),
        ("config/staging.toml", ""),
        (".env.staging", "STAGING_DIRECT_URL=postgres://a@elsewhere/app"),
        (".env.dev", "X=1"),
    ]);
    let error = fixture.load("dev", &[("DATABASE_URL", DEV)]).unwrap_err();
    assert!(matches!(error, ConfigError::SameDatabase { .. }), "{error}");

    fixture.write("secrets/prod", "postgres://a@elsewhere/app");
    let variables = fixture.variables("dev").unwrap();
    let error = load(&fixture.project, &"dev".parse().unwrap(), &variables, &Overrides::default()).unwrap_err();
    assert_snapshot!(shown(&error).replace(fixture.project.root.as_str(), "<project>"), @r"
    error: `prod` (url from file <project>/secrets/prod) and `staging` (direct-url from env STAGING_DIRECT_URL, .env.staging:1) lead to the same database, `elsewhere:5432/app`
      help: what is tried out in one would happen in the other: give each environment its own database, or remove one of the two URLs
    ");
}

#[test]
fn commands_of_other_environments_are_not_run() {
    let fixture = Fixture::new(&[]);
    let witness = fixture.path("witness");
    fixture.write("config/prod.toml", &format!("url = {{ command = ['touch', '{witness}'] }}"));
    assert_eq!(fixture.endpoint("dev", &[("DATABASE_URL", DEV)]).unwrap(), url(DEV));
    assert!(!witness.exists());
}

#[test]
fn what_a_command_prints_is_compared_when_it_is_known() {
    let fixture = Fixture::new(&[(
        "config/prod.toml",
        &format!("url = {{ command = ['echo', '{DEV}'] }}").replace(":hunter22", ""),
    )]);
    let dev = DEV.replace(":hunter22", "");
    let variables = [("DATABASE_URL", dev.as_str())];
    assert!(fixture.load("prod", &variables).is_ok());
    assert_snapshot!(shown(&fixture.endpoint("prod", &variables).unwrap_err()), @r"
    error: `prod` (url from command echo) and `dev` (url from env DATABASE_URL) lead to the same database, `dev.example.com:5432/app`
      help: what is tried out in one would happen in the other: give each environment its own database, or remove one of the two URLs
    ");
}

#[test]
fn what_cannot_be_read_elsewhere_does_not_disturb() {
    let fixture = Fixture::new(&[("config/prod.toml", "url = { file = 'missing' }")]);
    let variables = [("DATABASE_URL", DEV), ("PROD_DIRECT_URL", "nonsense")];
    assert_eq!(fixture.endpoint("dev", &variables).unwrap(), url(DEV));
}

#[test]
fn a_url_known_later_can_be_compared_too() {
    let environment =
        Fixture::new(&[]).load("dev", &[("PROD_DATABASE_URL", "postgres://me@127.0.0.1:6000/app")]).unwrap();
    let check = |url: &str| environment.check_unclaimed(&url.parse::<DatabaseUrl>().unwrap(), "url", "embedded server");
    check("postgres://me@localhost:6001/app").unwrap();
    assert_snapshot!(shown(&check("postgres://me@localhost:6000/app").unwrap_err()), @r"
    error: `dev` (url from embedded server) and `prod` (url from env PROD_DATABASE_URL) lead to the same database, `localhost:6000/app`
      help: what is tried out in one would happen in the other: give each environment its own database, or remove one of the two URLs
    ");
}

#[test]
fn a_pinned_environment_refuses_other_databases() {
    let fixture = Fixture::new(&[]);
    let ask = |expect: &str, url: &str| {
        fixture.write("config/prod.toml", &format!("[expect]\n{expect}"));
        let endpoint = fixture.direct("prod", &[("PROD_DIRECT_URL", url)]);
        endpoint.map_or_else(|error| shown(&error), |_| "fine".to_owned())
    };
    assert_eq!(ask("host = 'PROD.example.com.'\ndatabase = 'app'", PROD), "fine");
    assert_eq!(ask("host = ['pooler.example.com', 'prod.example.com']", PROD), "fine");
    assert_eq!(ask("project-ref = 'abc'", "postgres://postgres@db.abc.supabase.co/postgres"), "fine");
    assert_snapshot!(ask("host = 'prod.example.com'", DEV), @r"
    error: `direct-url` of environment `prod` is not the database it must be
      because: expected host `prod.example.com`, found `dev.example.com:5432/app`
      help: check which database the URL belongs to; if the environment has really moved, change `[expect]` in its file in a reviewed commit
    ");
    assert_snapshot!(ask("host = ['a', 'b']", DEV), @r"
    error: `direct-url` of environment `prod` is not the database it must be
      because: expected host `a` or `b`, found `dev.example.com:5432/app`
      help: check which database the URL belongs to; if the environment has really moved, change `[expect]` in its file in a reviewed commit
    ");
    assert_snapshot!(ask("database = 'shop'", PROD), @r"
    error: `direct-url` of environment `prod` is not the database it must be
      because: expected database `shop`, found `prod.example.com:5432/app`
      help: check which database the URL belongs to; if the environment has really moved, change `[expect]` in its file in a reviewed commit
    ");
    assert_snapshot!(ask("project-ref = 'abc'", "postgres://postgres.def@x.pooler.supabase.com/postgres"), @r"
    error: `direct-url` of environment `prod` is not the database it must be
      because: expected project-ref `abc`, found `Supabase project def, database postgres` (x.pooler.supabase.com)
      help: check which database the URL belongs to; if the environment has really moved, change `[expect]` in its file in a reviewed commit
    ");
    assert_snapshot!(ask("project-ref = 'abc'", PROD), @r"
    error: `direct-url` of environment `prod` is not the database it must be
      because: expected project-ref `abc`, found `prod.example.com:5432/app`
      help: check which database the URL belongs to; if the environment has really moved, change `[expect]` in its file in a reviewed commit
    ");
}

#[test]
fn the_embedded_server_is_not_what_a_pinned_dev_expects() {
    let fixture = Fixture::new(&[("config/dev.toml", "expect.host = 'dev.example.com'")]);
    assert_snapshot!(shown(&fixture.endpoint("dev", &[]).unwrap_err()), @r"
    error: `url` of environment `dev` is not the database it must be
      because: expected host `dev.example.com`, found the embedded server
      help: check which database the URL belongs to; if the environment has really moved, change `[expect]` in its file in a reviewed commit
    ");
}

#[test]
fn a_url_that_is_none_says_what_is_wrong_and_where() {
    let fixture = Fixture::new(&[(".env", "\nPROD_DATABASE_URL='postgres://me:hunt#er22@host/db'\n")]);
    let variables = fixture.variables("prod").unwrap();
    let prod = load(&fixture.project, &"prod".parse().unwrap(), &variables, &Overrides::default()).unwrap();
    assert_snapshot!(shown(&prod.endpoint(&variables).unwrap_err()), @r"
    error: `url` of environment `prod` (env PROD_DATABASE_URL, .env:2) is not the URL of a database
      because: the URL has a raw `#`, perhaps in the password
      help: write `#` as `%23`; in user and password these must be percent-encoded: `%` %25, `#` %23, `@` %40, `/` %2F, `:` %3A, `?` %3F, space %20
    ");
    assert_eq!(prod.settings(&variables)[1].value, "•••• (env PROD_DATABASE_URL, .env:2)");
    let none = Variables::from_pairs::<&str, &str>([]);
    assert_eq!(prod.settings(&none)[1].value, "not set (env PROD_DATABASE_URL)");
}
