//! Which layer wins, and what each may say.

use std::time::Duration;

use insta::assert_snapshot;
use palisade_config::{BackupStore, ConfigError, Origin, Overrides, SslMode, Variables};

use crate::fixture::{Fixture, shown};

fn show(fixture: &Fixture, name: &str, variables: &[(&str, &str)]) -> String {
    let environment = fixture.load(name, variables).unwrap();
    let lines = environment.settings(&Variables::from_pairs(variables.to_vec()));
    let lines = lines.iter().map(|it| format!("{} = {}  [{}]", it.key, it.value, it.origin));
    lines.collect::<Vec<_>>().join("\n").replace(fixture.project.root.as_str(), "<project>")
}

#[test]
fn without_any_setting_the_defaults_hold() {
    assert_snapshot!(show(&Fixture::new(&[]), "dev", &[]), @r"
    protected = false  [built-in]
    url = not set (env DATABASE_URL)  [built-in]
    direct-url = not set (env DIRECT_URL)  [built-in]
    ssl-mode = verify-full if remote, prefer if local  [built-in]
    root-certificate = only those of the system  [built-in]
    lock-timeout = 5s  [built-in]
    statement-timeout = no limit  [built-in]
    connect-timeout = 10s  [built-in]
    schemas = public  [built-in]
    schema-source = dir:schema  [built-in]
    roles = anon, authenticated, service_role  [built-in]
    history-table = palisade.migrations  [built-in]
    gates.clean-history = false  [built-in]
    gates.applied-in-dev = false  [built-in]
    gates.backup = false  [built-in]
    gates.drift = false  [built-in]
    gates.access = false  [built-in]
    gates.approval = false  [built-in]
    backup.store = <project>/backups  [built-in]
    backup.s3-endpoint = that of AWS, or as its variables say  [built-in]
    backup.s3-region = as the variables of AWS say  [built-in]
    backup.s3-path-style = as fits the endpoint  [built-in]
    backup.recipients = none  [built-in]
    backup.identity = none  [built-in]
    backup.engine = fitting  [built-in]
    backup.jobs = 2  [built-in]
    backup.compression = 1  [built-in]
    backup.verify = 2  [built-in]
    backup.shrunk = 30  [built-in]
    backup.on-success = none  [built-in]
    backup.on-failure = none  [built-in]
    backup.keep-last = 3  [built-in]
    backup.keep-hourly = 0  [built-in]
    backup.keep-daily = 7  [built-in]
    backup.keep-weekly = 4  [built-in]
    backup.keep-monthly = 12  [built-in]
    backup.keep-yearly = 0  [built-in]
    backup.keep-within = 0  [built-in]
    backup.minimum-age = 1day  [built-in]
    expect.host = any  [built-in]
    expect.database = any  [built-in]
    expect.project-ref = any  [built-in]
    lint.levels = none  [built-in]
    lint.allow = none  [built-in]
    supabase.grants = after-2026-10-30  [built-in]
    ");
}

#[test]
fn prod_is_protected_with_all_gates_even_if_its_file_is_empty() {
    let prod = Fixture::new(&[]).load("prod", &[]).unwrap();
    assert!(prod.protected);
    let gates = prod.gates;
    assert!(gates.clean_history && gates.applied_in_dev && gates.backup && gates.drift && gates.approval);
}

#[test]
fn every_setting_can_be_set_and_says_where() {
    let fixture = Fixture::new(&[
        (
            "config/default.toml",
            r#"
lock-timeout = "1s"
roles = ["web"]
[backup]
keep-last = 9
keep-daily = 0
[gates]
drift = false
"#,
        ),
        (
            "config/prod.toml",
            r#"
url = { env = "APP_URL" }
direct-url = { file = "secrets/direct" }
ssl-mode = "verify-ca"
root-certificate = "ca.pem"
statement-timeout = "1h"
schemas = ["shop", "billing"]
history-table = "ops.done"
gates.backup = false
[backup]
store = "s3://bucket/prefix"
keep-last = 5
identity = { command = ["op", "read", "op://x"] }
[expect]
host = ["a.example.com", "b.example.com"]
database = "shop"
project-ref = "abc"
[supabase]
grants = "before-2026-10-30"
"#,
        ),
    ]);
    let variables =
        [("PALISADE_CONNECT_TIMEOUT", "3s"), ("PALISADE_ROLES", "a, b"), ("APP_URL", "postgres://u:hunter22@h/d")];
    assert_snapshot!(show(&fixture, "prod", &variables), @r"
    protected = true  [built-in]
    url = •••• (env APP_URL)  [config/prod.toml:2]
    direct-url = •••• (file <project>/secrets/direct)  [config/prod.toml:3]
    ssl-mode = verify-ca  [config/prod.toml:4]
    root-certificate = <project>/ca.pem  [config/prod.toml:5]
    lock-timeout = 1s  [config/default.toml:2]
    statement-timeout = 1h  [config/prod.toml:6]
    connect-timeout = 3s  [variable PALISADE_CONNECT_TIMEOUT]
    schemas = shop, billing  [config/prod.toml:7]
    schema-source = dir:schema  [built-in]
    roles = a, b  [variable PALISADE_ROLES]
    history-table = ops.done  [config/prod.toml:8]
    gates.clean-history = true  [built-in]
    gates.applied-in-dev = true  [built-in]
    gates.backup = false  [config/prod.toml:9]
    gates.drift = false  [config/default.toml:8]
    gates.access = true  [built-in]
    gates.approval = true  [built-in]
    backup.store = s3://bucket/prefix  [config/prod.toml:11]
    backup.s3-endpoint = that of AWS, or as its variables say  [built-in]
    backup.s3-region = as the variables of AWS say  [built-in]
    backup.s3-path-style = as fits the endpoint  [built-in]
    backup.recipients = none  [built-in]
    backup.identity = •••• (command op)  [config/prod.toml:13]
    backup.engine = fitting  [built-in]
    backup.jobs = 2  [built-in]
    backup.compression = 1  [built-in]
    backup.verify = 2  [built-in]
    backup.shrunk = 30  [built-in]
    backup.on-success = none  [built-in]
    backup.on-failure = none  [built-in]
    backup.keep-last = 5  [config/prod.toml:12]
    backup.keep-hourly = 0  [built-in]
    backup.keep-daily = 0  [config/default.toml:6]
    backup.keep-weekly = 4  [built-in]
    backup.keep-monthly = 12  [built-in]
    backup.keep-yearly = 0  [built-in]
    backup.keep-within = 0  [built-in]
    backup.minimum-age = 1day  [built-in]
    expect.host = a.example.com, b.example.com  [config/prod.toml:15]
    expect.database = shop  [config/prod.toml:16]
    expect.project-ref = abc  [config/prod.toml:17]
    lint.levels = none  [built-in]
    lint.allow = none  [built-in]
    supabase.grants = before-2026-10-30  [config/prod.toml:19]
    ");
}

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let fixture = Fixture::new(&[]);
    let timeout = |variables: &[(&str, &str)], flags: &Overrides| {
        let loaded = fixture.load_with("dev", variables, flags).unwrap();
        (loaded.lock_timeout.as_secs(), loaded.origins["lock-timeout"].to_string())
    };
    let none = Overrides::default();
    assert_eq!(timeout(&[], &none), (5, "built-in".to_owned()));
    fixture.write("config/default.toml", "lock-timeout = '1s'");
    assert_eq!(timeout(&[], &none), (1, "config/default.toml:1".to_owned()));
    fixture.write("config/dev.toml", "\nlock-timeout = '2s'");
    assert_eq!(timeout(&[], &none), (2, "config/dev.toml:2".to_owned()));
    let variables = [("PALISADE_LOCK_TIMEOUT", "3s")];
    assert_eq!(timeout(&variables, &none), (3, "variable PALISADE_LOCK_TIMEOUT".to_owned()));
    let flags = Overrides { lock_timeout: Some(Duration::from_secs(4)), ..none };
    assert_eq!(timeout(&variables, &flags), (4, "--lock-timeout".to_owned()));
}

#[test]
fn all_flags_arrive() {
    let flags = Overrides {
        lock_timeout: Some(Duration::from_millis(1500)),
        statement_timeout: Some(Duration::ZERO),
        connect_timeout: Some(Duration::from_secs(70)),
        ssl_mode: Some(SslMode::Require),
        root_certificate: Some("/etc/ca.pem".into()),
        backup_store: Some("elsewhere".to_owned()),
    };
    let fixture = Fixture::new(&[("config/dev.toml", "statement-timeout = '9s'")]);
    let loaded = fixture.load_with("dev", &[], &flags).unwrap();
    assert_eq!(loaded.lock_timeout, Duration::from_millis(1500));
    assert_eq!(loaded.statement_timeout, Duration::ZERO);
    assert_eq!(loaded.connect_timeout, Duration::from_secs(70));
    assert_eq!(loaded.ssl_mode, Some(SslMode::Require));
    assert_eq!(loaded.root_certificate, Some("/etc/ca.pem".into()));
    assert_eq!(loaded.backup.store, BackupStore::Directory(fixture.path("elsewhere")));
    assert_eq!(loaded.origins["backup.store"], Origin::Flag { name: "--backup-store".to_owned() });
    let wrong = Overrides { lock_timeout: Some(Duration::ZERO), ..Overrides::default() };
    assert_snapshot!(shown(&fixture.load_with("dev", &[], &wrong).unwrap_err()), @r"
    error: `--lock-timeout` is not a time such as `5s` or `1m 30s`, from a millisecond to 24 days
      help: give `--lock-timeout` another value, or leave it out
    ");
}

#[test]
fn an_unprotected_prod_and_a_protected_dev_are_possible() {
    let fixture = Fixture::new(&[
        ("config/prod.toml", "protected = false"),
        ("config/dev.toml", "protected = true\ngates.drift = false"),
    ]);
    let (prod, dev) = (fixture.load("prod", &[]).unwrap(), fixture.load("dev", &[]).unwrap());
    assert!(!prod.protected && !prod.gates.approval);
    assert!(dev.protected && dev.gates.approval && !dev.gates.drift);
}

#[test]
fn what_is_wrong_in_a_file_is_named_by_line_and_key() {
    let fixture = Fixture::new(&[]);
    let wrong = |content: &str| {
        fixture.write("config/prod.toml", content);
        shown(&fixture.load("prod", &[]).unwrap_err())
    };
    assert_snapshot!(wrong("protected = true\nlock_timeot = '5s'"), @r"
    error: config/prod.toml:2 has an unknown key `lock_timeot`
      help: did you mean `lock-timeout`? known here: `protected`, `url`, `direct-url`, `ssl-mode`, `root-certificate`, `lock-timeout`, `statement-timeout`, `connect-timeout`, `schemas`, `schema-source`, `roles`, `history-table`, `gates`, `backup`, `expect`, `lint`, `supabase`
    ");
    assert_snapshot!(wrong("[gates]\nbakcup = true"), @r"
    error: config/prod.toml:2 has an unknown key `gates.bakcup`
      help: did you mean `backup`? known here: `clean-history`, `applied-in-dev`, `backup`, `drift`, `access`, `approval`
    ");
    assert_snapshot!(wrong("[gate]\nbackup = true"), @r"
    error: config/prod.toml:1 has an unknown key `gate`
      help: did you mean `gates`? known here: `protected`, `url`, `direct-url`, `ssl-mode`, `root-certificate`, `lock-timeout`, `statement-timeout`, `connect-timeout`, `schemas`, `schema-source`, `roles`, `history-table`, `gates`, `backup`, `expect`, `lint`, `supabase`
    ");
    assert_snapshot!(wrong("lock-timeout = 5"), @r#"
    error: `lock-timeout` in config/prod.toml:1 is not a time such as `5s` or `1m 30s`, from a millisecond to 24 days
      help: for example `lock-timeout = "5s"`
    "#);
    assert_snapshot!(wrong("lock-timeout = '0'"), @r#"
    error: `lock-timeout` in config/prod.toml:1 is not a time such as `5s` or `1m 30s`, from a millisecond to 24 days
      help: for example `lock-timeout = "5s"`
    "#);
    assert_snapshot!(wrong("[gates]\nbackup = 'yes'"), @r"
    error: `gates.backup` in config/prod.toml:2 is not `true` or `false`
      help: for example `gates.backup = true`
    ");
    assert_snapshot!(wrong("url = { evn = 'X' }"), @r#"
    error: `url` in config/prod.toml:1 is not the place of a secret: `{ env = "…" }`, `{ file = "…" }` or `{ command = ["…", "…"] }`
      help: for example `url = { env = "PROD_DATABASE_URL" }`
    "#);
    assert_snapshot!(wrong("url = { env = 'X', file = 'y' }"), @r#"
    error: `url` in config/prod.toml:1 is not the place of a secret: `{ env = "…" }`, `{ file = "…" }` or `{ command = ["…", "…"] }`
      help: for example `url = { env = "PROD_DATABASE_URL" }`
    "#);
    assert_snapshot!(wrong("schemas = ['public', 'auth']"), @r#"
    error: `schemas` in config/prod.toml:1 is not a list of schemas of your own, without those of Postgres, Supabase and Palisade
      help: for example `schemas = ["public", "billing"]`
    "#);
    assert_snapshot!(wrong("history-table = 'public.migrations'"), @r#"
    error: `history-table` in config/prod.toml:1 is not `schema.table`, in a schema that is neither `public` nor Supabase's, and not `attempts`
      help: for example `history-table = "palisade.migrations"`
    "#);
    assert!(wrong("history-table = 'palisade.attempts'").contains("and not `attempts`"));
    assert_snapshot!(wrong("protected = true\nprotected = false"), @r"
    error: config/prod.toml:2:1 is not TOML: duplicate key
      help: see https://toml.io for the syntax
    ");
    assert_snapshot!(wrong("a = 'x\nb = 2"), @r"
    error: config/prod.toml:1:7 is not TOML: invalid literal string, expected `'`
      help: see https://toml.io for the syntax
    ");
}

#[test]
fn forms_have_limits() {
    let fixture = Fixture::new(&[]);
    for bad in [
        "lock-timeout = '1ns'",
        "lock-timeout = '25d'",
        "statement-timeout = '1us'",
        "statement-timeout = ''",
        "connect-timeout = '-1s'",
        "schemas = []",
        "schemas = ['']",
        "schemas = 'public'",
        "schemas = ['pg_catalog']",
        "roles = [1]",
        "ssl-mode = 'always'",
        "root-certificate = ''",
        "history-table = 'migrations'",
        "history-table = 'a.b.c'",
        "history-table = 'auth.migrations'",
        "backup.store = 'gs://bucket'",
        "backup.keep-last = -1",
        "backup.keep-last = 1.5",
        "backup.verify = 4",
        "backup.compression = 20",
        "backup.jobs = 0",
        "expect.host = []",
        "supabase.grants = 'before'",
        "url = { command = [] }",
        "url = { command = 'op read' }",
        "url = { file = '' }",
        "url = { env = 'A-B' }",
        "protected = 1",
    ] {
        fixture.write("config/prod.toml", bad);
        let error = fixture.load("prod", &[]).unwrap_err();
        assert!(matches!(error, palisade_config::ConfigError::Value { .. }), "{bad}: {error}");
    }
}

#[test]
fn default_cannot_set_what_belongs_to_one_environment() {
    let fixture = Fixture::new(&[("config/default.toml", "url = { env = 'DATABASE_URL' }")]);
    assert_snapshot!(shown(&fixture.load("dev", &[]).unwrap_err()), @r"
    error: config/default.toml:1 sets `url`, which each environment says for itself
      help: move `url` to the file of each environment, such as `config/prod.toml`
    ");
}

#[test]
fn variables_are_parsed_by_their_setting_and_never_shown() {
    let fixture = Fixture::new(&[]);
    let wrong = |name, value| shown(&fixture.load("prod", &[(name, value)]).unwrap_err());
    assert_snapshot!(wrong("PALISADE_LOCK_TIMEOUT", "hunter22"), @r"
    error: `lock-timeout` in variable PALISADE_LOCK_TIMEOUT is not a time such as `5s` or `1m 30s`, from a millisecond to 24 days
      help: correct or unset it; in a file it is `lock-timeout`
    ");
    assert_snapshot!(wrong("PALISADE_BACKUP_KEEP_LAST", "007x"), @r"
    error: `backup.keep-last` in variable PALISADE_BACKUP_KEEP_LAST is not a whole number from 0
      help: correct or unset it; in a file it is `backup.keep-last`
    ");
    assert_snapshot!(wrong("PALISADE_PROTECTED", "false"), @r"
    error: variable `PALISADE_PROTECTED` cannot set `protected`
      help: unset `PALISADE_PROTECTED`; `protected` is only taken from a file in `config/`, where a change is reviewed
    ");
    assert_snapshot!(wrong("PALISADE_URL", "postgres://u:hunter22@h/d"), @r"
    error: variable `PALISADE_URL` cannot set `url`
      help: unset `PALISADE_URL`; `url` comes from the source that the environment's file names, else from a variable with the environment's name, such as `PROD_DATABASE_URL`
    ");
    let loaded = fixture.load("prod", &[("PALISADE_BACKUP_KEEP_LAST", "007"), ("PALISADE_SCHEMAS", "a,b")]).unwrap();
    assert_eq!(loaded.backup.keep.last, 7);
    assert_eq!(loaded.schemas, ["a", "b"]);
}

#[test]
fn a_variable_that_sets_nothing_is_a_warning() {
    let variables = [
        ("PALISADE_LOCK_TIMEOT", "1s"),
        ("PALISADE_LOCKTIMEOUT", "1s"),
        ("PALISADE_PG_BIM", "/x"),
        ("PALISADE_WEATHER", "fine"),
        ("PALISADE_PG_BIN", "/x"),
        ("PALISADE_CACHE_DIR", "/y"),
        ("PALISADE_TEST_SEED", "1"),
    ];
    let warnings = Fixture::new(&[]).load("dev", &variables).unwrap().warnings;
    assert_snapshot!(warnings.join("\n"), @r"
    variable `PALISADE_LOCKTIMEOUT` sets nothing; did you mean `PALISADE_LOCK_TIMEOUT`?
    variable `PALISADE_LOCK_TIMEOT` sets nothing; did you mean `PALISADE_LOCK_TIMEOUT`?
    variable `PALISADE_PG_BIM` sets nothing; did you mean `PALISADE_PG_BIN`?
    variable `PALISADE_WEATHER` sets nothing
    ");
}

#[test]
fn one_word_for_all_environments_does_not_take_the_protection_off_prod() {
    let error = Fixture::new(&[("config/default.toml", "protected = false")]).load("prod", &[]).unwrap_err();
    assert!(matches!(error, ConfigError::NotShared { .. }), "{error}");
    assert!(Fixture::new(&[("config/prod.toml", "")]).load("prod", &[]).unwrap().protected);
}

#[test]
fn the_files_of_this_repository_load() {
    let project = palisade_config::Project::find(env!("CARGO_MANIFEST_DIR").into()).unwrap();
    for name in project.environments().unwrap() {
        let none = Variables::from_pairs::<&str, &str>([]);
        let loaded = palisade_config::load(&project, &name, &none, &Overrides::default()).unwrap();
        assert_eq!(loaded.protected, name.as_str() == "prod");
        assert!(loaded.warnings.is_empty());
    }
}

#[test]
fn the_comments_of_default_toml_show_the_built_in_values() {
    let project = palisade_config::Project::find(env!("CARGO_MANIFEST_DIR").into()).unwrap();
    let text = std::fs::read_to_string(project.config_dir().join("default.toml")).unwrap();
    let is_setting =
        |line: &&str| line.starts_with("# [") || line.split_once(" = ").is_some_and(|(key, _)| !key[2..].contains(' '));
    let settings: Vec<&str> =
        text.lines().filter(|it| it.starts_with("# ")).filter(is_setting).map(|it| &it[2..]).collect();
    // Without those that have no built-in value, or need a file.
    let others = ["ssl-mode", "root-", "recipients", "identity", "on-"];
    let settings = settings.into_iter().filter(|it| !others.iter().any(|other| it.starts_with(other)));
    let uncommented = settings.collect::<Vec<_>>().join("\n");
    let fixture = Fixture::new(&[("config/default.toml", &uncommented)]);
    let strip = |shown: String| shown.lines().map(|it| it.split("  [").next().unwrap().to_owned()).collect::<Vec<_>>();
    let built_in = Fixture::new(&[]);
    assert_eq!(strip(show(&fixture, "prod", &[])), strip(show(&built_in, "prod", &[])), "{uncommented}");
    // `schemas` is one that this project sets.
    assert_eq!(uncommented.lines().filter(|it| it.contains('=')).count(), 27, "{uncommented}");
}
