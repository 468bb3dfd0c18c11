//! The database of a protected environment is changed by nobody who reaches it under another name.

use palisade_config::{DatabaseUrl, ExposeSecret as _};
use palisade_db::{ConnectSettings, connect};
use palisade_embedded::ScratchDatabase;
use palisade_tests::{CommandProject, Proxy, connection, query, supabase_database};

/// Everything that writes to an environment which is not protected.
const WRITES: [&[&str]; 7] = [
    &["db-push"],
    &["db-migrate"],
    &["db-rls"],
    &["db-seed"],
    &["db-init", "--seed"],
    &["db-reset", "--yes"],
    &["db-repair", "1", "--accept"],
];

/// A project with something to push and to load.
fn project() -> CommandProject {
    let project = CommandProject::new();
    project.write("migrations/1_notes.sql", "create table notes (id int);");
    project.write("rls/notes.sql", "alter table notes enable row level security;");
    project.write("seeds/1.sql", "create table if not exists seeded ();");
    project
}

pub(crate) fn text(url: &DatabaseUrl) -> String {
    url.expose().expose_secret().to_owned()
}

/// That nothing of ours is in the database.
async fn untouched(database: &ScratchDatabase) {
    let ours = "select relname from pg_class where relname in ('notes', 'seeded', 'migrations')";
    assert_eq!(query(&mut connection(database).await, ours).await, [""; 0]);
}

#[track_caller]
fn refused(project: &CommandProject, arguments: &[&str]) -> String {
    let ended = project.expect(4, arguments);
    let message = ended.stderr.lines().find(|it| it.starts_with("error:")).unwrap_or_default().to_owned();
    assert!(message.contains("leads to the database of `prod`"), "{arguments:?}: {}", ended.stderr);
    message
}

