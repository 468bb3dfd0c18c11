//! `env list`, `env show`.

use crate::support::{palisade, project, run};

#[test]
fn the_list_says_what_each_environment_is() {
    let project = project();
    let ended = run(
        palisade(project.path()).env("STAGING_DATABASE_URL", "postgres://me:hunter2@db.example.com/app"),
        "env list",
    );
    insta::assert_snapshot!(ended.expect(0).out, @r"
    dev                 embedded server of this project
    prod     protected  not set (PROD_DATABASE_URL)
    staging             db.example.com:5432/app
    ");
    let object = project.run("env list --output json").expect(0).json();
    assert_eq!(object["data"]["environments"][1]["name"], "prod");
    assert_eq!(object["data"]["environments"][1]["protected"], true);
}

#[test]
fn a_url_that_cannot_be_read_does_not_hide_the_other_environments() {
    let project = project();
    let mut command = palisade(project.path());
    let ended =
        run(command.env("STAGING_DATABASE_URL", "postgres://me:hun%%ter@db.example.com/app"), "env list").expect(1);
    assert!(
        ended.out.contains("embedded server") && ended.out.contains("staging             error: "),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains("ter@"), "{}", ended.out);
}

#[test]
fn a_mistake_in_a_file_names_its_place() {
    let project = project();
    project.write("config/staging.toml", "\nlock-timeuot = \"5s\"\n");
    let ended = project.run("env list").expect(1);
    assert!(ended.err.contains("config/staging.toml:2 has an unknown key `lock-timeuot`"), "{}", ended.err);
    assert!(ended.err.contains("help: did you mean `lock-timeout`?"), "{}", ended.err);
}

#[test]
fn show_says_where_a_value_comes_from_and_no_secret() {
    let project = project();
    project.write(".env", "\nPROD_DIRECT_URL=postgres://me:hunter2@db.example.com/app\n");
    let mut command = palisade(project.path());
    let ended = run(command.env("PALISADE_LOCK_TIMEOUT", "7s"), "env show prod").expect(0);
    assert!(!ended.out.contains("hunter2"), "{}", ended.out);
    let line = |key: &str| {
        ended.out.lines().find(|it| it.starts_with(key)).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("lock-timeout"), "lock-timeout 7s [variable PALISADE_LOCK_TIMEOUT]");
    assert_eq!(line("direct-url"), "direct-url •••• (env PROD_DIRECT_URL, .env:2) [built-in]");
}

#[test]
fn a_mistyped_environment_lists_the_known_ones() {
    let project = project();
    let ended = project.run("env show --env porduction").expect(2);
    insta::assert_snapshot!(ended.err, @r"
    error: environment `porduction` does not exist
      help: did you mean `prod`? known are `dev`, `prod`, `staging`
    ");
    let object = project.run("env show --env porduction --output json").expect(2).json();
    assert_eq!(object["error"]["code"], "unknown-environment");
    assert_eq!(object["env"], "porduction");
}

#[test]
fn outside_of_a_project_it_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&mut palisade(directory.path()), "env list").expect(2);
    assert!(ended.err.starts_with("error: no project at "), "{}", ended.err);
}

#[test]
fn environments_that_collide_are_shown_with_what_is_wrong() {
    let project = project();
    project.write(
        ".env",
        "DATABASE_URL=postgres://me:hunter2@db.example.com/app\nPROD_DATABASE_URL=postgres://me@DB.example.com/app\n",
    );
    let ended = project.run("env list").expect(1);
    insta::assert_snapshot!(ended.out, @r"
    dev                 db.example.com:5432/app  error: `dev` (url from env DATABASE_URL, .env:1) and `prod` (url from env PROD_DATABASE_URL, .env:2) lead to the same database, `db.example.com:5432/app`
    prod     protected  db.example.com:5432/app  error: `prod` (url from env PROD_DATABASE_URL, .env:2) and `dev` (url from env DATABASE_URL, .env:1) lead to the same database, `db.example.com:5432/app`
    staging             not set (STAGING_DATABASE_URL)
    ");
    let object = project.run("env list --output json").expect(1).json();
    let environments = object["data"]["environments"].as_array().unwrap();
    assert!(environments[0]["error"].as_str().unwrap().contains("lead to the same database"), "{object}");
    assert_eq!(environments[0]["database"], "db.example.com:5432/app");
    assert_eq!(environments[2]["error"], serde_json::Value::Null);
    assert_eq!(project.run("env show prod --output json").expect(4).json()["error"]["code"], "same-database");
}

#[test]
fn the_object_names_the_environment_that_is_shown() {
    let project = project();
    let object = project.run("env show prod --output json").expect(0).json();
    assert_eq!((&object["env"], &object["data"]["name"]), (&"prod".into(), &"prod".into()));
    assert_eq!(project.run("env show staging --env prod --output json").expect(0).json()["env"], "staging");
    assert_eq!(project.run("env show --env prod --output json").expect(0).json()["env"], "prod");
    assert_eq!(project.run("env show porduction --output json").expect(2).json()["env"], "porduction");
    assert_eq!(project.run("env list --env prod --output json").expect(0).json()["env"], "prod");
}

#[test]
fn a_variable_that_sets_nothing_is_told_by_every_command() {
    let project = project();
    let told = |line: &str| {
        let mut command = palisade(project.path());
        run(command.env("PALISADE_LOCKTIMEOUT", "1s"), line).err
    };
    let warning = "warning: variable `PALISADE_LOCKTIMEOUT` sets nothing; did you mean `PALISADE_LOCK_TIMEOUT`?\n";
    for line in ["db-status --env prod", "db-migrate --env prod", "db-push --env prod", "backup list"] {
        assert_eq!(told(line).matches(warning).count(), 1, "{line}: {}", told(line));
    }
    assert!(!told("doctor").contains(warning) && !told("env show").contains(warning), "they tell it in their result");
}
