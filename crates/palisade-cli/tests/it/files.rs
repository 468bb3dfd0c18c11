//! `db-generate`, and commands that only look.

use crate::support::project;

#[test]
fn a_new_migration_comes_last_and_is_never_overwritten() {
    let project = project();
    project.write("migrations/29991231235959_far_away.sql", "select 1;");
    let ended = project.run("db-generate --custom add-invoices --reversible --output json").expect(0).json();
    assert_eq!(
        ended["data"]["files"],
        serde_json::json!([
            "migrations/29991231235960_add_invoices.up.sql",
            "migrations/29991231235960_add_invoices.down.sql"
        ])
    );
    assert!(project.path().join("migrations/29991231235960_add_invoices.up.sql").is_file());
    project.run("db-generate --custom !!").expect(2);
}

#[test]
fn the_first_migration_makes_its_directory() {
    let project = project();
    let ended = project.run("db-generate --custom first").expect(0);
    assert!(ended.out.contains("_first.sql\nWrite the SQL into it"), "{}", ended.out);
    assert_eq!(std::fs::read_dir(project.path().join("migrations")).unwrap().count(), 1);
}

#[test]
fn status_needs_no_history_and_leaves_none() {
    let project = project();
    project.write("migrations/1_first.sql", "create table public.t ();");
    let object = project.run("db-status --exit-code --output json").expect(3).json();
    assert_eq!(object["status"], "found");
    assert_eq!(object["data"]["pending"], 1);
    assert_eq!(object["data"]["migrations"][0]["state"], "pending");
    let text = project.run("db-status").expect(0).out;
    assert_eq!(
        text,
        "pending  1  first\n\n0 applied, 1 pending; row security is current\n`palisade db-push` applies what is pending\n\
         no drift: the database is what its migrations make\n"
    );
}

#[test]
fn sample_data_never_goes_into_a_protected_environment() {
    let project = project();
    project.write("seeds/1.sql", "create table public.seeded (); insert into public.seeded default values;");
    let mut command = crate::support::palisade(project.path());
    command.env("PROD_DATABASE_URL", "postgres://me:hunter2-secret@127.0.0.1:9/app");
    let ended = crate::support::run(&mut command, "db-seed --env prod --output json").expect(4);
    assert_eq!(ended.json()["error"]["code"], "protected");
    let ended = project.run("db-seed --dry-run").expect(0);
    assert_eq!(ended.out, "Would run on `dev`:\nseeds/1.sql\n");
    assert!(!project.path().join(".palisade").exists(), "a dry run has started a server");
    assert_eq!(project.run("db-seed").expect(0).out, "Wrote 1 rows of sample data from 1 files\n");
}

#[test]
fn a_backup_is_listed_and_put_back_into_an_empty_database_only() {
    let project = project();
    project.write("seeds/1.sql", "create table public.seeded (); insert into public.seeded default values;");
    project.run("db-seed").expect(0);
    assert!(project.run("backup create --dry-run").expect(0).out.starts_with("Would back up `dev` into "));
    assert_eq!(project.run("backup list --output json").expect(0).json()["data"]["backups"], serde_json::json!([]));

    let made = project.run("backup --output json").expect(0).json();
    let name = made["data"]["manifest"]["name"].as_str().unwrap();
    let listed = project.run("backup list").expect(0).out;
    assert!(listed.starts_with(name) && listed.contains("1 rows  verified at level 2"), "{listed}");

    let ended = project.run(&format!("backup restore {name} --to dev")).expect(4);
    assert!(ended.err.contains("is not empty") && ended.err.contains("decide with `--overwrite`"), "{}", ended.err);
    // Where it would be asked of its gate.
    let ended = project.run(&format!("backup restore {name} --to prod --overwrite")).expect(1);
    assert!(ended.err.contains("`prod` has no database"), "{}", ended.err);
    let ended = project.run("backup restore nope --to dev").expect(2);
    assert!(ended.err.contains("there is no backup `nope`"), "{}", ended.err);
    let ended = project.run(&format!("backup restore {name} --to dev --dry-run")).expect(4);
    assert!(ended.err.contains("is not empty"), "{}", ended.err);
    let ended = project.run(&format!("backup restore {name} --to dev --overwrite --dry-run")).expect(0);
    assert!(ended.out.starts_with("Would restore `"), "{}", ended.out);

    project.write("seeds/2.sql", "insert into public.seeded default values;");
    project.write("seeds/1.sql", "select 1;");
    project.run("db-seed").expect(0);
    let restored = project.run(&format!("backup restore {name} --to dev --overwrite")).expect(0);
    assert!(restored.out.starts_with(&format!("Restored `{name}` into ")), "{}", restored.out);
    assert_eq!(restored.err, "");
}

#[test]
fn a_protected_database_is_recognised_behind_a_bare_url() {
    let project = project();
    project.write("seeds/1.sql", "create table public.seeded ();");
    let made = project.run("backup --output json").expect(0).json();
    let name = made["data"]["manifest"]["name"].as_str().unwrap();
    let mut command = crate::support::palisade(project.path());
    command.env("PROD_DATABASE_URL", "postgres://me:hunter2-secret@127.0.0.1:9/app");
    command.args(["backup", "restore", name, "--overwrite", "--to", "postgresql://other:pw-of-other@localhost:9/app"]);
    let ended = crate::support::run(&mut command, "").expect(4);
    assert!(ended.err.contains("the database of `prod`, which is protected"), "{}", ended.err);
    assert!(!ended.err.contains("pw-of-other"), "{}", ended.err);
}