#[tokio::test]
async fn a_url_that_a_command_prints_is_compared_before_anything_is_written() {
    let database = supabase_database().await;
    let project = project().database("DATABASE_URL", &database);
    project.write("config/prod.toml", "url = { command = ['cat', 'prod.url'] }");
    project.write("prod.url", &text(database.tcp_url()));
    for arguments in WRITES {
        let ended = project.expect(4, arguments);
        assert!(ended.stderr.contains("`prod`"), "{arguments:?}: {}", ended.stderr);
    }
    untouched(&database).await;
    // Who may not read the secret can work on.
    project.write("config/prod.toml", "url = { command = ['false'] }");
    project.expect(0, &["db-push"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_of_the_same_server_is_found_by_asking_it() {
    let database = supabase_database().await;
    let proxy = Proxy::new(database.tcp_url()).await;
    for other in [proxy.url(), database.url()] {
        let project = project().database("PROD_DATABASE_URL", &database).variable("DATABASE_URL", &text(other));
        for arguments in WRITES {
            let message = refused(&project, arguments);
            assert!(message.ends_with("the same server answers for both"), "{message}");
        }
    }
    untouched(&database).await;
    let neighbour = supabase_database().await;
    let project = project().database("PROD_DATABASE_URL", &database).database("DATABASE_URL", &neighbour);
    project.expect(0, &["db-push"]);
}

/// Ends the embedded server of a project, however the test ends.
struct Stop<'a>(&'a CommandProject);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.run(&["db-stop"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_server_is_not_emptied_while_it_is_production() {
    let project = project();
    let _stop = Stop(&project);
    project.expect(0, &["db-start"]);
    let url: DatabaseUrl = project.expect(0, &["db-url"]).stdout.trim().parse().unwrap();
    project.write(".env.prod", &format!("PROD_DATABASE_URL={}\n", text(&url)));
    for arguments in WRITES {
        let ended = project.expect(4, arguments);
        assert!(ended.stderr.contains("lead to the same database"), "{arguments:?}: {}", ended.stderr);
    }
    let proxy = Proxy::new(&url).await;
    project.write(".env.prod", &format!("PROD_DATABASE_URL={}\n", text(proxy.url())));
    for arguments in WRITES {
        refused(&project, arguments);
    }
    project.write(".env.prod", "PROD_DATABASE_URL=postgres://nobody@db.example.invalid/none\n");
    project.expect(0, &["db-push"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_not_restored_onto_another_address_of_production() {
    let (database, copy) = (supabase_database().await, supabase_database().await);
    let proxy = Proxy::new(database.tcp_url()).await;
    let project = project().database("PROD_DATABASE_URL", &database).database("DATABASE_URL", &copy);
    project.expect(0, &["db-push"]);
    let backup = project.expect(0, &["backup", "create"]).stdout;
    let name = backup.lines().next().unwrap();
    for to in [text(proxy.url()), text(database.url())] {
        for more in [&[][..], &["--overwrite"], &["--dry-run"]] {
            refused(&project, &[&["backup", "restore", name, "--to", &to], more].concat());
        }
    }
    untouched(&database).await;
}

#[tokio::test]
async fn a_dry_run_of_a_restore_asks_the_target() {
    let (database, other) = (supabase_database().await, palisade_tests::database().await);
    let project = project().database("DATABASE_URL", &database);
    project.expect(0, &["db-push"]);
    let backup = project.expect(0, &["backup", "create"]).stdout;
    let file = backup.lines().next().unwrap();
    let dry = |code: i32, to: &str, more: &[&str]| {
        let ended = project.expect(code, &[&["backup", "restore", file, "--dry-run", "--to", to], more].concat());
        ended.stdout + &ended.stderr
    };
    assert!(dry(4, "dev", &[]).contains("is not empty"));
    assert!(dry(0, "dev", &["--overwrite"]).contains("Would drop everything in it, among it "));
    let possible = dry(0, &text(other.tcp_url()), &[]);
    assert!(possible.starts_with("Would restore `dev-") && !possible.contains("drop"), "{possible}");
    assert!(dry(1, "postgres://nobody@127.0.0.1:1/none", &[]).contains("127.0.0.1"));
    assert_eq!(query(&mut connection(&other).await, "select 1 from pg_class where relname = 'notes'").await, [""; 0]);
}

#[tokio::test]
async fn the_database_says_whose_it_is_when_nobody_else_can() {
    let database = supabase_database().await;
    let team = project().database("PROD_DATABASE_URL", &database);
    team.write(
        "config/prod.toml",
        "[gates]\nclean-history = false\napplied-in-dev = false\nbackup = false\ndrift = false\naccess = false\napproval = false\n",
    );
    team.expect(0, &["db-push", "--env", "prod"]);
    team.expect(0, &["db-push", "--env", "prod"]);
    let backup = team.expect(0, &["backup", "create", "--env", "prod"]).stdout;
    let file = backup.lines().next().unwrap();

    let stranger = project().database("DATABASE_URL", &database);
    stranger.write("migrations/2_more.sql", "create table more ();");
    for arguments in WRITES {
        let message = refused(&stranger, arguments);
        assert!(message.ends_with("has written that into the database"), "{message}");
    }
    let to = text(database.tcp_url());
    let ended = stranger.expect(4, &["backup", "restore", file, "--to", &to, "--overwrite"]);
    assert!(ended.stderr.contains("this is the database of `prod`, which is protected"), "{}", ended.stderr);

    // A copy is another database.
    let copy = palisade_tests::database().await;
    stranger.expect(0, &["backup", "restore", file, "--to", &text(copy.tcp_url())]);
    let on_copy = project().database("DATABASE_URL", &copy);
    on_copy.expect(0, &["db-push"]);

    // Whoever knows better says so.
    let help = stranger.expect(4, &["db-push"]).stderr;
    assert!(help.contains("db-repair --unprotect prod --env dev"), "{help}");
    stranger.expect(4, &["db-repair", "--unprotect", "staging"]);
    team.expect(4, &["db-repair", "--unprotect", "prod", "--env", "prod"]);
    stranger.expect(0, &["db-repair", "--unprotect", "prod", "--dry-run"]);
    stranger.expect(4, &["db-push"]);
    stranger.expect(0, &["db-repair", "--unprotect", "prod"]);
    stranger.expect(0, &["db-push"]);
    let lifted = "select environment from palisade.protection where lifted_by like '%@%'";
    assert_eq!(query(&mut connection(&database).await, lifted).await, ["prod"]);
}

#[tokio::test]
async fn a_note_that_a_role_may_not_read_protects() {
    let database = supabase_database().await;
    let mut admin = connection(&database).await;
    query(
        &mut admin,
        "create schema palisade; create table palisade.protection (environment text); \
         create role stranger_of_protection login password 'x' nosuperuser; \
         grant create on database current_database_name to stranger_of_protection"
            .replace("current_database_name", &database.tcp_url().database)
            .as_str(),
    )
    .await;
    let url = DatabaseUrl { user: "stranger_of_protection".to_owned(), ..database.tcp_url().clone() };
    let settings = ConnectSettings::new(DatabaseUrl { password: Some("x".to_owned().into()), ..url });
    let facts = connect(&settings).await.unwrap().facts().clone();
    assert_eq!(facts.protected_by, ["?"]);
    query(&mut admin, "drop owned by stranger_of_protection; drop role stranger_of_protection").await;
}
