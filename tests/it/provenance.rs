//! The history names the commit only of files that are in it.

use std::process::{Command, Stdio};

use palisade_tests::{CommandProject, connection, query, supabase_database};

#[allow(clippy::disallowed_methods, reason = "git gets no secret")]
fn git(project: &CommandProject, words: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    command.args(identity).args(words).current_dir(project.root()).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn files_that_differ_from_the_commit_make_it_dirty() {
    let database = supabase_database().await;
    let project = CommandProject::new().database("DATABASE_URL", &database);
    project.write("migrations/1_a.sql", "select 1;");
    git(&project, &["init", "--quiet"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "--message=one"]);
    let commit = git(&project, &["rev-parse", "HEAD"]);
    let mut connection = connection(&database).await;
    let last = "select git_commit from palisade.attempts order by id desc limit 1";

    project.write("seeds/1.sql", "select 1;");
    project.write("migrations/notes.txt", "not applied");
    project.expect(0, &["db-migrate"]);
    assert_eq!(query(&mut connection, last).await, [commit.as_str()]);

    // Not known to git, ignored by it, known and edited.
    for (number, prepare) in [(2, ""), (3, "*.sql\n"), (4, "")] {
        let file = format!("migrations/{number}_b.sql");
        project.write(".gitignore", prepare);
        project.write(&file, "select 2;");
        if number == 4 {
            git(&project, &["add", "."]);
            git(&project, &["commit", "--quiet", "--message=two"]);
            project.write(&file, "select 4;");
        }
        let commit = git(&project, &["rev-parse", "HEAD"]);
        project.expect(0, &["db-migrate"]);
        assert_eq!(query(&mut connection, last).await, [format!("{commit}-dirty")], "{number}");
    }
}
