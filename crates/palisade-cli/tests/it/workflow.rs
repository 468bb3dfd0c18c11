//! From a clone to a changed production database, with real servers.

use crate::support::{Project, answered, palisade, project};
use palisade_cli::{CliRunner, CommandError, Context, Outcome, clap};
use palisade_db::{ConnectSettings, Row, batch, connect};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// A project with two migrations, row security and sample data.
fn shop() -> Project {
    let project = project();
    project.write("migrations/1_items.sql", "create table public.items (id int primary key, name text not null);");
    project.write("migrations/2_more.sql", "alter table public.items add column price int;");
    project.write(
        "rls/public/items.sql",
        "alter table public.items enable row level security;\n\
         drop policy if exists \"Everybody reads\" on public.items;\n\
         create policy \"Everybody reads\" on public.items for select to anon using (true);\n",
    );
    project.write("seeds/1.sql", "insert into public.items (id, name) values (1, 'one') on conflict do nothing;");
    project
}

/// Lets `prod` of a project be the local server of another one, which ends with it.
fn with_production(project: &Project) -> Project {
    let production = crate::support::project();
    production.run("db-start").expect(0);
    project.write(".env.prod", &format!("PROD_DATABASE_URL={}", production.run("db-url").expect(0).out));
    production
}

/// The first column of the first row.
fn ask(project: &Project, sql: &str) -> String {
    let url = project.run("db-url").expect(0).out.trim().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = connect(&ConnectSettings::new(url)).await.unwrap();
        let answer = batch(&mut connection, sql).await.unwrap();
        answer.rows[0].try_get::<String, _>(0).unwrap()
    })
}

const HISTORY: &str = "select (to_regclass('palisade.migrations') is not null)::text";

#[test]
fn init_brings_everything_and_a_second_run_does_nothing() {
    let project = shop();
    let first = project.run("db-init --seed").expect(0);
    let url = project.run("db-url").expect(0).out;
    let expected = format!(
        "Applied 2 migrations\nRow security: 2 changes\nWrote 1 rows of sample data\n\nConnection string: {url}\nNext:\n"
    );
    assert!(first.out.starts_with(&expected), "{}", first.out);
    assert_eq!(first.out.lines().skip_while(|it| *it != "Next:").skip(1).count(), 3, "{}", first.out);

    let second = project.run("db-init --seed").expect(0);
    assert!(second.out.starts_with("Nothing to do: 2 migrations are applied"), "{}", second.out);
    assert!(!second.out.contains("Next:"), "{}", second.out);
    let object = project.run("db-init --seed --output json").expect(0).json();
    assert_eq!(object["data"]["nothing_to_do"], true);
    assert_eq!(object["data"]["seeded_rows"], 0);
    assert_eq!(object["data"]["url"], url.trim());
    assert_eq!(project.run("db-push --output json").expect(0).json()["data"]["nothing_to_do"], true);
    let status = project.run("db-status --exit-code --output json").expect(0).json();
    assert_eq!((&status["data"]["applied"], &status["data"]["pending"]), (&2.into(), &0.into()));
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    let project = shop();
    for line in ["db-init --seed --dry-run", "db-reset --yes --dry-run", "db-seed --dry-run"] {
        project.run(line).expect(0);
    }
    for line in ["db-push --dry-run", "db-migrate --dry-run", "db-rls --dry-run"] {
        let ended = project.run(line).expect(1);
        assert!(ended.err.contains("a dry run starts nothing"), "{}", ended.err);
    }
    assert!(!project.path().join(".palisade").exists(), "something was started");

    project.run("db-start").expect(0);
    let plan = project.run("db-push --dry-run").expect(0);
    assert!(plan.out.contains("1. apply migrations/1_items.sql"), "{}", plan.out);
    assert!(plan.out.contains("3. row security from 1 file, where it differs"), "{}", plan.out);
    project.run("db-migrate --dry-run").expect(0);
    project.run("db-plan").expect(0);
    project.run("db-repair 1 --accept --dry-run").expect(0);
    assert_eq!(ask(&project, HISTORY), "false");
}

