//! A backup goes back onto a protected environment: approved by its name or its digest, after a backup of what is there.

use palisade_config::DatabaseUrl;
use palisade_db::{ConnectSettings, Connection, batch, connect};
use palisade_embedded::ScratchDatabase;
use palisade_tests::{CommandProject, database, query};
use serde_json::Value;

use crate::protection::text;

/// A database of this test alone, which may be renamed.
struct Production {
    server: ScratchDatabase,
    name: String,
}

impl Production {
    async fn new() -> Self {
        let server = database().await;
        let mut connection = palisade_tests::connection(&server).await;
        let name =
            query(&mut connection, "select 'prod_' || replace(gen_random_uuid()::text, '-', '')").await.remove(0);
        batch(&mut connection, &format!("create database {name} template template0")).await.unwrap();
        let it = Self { server, name };
        it.run("create table notes (id int primary key); insert into notes select generate_series(1, 5)").await;
        it
    }

    fn url(&self, name: &str) -> DatabaseUrl {
        self.server.tcp_url().with_database(name)
    }

    async fn connect(&self, name: &str) -> Connection {
        connect(&ConnectSettings::new(self.url(name))).await.unwrap()
    }

    async fn run(&self, sql: &str) -> Vec<String> {
        let mut connection = self.connect(&self.name).await;
        let found = query(&mut connection, sql).await;
        connection.close().await;
        found
    }

    async fn rows(&self) -> String {
        self.run("select count(*)::text from notes").await.remove(0)
    }

    fn project(&self) -> CommandProject {
        CommandProject::new().variable("PROD_DATABASE_URL", &text(&self.url(&self.name)))
    }

    async fn drop(self) {
        let mut connection = palisade_tests::connection(&self.server).await;
        let all = format!("select datname from pg_database where starts_with(datname, '{}')", self.name);
        for name in query(&mut connection, &all).await {
            batch(&mut connection, &format!("drop database {name} with (force)")).await.unwrap();
        }
    }
}

fn json(project: &CommandProject, code: i32, words: &[&str]) -> Value {
    serde_json::from_str(&project.expect(code, &[words, &["--output", "json"]].concat()).stdout).unwrap()
}

/// The digest that `--dry-run` shows.
fn digest(project: &CommandProject, words: &[&str]) -> String {
    json(project, 0, &[words, &["--dry-run"]].concat())["data"]["approve"].as_str().unwrap().to_owned()
}

fn backups(project: &CommandProject) -> usize {
    json(project, 0, &["backup", "list"])["data"]["backups"].as_array().unwrap().len()
}

#[tokio::test]
async fn in_place_it_takes_an_approval_and_a_backup() {
    let production = Production::new().await;
    let project = production.project();
    let made = json(&project, 0, &["backup", "--env", "prod"]);
    let id = made["data"]["id"].as_str().unwrap();
    production.run("delete from notes where id > 1").await;
    let words = ["backup", "restore", id, "--to", "prod", "--overwrite"];

    // Without a decision, nothing is done.
    let refused = project.expect(4, &words[..5]).stderr;
    assert!(refused.contains("is not empty"), "{refused}");
    let refused = project.expect(4, &words).stderr;
    assert!(refused.contains("nobody has approved this plan"), "{refused}");
    assert!(refused.contains("in place of everything in the database") && refused.contains("loses data"), "{refused}");
    assert!(refused.contains("stop what writes to it first"), "{refused}");
    let refused = project.expect(4, &[&words[..], &["--approve", "0123456789abcdef"]].concat()).stderr;
    assert!(refused.contains("is not this plan's"), "{refused}");
    // Neither does it go without where the configuration asks for less.
    project.write("config/prod.toml", "[gates]\nbackup = false\napproval = false\n");
    project.expect(4, &words);
    assert_eq!((production.rows().await.as_str(), backups(&project)), ("1", 1));

    // An approval is of no use for a database that has changed.
    let old = digest(&project, &words);
    production.run("create table later ()").await;
    project.expect(4, &[&words[..], &["--approve", &old]].concat());
    assert_eq!((production.rows().await.as_str(), backups(&project)), ("1", 1));

    let digest = digest(&project, &words);
    let done = json(&project, 0, &[&words[..], &["--approve", &digest]].concat());
    assert_eq!(production.rows().await, "5");
    let safety = done["data"]["safety_backup"].as_str().unwrap();
    let shown = project.expect(0, &["backup", "show", safety]).stdout;
    assert!(shown.contains("public.notes  1 rows"), "{shown}");
    let listed = project.expect(0, &["backup", "list"]).stdout;
    assert_eq!(listed.matches("verified at level 2").count(), 2, "{listed}");

    // The way back. What is dropped is verified, however little the configuration wants.
    project.write("config/prod.toml", "[backup]\nverify = 0\n");
    let words = ["backup", "restore", safety, "--to", "prod", "--overwrite"];
    let digest = self::digest(&project, &words);
    project.expect(0, &[&words[..], &["--approve", &digest]].concat());
    assert_eq!(production.rows().await, "1");
    let listed = project.expect(0, &["backup", "list"]).stdout;
    assert_eq!(listed.matches("verified at level 2").count(), 3, "{listed}");
    production.drop().await;
}

