//! Backups that go back onto a protected database.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use palisade_backup::{
    Manifest, Overwrite, Owners, RestoreError, RestoreOptions, RestoreTarget, Selection, TargetError, create, restore,
};
use palisade_db::{Connection, Session, batch};
use palisade_embedded::EmbeddedSettings;
use palisade_guard::{
    BackupInputs, ExecuteRestoreError, RestoreContext, RestoreDone, approve, execute_restore, judge_restore,
    restore_plan,
};
use palisade_migrator::Run;
use palisade_plan::{Answer, ApprovedPlan, Plan};

use crate::fixture::{Fixture, digest};

/// `prod` with one row, and a backup of that.
async fn backed_up() -> (Fixture, Manifest) {
    let fixture = Fixture::new().await;
    fixture.query("prod", "create table kept (id int); insert into kept values (1)").await;
    let manifest = create(&fixture.backup_options(&fixture.environment("prod")), |_| ()).await.unwrap();
    (fixture, manifest)
}

fn options(fixture: &Fixture, manifest: &Manifest) -> RestoreOptions {
    let environment = fixture.environment("prod");
    RestoreOptions {
        store: fixture.store(),
        manifest: manifest.clone(),
        identities: None,
        target: RestoreTarget::protected(&environment, fixture.prod.tcp_url().clone()),
        overwrite: Overwrite::Confirmed,
        owners: Owners::AsBackedUp,
        selection: Selection::default(),
        jobs: 1,
        embedded: palisade_tests::settings(),
    }
}

async fn plan(fixture: &Fixture, options: &RestoreOptions) -> Plan {
    let environment = fixture.environment("prod");
    let step = options.step(options.place());
    restore_plan(&mut fixture.connect("prod").await, &environment, &fixture.tables, step).await.unwrap()
}

/// An approval, with the backup that it takes.
async fn approved(fixture: &Fixture, options: &RestoreOptions) -> ApprovedPlan {
    let environment = fixture.environment("prod");
    let plan = plan(fixture, options).await;
    let mut verdicts = judge_restore(&environment, plan.restore().unwrap());
    let creating = fixture.backup_options(&environment);
    let backup = BackupInputs { options: &creating, verify: None, identities: None, progress: &mut |_| () };
    let answer = digest(&plan);
    approve(plan, &mut verdicts, &answer, Some(backup)).await.unwrap().0
}

async fn execute(
    fixture: &Fixture,
    approved: ApprovedPlan,
    options: RestoreOptions,
) -> Result<RestoreDone, ExecuteRestoreError> {
    let environment = fixture.environment("prod");
    let run =
        Run { id: "one".to_owned(), who: "tester@here".to_owned(), commit: None, reconnect: Duration::from_secs(5) };
    let context = RestoreContext { environment: &environment, tables: &fixture.tables, run: &run, terminate: false };
    let connection = fixture.connect("prod").await;
    let session = Session::acquire(connection, Duration::from_secs(10), |_| ()).await.unwrap();
    Box::pin(execute_restore(session, approved, options, &context, |_| ())).await
}

async fn rows(fixture: &Fixture) -> Vec<String> {
    fixture.query("prod", "select id::text from kept order by id").await
}

#[tokio::test]
async fn what_was_approved_is_restored_and_noted() {
    let (fixture, manifest) = backed_up().await;
    fixture.query("prod", "insert into kept values (2)").await;
    let options = options(&fixture, &manifest);
    let approved = approved(&fixture, &options).await;
    assert!(matches!(execute(&fixture, approved, options).await.unwrap(), RestoreDone::Within(_)));
    assert_eq!(rows(&fixture).await, ["1"]);
    assert_eq!(palisade_backup::list(&fixture.store()).await.unwrap().len(), 2);
    let noted = "select environment from palisade.protection where lifted_at is null";
    assert_eq!(fixture.query("prod", noted).await, ["prod"]);
    let attempts = "select concat_ws(' ', kind, description, state, who, approval) from palisade.attempts";
    let expected = format!("restore {} done tester@here digest", manifest.name);
    assert_eq!(fixture.query("prod", attempts).await, [expected]);
}

