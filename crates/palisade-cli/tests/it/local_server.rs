//! `db-start`, `db-stop`, `db-url`, `doctor` with a real server.

use crate::support::{Project, palisade, project, run};

#[test]
fn the_local_server_outlives_its_command_and_is_stopped_by_name() {
    let project = project();
    let ended = project.run("db-url").expect(1);
    assert!(ended.err.contains("the local server does not run") && ended.err.contains("db-start"), "{}", ended.err);

    let started = project.run("db-start --output json").expect(0).json();
    assert_eq!(started["data"]["already_running"], false);
    let again = project.run("db-start").expect(0);
    assert!(again.out.starts_with("The local server runs already: "), "{}", again.out);
    assert_eq!(again.err, "");

    let url = project.run("db-url").expect(0).out;
    assert!(url.starts_with("postgresql://") && url.ends_with("/postgres\n"), "{url}");
    let password = url.split(['/', ':', '@']).nth(4).unwrap().to_owned();
    assert!(password.len() > 20, "{url}");
    project.write("migrations/1_first.sql", "select 1;");
    for line in ["db-start", "doctor -vvv", "env show", "env list --output json", "db-start --output json"] {
        let ended = project.run(line).expect(0);
        assert!(!ended.out.contains(&password) && !ended.err.contains(&password), "{line}: {ended:#?}");
    }

    let stopped = project.run("db-stop").expect(0);
    assert_eq!(stopped.out, "The local server is stopped\n");
    assert_eq!(project.run("db-stop").expect(0).out, "The local server did not run\n");
}

fn in_order() -> Project {
    let project = project();
    project.write("migrations/1_first.sql", "create table public.t ();");
    project.write("rls/public/t.sql", "alter table public.t enable row level security;");
    project
}

#[test]
fn doctor_looks_into_the_files() {
    let project = in_order();
    project.write("migrations/1_again.sql", "select 1;");
    project.write("rls/public/t.sql", "drop table public.t;");
    let ended = project.run("doctor").expect(1);
    assert!(ended.out.contains("have the same version 1"), "{}", ended.out);
    assert!(ended.out.contains("`drop table public.t`: it destroys data"), "{}", ended.out);
    assert!(ended.out.ends_with("2 things have to be mended\n"), "{}", ended.out);
}

#[test]
fn doctor_says_what_is_in_order() {
    let project = in_order();
    let before = project.run("doctor").expect(0);
    assert!(before.out.contains("note  local server    does not run"), "{}", before.out);
    assert!(!project.path().join(".palisade").exists(), "doctor has started something");

    project.run("db-start").expect(0);
    let object = project.run("doctor --output json").expect(0).json();
    let checks = object["data"]["checks"].as_array().unwrap();
    let names: Vec<&str> = checks.iter().map(|it| it["check"].as_str().unwrap()).collect();
    for name in
        ["project", "configuration", "url", "local Postgres", "local server", "connection", "pooler", "rights", "clock"]
    {
        assert!(names.contains(&name), "{name}: {object:#}");
    }
    assert!(checks.iter().all(|it| it["verdict"] == "ok"), "{object:#}");
}

#[test]
fn doctor_names_the_fix_of_each_failure() {
    let project = in_order();
    // Port 9 is the discard service: nobody listens there.
    let mut command = palisade(project.path());
    command.env("STAGING_DATABASE_URL", "postgres://me:hunter2-secret@127.0.0.1:9/app");
    let ended = run(&mut command, "doctor --env staging").expect(1);
    assert!(ended.out.contains("FAIL  connection"), "{}", ended.out);
    assert!(ended.out.contains("connection refused"), "{}", ended.out);
    assert!(ended.out.contains("help: start the server, or check host and port"), "{}", ended.out);
    assert!(!ended.out.contains("hunter2-secret"), "{}", ended.out);
    assert!(ended.out.ends_with("One thing has to be mended\n"), "{}", ended.out);

    let ended = project.run("doctor --env prod --output json").expect(1);
    assert_eq!(ended.json()["status"], "failed");
    assert_eq!(ended.json()["data"]["failed"], 1);
    let ended = project.run("doctor --env porduction").expect(1);
    assert!(ended.out.contains("FAIL  configuration  environment `porduction` does not exist"), "{}", ended.out);
}

#[test]
fn the_password_of_a_protected_environment_is_not_printed() {
    let project = project();
    let url = "postgres://me:hunter2-secret@db.example.com/app";
    let ended = run(palisade(project.path()).env("PROD_DATABASE_URL", url), "db-url --env prod").expect(4);
    assert_eq!(ended.out, "");
    assert!(!ended.err.contains("hunter2-secret"), "{}", ended.err);
    let ended = run(palisade(project.path()).env("STAGING_DATABASE_URL", url), "db-url --env staging").expect(0);
    assert!(ended.out.contains("hunter2-secret@db.example.com"), "{}", ended.out);
}

#[test]
fn an_environment_with_a_url_has_no_local_server() {
    let project = project();
    let url = "postgres://me:hunter2-secret@db.example.com/app";
    let ended = run(palisade(project.path()).env("DATABASE_URL", url), "db-start").expect(4);
    assert!(ended.err.contains("environment `dev` does not use the local server"), "{}", ended.err);
    assert!(!project.path().join(".palisade").exists());
}
