//! Backups, from the command line.

use palisade_config::ExposeSecret;
use palisade_db::{Connection, batch};
use palisade_tests::{CommandProject, connection, database};
use serde_json::Value;

async fn project() -> (CommandProject, palisade_embedded::ScratchDatabase) {
    let database = database().await;
    let mut connection = connection(&database).await;
    run(&mut connection, "create table t (a int primary key); insert into t select generate_series(1, 1000)").await;
    let project = CommandProject::new().database("DATABASE_URL", &database);
    (project, database)
}

async fn run(connection: &mut Connection, sql: &str) {
    batch(connection, sql).await.unwrap();
}

fn json(project: &CommandProject, code: i32, words: &[&str]) -> Value {
    let ended = project.expect(code, &[words, &["--output", "json"]].concat());
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test]
async fn a_backup_is_made_shown_verified_compared_pinned_and_pruned() {
    let (project, database) = project().await;
    let first = json(&project, 0, &["backup"]);
    let id = first["data"]["id"].as_str().unwrap();
    assert_eq!(first["data"]["verdict"]["level"], 2);
    let shown = project.expect(0, &["backup", "show", id]).stdout;
    assert!(shown.contains("public.t  1000 rows"), "{shown}");
    let took = shown.lines().find(|it| it.starts_with("Took ")).unwrap_or_default();
    assert!(took.contains(": connect ") && took.contains(", data "), "{shown}");
    let shown = json(&project, 0, &["backup", "show", id]);
    assert_eq!(shown["data"]["manifest"]["stages"][1]["what"], "locks", "{shown}");

    run(&mut connection(&database).await, "delete from t where a > 100").await;
    let second = json(&project, 0, &["backup", "--engine", "parallel", "--verify", "1"]);
    let warnings = second["data"]["warnings"].to_string();
    assert!(warnings.contains("public.t has 100 rows, 90 % less"), "{warnings}");
    let diff = project.expect(0, &["backup", "diff", id, "latest"]).stdout;
    assert!(diff.contains("~ public.t: 1000 → 100 rows"), "{diff}");
    let verified = project.expect(0, &["backup", "verify", "latest", "--level", "3"]).stdout;
    assert!(verified.contains("is what was backed up (level 3"), "{verified}");

    project.expect(0, &["backup", "pin", id, "--reason", "before the fair"]);
    project.write(
        "config/default.toml",
        "[backup]\nkeep-last = 1\nkeep-daily = 0\nkeep-weekly = 0\nkeep-monthly = 0\nminimum-age = \"0\"\n",
    );
    let pruned = json(&project, 0, &["backup", "prune"]);
    assert!(pruned["data"]["decisions"][1]["reasons"].to_string().contains("pinned"), "{pruned}");
    project.expect(0, &["backup", "unpin", id]);
    let dry = project.expect(0, &["backup", "prune", "--dry-run"]).stdout;
    assert!(dry.contains("1 of 2 would go"), "{dry}");
    let pruned = project.expect(0, &["backup", "prune"]).stdout;
    assert!(pruned.contains("1 of 2 removed"), "{pruned}");
    assert_eq!(json(&project, 0, &["backup", "list"])["data"]["backups"].as_array().unwrap().len(), 1);
    project.expect(2, &["backup", "show", id]);
}

#[tokio::test]
async fn an_encrypted_backup_is_of_use_to_whoever_has_the_key_only() {
    let (project, _database) = project().await;
    let identity = age::x25519::Identity::generate();
    let (secret, recipient) = (identity.to_string(), identity.to_public());
    project.write("config/default.toml", &format!("[backup]\nrecipients = [\"{recipient}\"]\n"));
    let ended = project.expect(0, &["backup"]);
    assert!(
        ended.stdout.contains("Verified at level 1") && ended.stderr.contains("no `[backup] identity`"),
        "{ended:?}"
    );
    let refused = project.expect(4, &["backup", "verify", "latest"]).stderr;
    assert!(refused.contains("there is no identity"), "{refused}");
    project.write("key.txt", secret.expose_secret());
    project.write("config/dev.toml", "[backup]\nidentity = { file = \"key.txt\" }\n");
    let verified = project.expect(0, &["backup", "verify", "latest"]).stdout;
    assert!(verified.contains("level 2"), "{verified}");
    let other = palisade_tests::database().await;
    let to = crate::protection::text(other.tcp_url());
    project.expect(0, &["backup", "restore", "latest", "--to", &to]);
    for output in [ended.stdout, ended.stderr, verified] {
        assert!(!output.contains(secret.expose_secret()), "{output}");
    }
}

