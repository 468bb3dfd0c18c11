//! The answer to a COMMIT is lost on the way: the command finds out what happened, instead of reporting an error for what is done.

use palisade_db::Row;
use palisade_tests::{CommandProject, Ended, Fault, Proxy, connection, supabase_database};

fn project(proxy: &Proxy) -> CommandProject {
    use palisade_config::ExposeSecret as _;
    let url = proxy.url().expose();
    let it = CommandProject::new().variable("DATABASE_URL", url.expose_secret());
    it.write("migrations/1_ran.sql", "create table ran (n int); insert into ran values (1);");
    it.write("migrations/2_more.sql", "insert into ran values (2);");
    it.write(
        "rls/public/ran.sql",
        "alter table ran enable row level security;\ndrop policy if exists everybody on ran;\n\
         create policy everybody on ran for select to authenticated using (true);\n",
    );
    it
}

/// Runs a push whose connection fails once, when the client sends `text`.
async fn push(text: &str, fault: Fault) -> (Ended, Vec<String>) {
    let database = supabase_database().await;
    let proxy = Proxy::new(database.tcp_url()).await;
    let project = project(&proxy);
    proxy.when_sends(text, fault);
    // The proxy runs on this thread, so the command is waited for on another.
    let run = |project: CommandProject| tokio::task::spawn_blocking(move || (project.run(&["db-push"]), project));
    let (ended, project) = run(project).await.unwrap();
    assert!(!proxy.disarm(), "the fault did not happen");
    let (again, _project) = run(project).await.unwrap();
    assert_eq!(again.code, Some(0), "the next run finishes\n{}\n{}", again.stdout, again.stderr);
    let mut connection = connection(&database).await;
    let sql = "select n::text || ' of ' || (select count(*) from palisade.migrations) || ', ' || \
               (select count(*) from pg_policy) || ' policy' as line from ran order by n";
    let done = palisade_db::batch(&mut connection, sql).await.unwrap();
    let lines = done.rows.iter().map(|row| row.try_get::<String, _>("line").unwrap()).collect();
    (ended, lines)
}

const ONCE: [&str; 2] = ["1 of 2, 1 policy", "2 of 2, 1 policy"];

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_a_success() {
    for text in ["commit\0", "insert into ran values (2)", "create policy"] {
        let (ended, lines) = push(text, Fault::LoseAnswer).await;
        assert_eq!(ended.code, Some(0), "{text}\n{}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.starts_with("Applied 2 migrations"), "{text}: {}", ended.stdout);
        assert_eq!(lines, ONCE, "{text}");
    }
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_reported_and_made_up_for() {
    let (ended, lines) = push("commit\0", Fault::CutBefore).await;
    assert_eq!(ended.code, Some(1), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("nothing of it is in the database"), "{}", ended.stderr);
    assert_eq!(lines, ONCE);
}