#[tokio::test]
async fn attempts_of_an_older_palisade_take_a_restore_too() {
    let fixture = Fixture::new().await;
    fixture.push("dev", |_| Answer::None).await.unwrap();
    fixture.push("prod", digest).await.unwrap();
    let older = "alter table palisade.attempts drop constraint attempts_kind_check, \
                 add constraint attempts_kind_check check (kind in ('apply', 'revert', 'row-security', 'repair'))";
    fixture.query("prod", older).await;
    let manifest = create(&fixture.backup_options(&fixture.environment("prod")), |_| ()).await.unwrap();
    let options = options(&fixture, &manifest);
    let approved = approved(&fixture, &options).await;
    execute(&fixture, approved, options).await.unwrap();
    let kinds = "select kind from palisade.attempts order by id desc limit 1";
    assert_eq!(fixture.query("prod", kinds).await, ["restore"]);
}

#[tokio::test]
async fn nothing_else_than_what_was_approved_is_done() {
    let (fixture, manifest) = backed_up().await;
    fixture.query("prod", "insert into kept values (2)").await;
    let options = options(&fixture, &manifest);
    let error = restore(&options, |_| ()).await.unwrap_err();
    assert!(matches!(error, RestoreError::Target(TargetError::NotApproved { .. })), "{error}");

    let permit = approved(&fixture, &options).await;
    let later = create(&fixture.backup_options(&fixture.environment("prod")), |_| ()).await.unwrap();
    let others = [
        RestoreOptions { manifest: later, ..options.clone() },
        RestoreOptions { jobs: 2, ..options.clone() },
        RestoreOptions { owners: Owners::Restorer, ..options.clone() },
        RestoreOptions { overwrite: Overwrite::Refuse, ..options.clone() },
        RestoreOptions {
            selection: Selection { tables: vec!["kept".to_owned()], ..Selection::default() },
            overwrite: Overwrite::Refuse,
            ..options.clone()
        },
    ];
    for other in others {
        let error = execute(&fixture, permit.clone(), other).await.unwrap_err().to_string();
        assert!(error.contains("is another restore"), "{error}");
    }
    let elsewhere = RestoreTarget::protected(&fixture.environment("prod"), fixture.dev.tcp_url().clone());
    let error = execute(&fixture, permit.clone(), RestoreOptions { target: elsewhere, ..options.clone() }).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("the database differs"), "{error}");

    // A change between the approval and the restore, in a schema that nobody manages, and that goes all the same.
    fixture.query("prod", "create schema hidden; create table hidden.precious (id int)").await;
    let error = execute(&fixture, permit, options).await.unwrap_err();
    assert!(matches!(error, ExecuteRestoreError::Changed { .. }), "{error}");
    assert_eq!(rows(&fixture).await, ["1", "2"]);
}

/// Settings under which `pg_restore` is the shell script `script`; `$REAL` in it is the directory of the real one.
async fn with_pg_restore(fixture: &Fixture, script: &str) -> EmbeddedSettings {
    let settings = palisade_tests::settings();
    let real = palisade_embedded::installation(&settings).await.unwrap();
    let bin = fixture.root.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for program in ["initdb", "pg_ctl", "postgres", "pg_dump", "pg_dumpall", "psql"] {
        symlink(real.program(program), bin.join(program)).unwrap();
    }
    let real = real.program("pg_restore");
    let text = format!("#!/bin/sh\nREAL='{}'\n{script}\n", real.parent().unwrap());
    fixture.write("bin/pg_restore", &text);
    std::fs::set_permissions(bin.join("pg_restore"), std::fs::Permissions::from_mode(0o755)).unwrap();
    EmbeddedSettings { pg_bin: Some(bin), pg_archive: None, ..settings }
}

async fn run(connection: &mut Connection, sql: &str) {
    batch(connection, sql).await.unwrap();
}