/// Several connections restore it, and somebody does not wait for the end.
#[tokio::test]
async fn an_interrupted_restore_leaves_the_note_that_it_is_production() {
    let production = Production::new().await;
    production
        .run("create table much as select it, repeat(md5(it::text), 9) as t from generate_series(1, 300000) it")
        .await;
    let project = production.project();
    project.expect(0, &["backup", "--env", "prod"]);
    let words = ["backup", "restore", "latest", "--to", "prod", "--overwrite", "--jobs", "2"];
    let digest = digest(&project, &words);
    let child = project.start(&[&words[..], &["--approve", &digest]].concat());
    let mut watching = production.connect("postgres").await;
    let loading = format!(
        "select 1::text from pg_stat_activity where datname = '{}' and query ilike 'copy%from stdin%'",
        production.name
    );
    palisade_tests::until("rows are loaded", async || !query(&mut watching, &loading).await.is_empty()).await;
    let said = crate::interrupted::interrupt(child);
    assert!(said.contains("Backup prod-"), "{said}");
    assert_eq!(production.run("select environment from palisade.protection where lifted_at is null").await, ["prod"]);
    let attempts = production.run("select concat(kind, ' ', state) from palisade.attempts").await;
    assert_eq!(attempts, ["restore failed"]);
    watching.close().await;
    production.drop().await;
}

#[tokio::test]
async fn beside_it_keeps_the_old_database() {
    let production = Production::new().await;
    let project = production.project();
    let made = json(&project, 0, &["backup", "--env", "prod"]);
    let id = made["data"]["id"].as_str().unwrap();
    production.run("delete from notes").await;
    let words = ["backup", "restore", id, "--to", "prod", "--swap"];
    let refused = project.expect(4, &words).stderr;
    assert!(refused.contains("a new database that takes its name"), "{refused}");
    let digest = digest(&project, &words);
    let approved = [&words[..], &["--approve", &digest]].concat();
    // Who is connected keeps it from being renamed: known before anybody approves it, and before a backup is taken for nothing.
    let there = production.connect(&production.name).await;
    for words in [&words[..], &approved, &[&words[..], &["--dry-run"]].concat()] {
        let refused = project.expect(4, words).stderr;
        assert!(refused.contains(&format!("{} (", there.facts().backend_pid)), "{refused}");
    }
    assert!(project.expect(0, &[&words[..], &["--terminate", "--dry-run"]].concat()).stdout.contains("a new database"));
    there.close().await;
    assert_eq!(backups(&project), 1);
    let done = json(&project, 0, &approved);
    assert_eq!((production.rows().await.as_str(), backups(&project)), ("5", 2));
    assert_eq!(production.run("select environment from palisade.protection").await, ["prod"]);
    let before = done["data"]["before"].as_str().unwrap();
    let mut old = production.connect(before).await;
    assert_eq!(query(&mut old, "select count(*)::text from notes").await, ["0"]);
    old.close().await;

    // The same approval once more is one for a database that is not there any more.
    project.expect(4, &approved);
    // Where the configuration takes no backups, the old database is what there is to go back to.
    project.write("config/prod.toml", "[gates]\nbackup = false\n");
    let digest = self::digest(&project, &words);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let done = json(&project, 0, &[&words[..], &["--approve", &digest]].concat());
    assert_eq!((&done["data"]["safety_backup"], backups(&project)), (&Value::Null, 2));
    production.drop().await;
}

/// The backup before it cannot be taken: nothing is restored.
#[tokio::test]
async fn without_a_backup_of_what_is_there_nothing_is_restored() {
    let production = Production::new().await;
    let project = production.project();
    let made = json(&project, 0, &["backup", "--env", "prod"]);
    let place = made["data"]["place"].as_str().unwrap();
    production.run("delete from notes").await;
    project.write("config/default.toml", "[backup]\nstore = \"file/below\"\n");
    project.write("file", "");
    let words = ["backup", "restore", place, "--to", "prod", "--overwrite"];
    let digest = digest(&project, &words);
    let failed = project.expect(1, &[&words[..], &["--approve", &digest]].concat()).stderr;
    assert!(failed.contains("nothing was changed"), "{failed}");
    assert_eq!(production.rows().await, "0");
    production.drop().await;
}