#[test]
fn migrate_leaves_row_security_to_its_own_command() {
    let project = shop();
    project.run("db-migrate").expect(0);
    let ended = project.run("db-rls --check").expect(3);
    assert!(ended.out.starts_with("Row security differs from the files"), "{}", ended.out);
    assert!(ended.out.contains("+ policy \"Everybody reads\" on public.items"), "{}", ended.out);
    let plan = project.run("db-rls --plan").expect(0);
    assert!(plan.out.contains("CREATE POLICY \"Everybody reads\" ON public.items"), "{}", plan.out);
    project.run("db-rls --check").expect(3);
    let done = project.run("db-rls").expect(0);
    assert!(done.out.starts_with("Row security: 2 changes\n"), "{}", done.out);
    project.run("db-rls --check").expect(0);
    assert_eq!(project.run("db-rls --plan").expect(0).out, "nothing\n");
    ask(&project, "create policy stray on public.items using (true); select ''");
    let orphan = project.run("db-rls --check").expect(3);
    assert!(orphan.out.starts_with("No file of `rls/` creates policy public.items.stray"), "{}", orphan.out);
    let prune = project.run("db-rls --prune --plan").expect(0);
    assert_eq!(prune.out, "DROP POLICY stray ON public.items;\n");
    project.run("db-rls --prune").expect(0);
    project.run("db-rls --check").expect(0);
    let policy = std::fs::read_to_string(project.path().join("rls/public/items.sql")).unwrap();
    project.write("rls/public/items.sql", &format!("-- a comment\n{policy}"));
    let status = project.run("db-status").expect(0);
    assert!(status.out.contains("row security may differ"), "{}", status.out);
    let ended = project.run("db-rls --check").expect(0);
    assert_eq!(ended.out, "Row security is what the files say\n");
    project.write("rls/public/items.sql", "delete from public.items;");
    let refused = project.run("db-rls --output json").expect(4).json();
    assert_eq!(refused["error"]["code"], "not-row-security");
}

#[test]
fn a_failed_migration_shows_its_place_and_leaves_nothing() {
    let project = shop();
    project.write("migrations/3_bad.sql", "create table public.half ();\ninsert into public.missing values (1);\n");
    let ended = project.run("db-push").expect(1);
    assert!(ended.err.contains(" --> migrations/3_bad.sql:2:13\n"), "{}", ended.err);
    assert!(
        ended.err.contains("applied before it, and staying: migrations/1_items.sql, migrations/2_more.sql"),
        "{}",
        ended.err
    );
    assert_eq!(ask(&project, "select (to_regclass('public.half') is null)::text"), "true");
    let status = project.run("db-status").expect(0);
    assert!(status.out.contains("failed   3  bad"), "{}", status.out);
    project.write("migrations/3_bad.sql", "create table public.half ();\n");
    let again = project.run("db-push").expect(0);
    assert!(again.out.starts_with("Applied 1 migration\n  migrations/3_bad.sql"), "{}", again.out);
}

#[test]
fn an_edited_migration_is_refused_until_somebody_says_what_is_true() {
    let project = shop();
    project.run("db-push").expect(0);
    project.write(
        "migrations/1_items.sql",
        "-- a comment\ncreate table public.items (id int primary key, name text not null);",
    );
    project.write("migrations/3_next.sql", "select 1;");
    let ended = project.run("db-push --output json").expect(4).json();
    assert_eq!(ended["error"]["code"], "edited");
    assert!(ended["error"]["help"].as_str().unwrap().contains("db-repair 1 --accept-edit"));
    project.run("db-repair 1").expect(2);
    let refused = project.run("db-repair 1 --statement-done").expect(4);
    assert!(refused.err.contains("`--statement-done` does not fit migration 1"), "{}", refused.err);
    let refused = project.run("db-repair 1 --accept").expect(4);
    assert!(refused.err.contains("`--accept-edit` is for that"), "{}", refused.err);
    project.run("db-repair 1 --accept-edit").expect(0);
    project.run("db-push").expect(0);
    for line in ["db-repair 1 --accept", "db-repair 1 --accept-edit"] {
        let nothing = project.run(line).expect(0);
        assert_eq!(nothing.out, "Nothing to do: 1 is applied as its file says\n");
    }
    let corrections = "select count(*)::text from palisade.attempts where kind = 'repair'";
    assert_eq!(ask(&project, corrections), "1");
}

#[test]
fn an_empty_migration_waits_until_somebody_writes_it() {
    let project = shop();
    project.run("db-push").expect(0);
    let made = project.run("db-generate --custom add_colour").expect(0);
    for line in ["db-push", "db-migrate", "db-push --dry-run"] {
        let ended = project.run(line).expect(1);
        assert!(ended.err.contains("this migration has no statement"), "{}\n{}", made.out, ended.err);
        assert!(ended.err.contains("help: write what it shall do, or remove the file"), "{}", ended.err);
    }
    assert_eq!(ask(&project, "select count(*)::text from palisade.migrations"), "2");
}

#[test]
fn reset_asks_and_builds_anew() {
    let project = shop();
    project.run("db-init --seed").expect(0);
    ask(&project, "insert into public.items (id, name) values (2, 'two') returning id::text");
    let ended = project.run("db-reset --seed").expect(4);
    assert!(ended.err.contains("decide with `--yes`"), "{}", ended.err);
    assert_eq!(ask(&project, "select count(*)::text from public.items"), "2");
    let done = project.run("db-reset --seed --yes").expect(0);
    assert!(done.out.starts_with("Applied 2 migrations\n"), "{}", done.out);
    assert_eq!(ask(&project, "select count(*)::text from public.items"), "1");
}