#[tokio::test]
async fn what_was_changed_in_the_store_is_found_and_told() {
    let (project, _database) = project().await;
    let made = json(&project, 0, &["backup"]);
    let place = camino::Utf8PathBuf::from(made["data"]["place"].as_str().unwrap());
    let part = place.join("everything.dump.zst");
    let mut bytes = std::fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let found = project.expect(3, &["backup", "verify", "latest", "--level", "1"]).stdout;
    assert!(found.contains("is not what was backed up") && found.contains("everything.dump.zst"), "{found}");
    assert!(project.expect(0, &["backup", "list"]).stdout.contains("bad: "));
    let refused = project.expect(4, &["backup", "prune"]).stderr;
    assert!(refused.contains("damaged") || refused.contains("verified"), "{refused}");
}

#[tokio::test]
async fn a_restore_that_does_not_fit_is_refused() {
    let (project, _database) = project().await;
    let made = json(&project, 0, &["backup"]);
    let other = palisade_tests::database().await;
    let to = crate::protection::text(other.tcp_url());
    let words = ["backup", "restore", "latest", "--to", &to];
    let dry = [&words[..], &["--dry-run"]].concat();
    let told = project.expect(0, &dry).stdout;
    assert!(told.contains("Needs at least ") && told.contains("; free"), "{told}");
    let told = json(&project, 0, &dry);
    let rows = &made["data"]["manifest"]["tables"][0]["bytes"];
    assert_eq!(&told["data"]["needs_bytes"], rows, "{told}");
    if told["data"]["free_bytes"].is_null() {
        // Where files are compressed, nobody knows how much fits.
        return;
    }
    let path = camino::Utf8PathBuf::from(made["data"]["place"].as_str().unwrap()).join("manifest.json");
    let mut manifest: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    manifest["database_bytes"] = (1_u64 << 60).into();
    manifest["tables"][0]["bytes"] = (1_u64 << 60).into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    for words in [&words[..], &dry] {
        let refused = json(&project, 4, words);
        assert_eq!(refused["error"]["code"], "no-space", "{refused}");
    }
    let there = palisade_tests::query(&mut connection(&other).await, "select to_regclass('t')::text").await;
    assert!(!there.contains(&"t".to_owned()), "{there:?}");
}

#[tokio::test]
async fn programs_hear_of_it() {
    let (project, _database) = project().await;
    project.write(
        "config/default.toml",
        "[backup]\nstore = \"backups\"\non-success = [\"sh\", \"-c\", \"cat > heard.json\"]\non-failure = [\"sh\", \"-c\", \"cat > failed.json\"]\n",
    );
    project.expect(0, &["backup"]);
    let heard: Value =
        serde_json::from_str(&std::fs::read_to_string(project.root().join("heard.json")).unwrap()).unwrap();
    assert_eq!(heard["rows"], 1000);
    project.write("file", "");
    project.expect(1, &["backup", "--store", "file"]);
    assert!(project.root().join("failed.json").exists());
}

#[tokio::test]
async fn the_latest_is_of_the_environment_and_no_older_one_takes_its_place() {
    let (project, database) = project().await;
    let production = palisade_tests::database().await;
    let project = project.database("PROD_DATABASE_URL", &production);
    json(&project, 0, &["backup", "--env", "prod"]);
    let first = json(&project, 0, &["backup"]);
    run(&mut connection(&database).await, "delete from t").await;
    let second = json(&project, 0, &["backup"]);
    let shown = |words: &[&str]| project.expect(0, &[&["backup", "show", "latest"], words].concat()).stdout;
    assert!(shown(&["--env", "prod"]).contains("prod-"));
    let id = |made: &Value| made["data"]["id"].as_str().unwrap().to_owned();
    assert!(shown(&[]).contains(&id(&second)));

    let place = camino::Utf8PathBuf::from(second["data"]["place"].as_str().unwrap());
    std::fs::remove_file(place.join("everything.dump.zst")).unwrap();
    let refused = project.expect(1, &["backup", "verify", "latest"]).stderr;
    assert!(refused.contains(&id(&second)) && !refused.contains(&id(&first)), "{refused}");
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_found_before_anything_is_read() {
    let (project, _database) = project().await;
    let [own, other] = [age::x25519::Identity::generate(), age::x25519::Identity::generate()];
    project.write("config/default.toml", &format!("[backup]\nrecipients = [\"{}\"]\n", own.to_public()));
    project.write("key.txt", other.to_string().expose_secret());
    project.write("config/dev.toml", "[backup]\nidentity = { file = \"key.txt\" }\n");
    project.expect(4, &["backup"]);
    assert_eq!(json(&project, 0, &["backup", "list"])["data"]["backups"].as_array().unwrap().len(), 0);
}