/// The last look at the target is before `pg_restore` connects: what its address leads to in that moment is asked in the transaction.
#[tokio::test]
async fn another_database_under_the_same_address_is_found_in_the_transaction() {
    let (fixture, manifest) = backed_up().await;
    let mut dev = fixture.connect("dev").await;
    let names = ["here", "there"].map(|it| format!("{it}_{}", fixture.prod.url().database));
    for name in &names {
        run(&mut dev, &format!("create database {name}")).await;
    }
    let url = fixture.prod.tcp_url().with_database(&names[0]);
    let socket = fixture.prod.url().with_database("postgres").to_string();
    let [here, there] = &names;
    let script = format!(
        "\"$REAL/psql\" -qXd '{socket}' -c 'alter database {here} rename to {here}_old' \
         -c 'alter database {there} rename to {here}' >&2 || exit 9\nexec \"$REAL/pg_restore\" \"$@\""
    );
    let target = RestoreTarget::protected(&fixture.environment("prod"), url.clone());
    let mut connection = palisade_db::connect(target.settings()).await.unwrap();
    let embedded = with_pg_restore(&fixture, &script).await;
    let options = RestoreOptions { target, embedded, ..options(&fixture, &manifest) };
    let step = options.step(options.place());
    let plan =
        restore_plan(&mut connection, &fixture.environment("prod"), &fixture.tables, step.clone()).await.unwrap();
    connection.close().await;
    let verdict = palisade_plan::Verdict::Passed { note: String::new() };
    let verdicts = [palisade_plan::GateVerdict { gate: palisade_plan::Gate::Backup, verdict }];
    let answer = digest(&plan);
    let options =
        RestoreOptions { target: options.target.approved(plan.approve(&verdicts, &answer).unwrap()), ..options };
    let error = restore(&options, |_| ()).await.unwrap_err().to_string();
    assert!(error.contains("this is not the database that was approved"), "{error}");
    let mut other = palisade_db::connect(options.target.settings()).await.unwrap();
    let tables = palisade_tests::query(&mut other, "select relname from pg_class where relname = 'kept'").await;
    assert_eq!(tables, [""; 0]);
    other.close().await;
    for name in [here.clone(), format!("{here}_old")] {
        run(&mut dev, &format!("drop database {name} with (force)")).await;
    }
}

/// What somebody pushes while the backup is restored beside the database would be lost with it.
#[tokio::test]
async fn what_changes_while_a_database_is_made_keeps_it_from_being_replaced() {
    let (fixture, manifest) = backed_up().await;
    let mut dev = fixture.connect("dev").await;
    let name = format!("own_{}", fixture.prod.url().database);
    run(&mut dev, &format!("create database {name}")).await;
    let url = fixture.prod.tcp_url().with_database(&name);
    let socket = fixture.prod.url().with_database(&name).to_string();
    let script = format!(
        "\"$REAL/psql\" -qXd '{socket}' -c 'create table pushed ()' >&2 || exit 9\nexec \"$REAL/pg_restore\" \"$@\""
    );
    let embedded = with_pg_restore(&fixture, &script).await;
    let environment = fixture.environment("prod");
    let target = RestoreTarget::protected(&environment, url);
    let options = RestoreOptions { target, embedded, overwrite: Overwrite::Refuse, ..options(&fixture, &manifest) };
    let mut connection = palisade_db::connect(options.target.settings()).await.unwrap();
    let step = options.step(palisade_plan::RestorePlace::Beside);
    let plan = restore_plan(&mut connection, &environment, &fixture.tables, step).await.unwrap();
    let verdict = palisade_plan::Verdict::Passed { note: String::new() };
    let verdicts = [palisade_plan::GateVerdict { gate: palisade_plan::Gate::Backup, verdict }];
    let answer = digest(&plan);
    let approved = plan.approve(&verdicts, &answer).unwrap();
    let run_of = Run { id: "one".to_owned(), who: "me".to_owned(), commit: None, reconnect: Duration::from_secs(5) };
    let context = RestoreContext { environment: &environment, tables: &fixture.tables, run: &run_of, terminate: true };
    let session = Session::acquire(connection, Duration::from_secs(10), |_| ()).await.unwrap();
    let error = Box::pin(execute_restore(session, approved, options.clone(), &context, |_| ())).await.unwrap_err();
    assert!(error.to_string().contains("has changed while the backup was restored beside it"), "{error}");
    let like = format!("select datname::text from pg_database where datname like '{name}%'");
    assert_eq!(palisade_tests::query(&mut dev, &like).await, std::slice::from_ref(&name));
    run(&mut dev, &format!("drop database {name} with (force)")).await;
}