#[test]
fn production_is_pushed_with_the_digest_that_was_printed() {
    let project = shop();
    let production = with_production(&project);

    let closed = project.run("db-push --env prod").expect(4);
    assert!(closed.err.contains("the gate `applied-in-dev` is closed"), "{}", closed.err);
    project.run("db-push").expect(0);
    let closed = project.run("db-push --env prod").expect(4);
    assert!(closed.err.contains("the gate `access` is closed"), "{}", closed.err);
    assert!(closed.err.contains("\n+ anon may SELECT public.items"), "{}", closed.err);
    project.run("rls lock --check").expect(3);
    project.run("rls lock").expect(0);
    project.run("rls lock --check").expect(0);

    let waiting = project.run("db-push --env prod").expect(4);
    assert!(waiting.err.contains("1. apply migrations/1_items.sql"), "{}", waiting.err);
    assert!(waiting.err.contains("waits   backup: for the approval"), "{}", waiting.err);
    let object = project.run("db-push --env prod --output json").expect(4).json();
    assert_eq!(object["error"]["code"], "not-approved");
    let digest = object["error"]["data"]["approve"].as_str().unwrap();
    assert!(waiting.err.contains(&format!("--approve {digest}")), "{}", waiting.err);
    assert_eq!(ask(&production, HISTORY), "false");
    assert!(!project.path().join("backups").exists());

    let planned = project.run("db-plan --env prod --out plan.json --exit-code --output json").expect(3).json();
    assert_eq!(planned["data"]["approve"], digest);
    let file: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(project.path().join("plan.json")).unwrap()).unwrap();
    assert_eq!(file["digest"], planned["data"]["digest"]);

    project.run("db-push --env prod --approve 0123456789abcdef").expect(4);
    assert_eq!(ask(&production, HISTORY), "false");
    let done = project.run(&format!("db-push --env prod --approve {digest} --output json")).expect(0).json();
    assert_eq!(done["data"]["migrations"].as_array().unwrap().len(), 2);
    let backup = done["data"]["backup"].as_str().unwrap();
    assert!(project.run("backup list").expect(0).out.contains(backup));
    let noted = "select string_agg(distinct approval || ' ' || left(plan_digest, 16), ',') from palisade.attempts";
    assert_eq!(ask(&production, noted), format!("digest {digest}"));
    assert!(ask(&production, "select min(who) from palisade.attempts").contains('@'));
    let nothing = project.run("db-push --env prod").expect(0);
    assert!(nothing.out.starts_with("Nothing to do"), "{}", nothing.out);

    for line in ["db-reset --yes", "db-seed", "db-init", "db-migrate"] {
        let ended = project.run(&format!("{line} --env prod --output json")).expect(4);
        assert_eq!(ended.json()["error"]["code"], "protected", "{line}");
    }
}

#[test]
fn production_is_pushed_when_its_name_is_typed() {
    let project = shop();
    let production = with_production(&project);
    project.run("db-push").expect(0);
    project.run("rls lock").expect(0);
    let line = format!("db-push --env prod --project {}", project.path().display());
    let wrong = answered(CliRunner::new(), &line, "yes\n").expect(4);
    assert!(wrong.err.contains("the typed name is not `prod`"), "{}", wrong.err);
    assert_eq!(ask(&production, HISTORY), "false");
    let right = answered(CliRunner::new(), &line, "prod\n").expect(0);
    assert!(right.out.starts_with("Applied 2 migrations\n"), "{}", right.out);
    assert_eq!(ask(&production, "select min(approval) from palisade.attempts"), "typed-name");
}

#[derive(clap::Args)]
struct Write {}

#[test]
fn a_command_of_one_s_own_only_reads_in_production() {
    let project = shop();
    let production = with_production(&project);
    let runner = || {
        CliRunner::new().command("write", async |context: &mut Context, _: Write| -> Result<Outcome, CommandError> {
            let mut connection = context.connect().await?;
            batch(&mut connection, "create table public.by_hand ()").await?;
            Ok(Outcome::done("written"))
        })
    };
    let line = format!("write --project {}", project.path().display());
    let refused = answered(runner(), &format!("{line} --env prod"), "").expect(1);
    assert!(refused.err.contains("read-only transaction"), "{}", refused.err);
    assert_eq!(ask(&production, "select (to_regclass('public.by_hand') is null)::text"), "true");
    assert_eq!(answered(runner(), &line, "").expect(0).out, "written\n");
}

#[test]
fn ctrl_c_in_a_migration_ends_it_and_the_next_run_goes_on() {
    let project = shop();
    project.run("db-push").expect(0);
    // The statement tells through the server's own view that it runs; the test waits for that, not for a time.
    project.write("migrations/3_slow.sql", "select pg_sleep(600);");
    let mut child = palisade(project.path())
        .args(["db-push"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let sleeping = "select count(*)::text from pg_stat_activity where wait_event = 'PgSleep'";
    while ask(&project, sleeping) != "1" {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut err = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(err, "error: interrupted\n");
    project.write("migrations/3_slow.sql", "select 1;");
    let again = project.run("db-push").expect(0);
    assert!(again.out.starts_with("Applied 1 migration\n  migrations/3_slow.sql"), "{}", again.out);
}
