//! Schemas with what is true of their row security, beside this repository: what the commands say of each.

mod case;

use std::io::Write as _;

use camino::Utf8Path;
use futures_util::{StreamExt as _, stream};
use palisade_config::ExposeSecret as _;
use palisade_db::{ConnectSettings, Connection, connect};
use palisade_sql::quote_ident;
use palisade_tests::{CommandProject, Server, ServerFiles, query};
use serde_json::Value;

use case::{Case, Entry};

/// How many commands run at a time.
const AT_A_TIME: usize = 2;

#[tokio::test]
async fn schemas_of_others_are_judged_as_they_were_executed() {
    let directory = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/rls-cases");
    if !directory.is_dir() {
        let _nobody_reads =
            writeln!(std::io::stderr().lock(), "NOT RUN: there are no cases in `{directory}`, so none was judged");
        return;
    }
    // Roles belong to a whole server: this one is nobody else's.
    let server =
        Server::start(&ServerFiles { access: "host all all 127.0.0.1/32 trust", ..ServerFiles::default() }).await;
    let mut admin = open(&server, "postgres").await;
    query(&mut admin, "create database template_of_cases").await;
    let mut template = open(&server, "template_of_cases").await;
    query(&mut template, &std::fs::read_to_string(directory.join("bootstrap.sql")).unwrap()).await;
    template.close().await;
    let cases = Case::all(&directory);
    assert!(!cases.is_empty(), "there are folders in `{directory}`");
    // Roles belong to the whole server: cases that make some are judged one by one, and take them along.
    let (with_roles, others): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|it| !it.expected.roles_created.is_empty());
    let mut judged: Vec<Vec<String>> = Vec::new();
    for case in with_roles {
        set_up(&server, &mut admin, case).await;
        judged.push(judge(&server, case).await);
        query(&mut admin, &format!("drop database {} with (force)", quote_ident(&case.name))).await;
        for role in &case.expected.roles_created {
            query(&mut admin, &format!("drop role {}", quote_ident(role))).await;
        }
    }
    for case in &others {
        set_up(&server, &mut admin, case).await;
    }
    let all = stream::iter(others).map(|it| judge(&server, it)).buffered(AT_A_TIME);
    judged.extend(all.collect::<Vec<_>>().await);
    let wrong: Vec<String> = judged.concat();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

async fn set_up(server: &Server, admin: &mut Connection, case: &Case) {
    query(admin, &format!("create database {} template template_of_cases", quote_ident(&case.name))).await;
    let mut connection = open(server, &case.name).await;
    query(&mut connection, &case.setup).await;
    connection.close().await;
}

async fn open(server: &Server, database: &str) -> Connection {
    connect(&ConnectSettings::new(server.socket_url().with_database(database))).await.unwrap()
}

/// What is wrong about one case.
async fn judge(server: &Server, case: &Case) -> Vec<String> {
    let url = server.tcp_url().with_database(&case.name).expose();
    let project = CommandProject::new().variable("CASE", url.expose_secret());
    let run = async |arguments: &[&str]| {
        let child = project.start(&[arguments, &["--from", "url:CASE", "--output", "json"]].concat());
        // Commands of other cases run meanwhile.
        let ended = tokio::task::spawn_blocking(|| palisade_tests::Ended::wait(child)).await.unwrap();
        let parsed = serde_json::from_str::<Value>(&ended.stdout);
        match parsed {
            Ok(said) if said["data"].is_object() => said,
            _ => panic!("{}: {arguments:?}\n{}\n{}", case.name, ended.stdout, ended.stderr),
        }
    };
    let lint = run(&["rls", "lint"]).await;
    let mut wrong = case.check_lints(lint["data"]["findings"].as_array().unwrap());
    if !case.expected.matrix.is_empty() {
        let matrix = run(&["rls", "matrix"]).await;
        let mut connection = open(server, &case.name).await;
        for entry in &case.expected.matrix {
            let found = entry.find(matrix["data"]["cells"].as_array().unwrap());
            match found {
                Some(cell) => wrong.extend(check_entry(&mut connection, entry, cell).await),
                None => wrong.push(format!("no cell for {entry:?}")),
            }
        }
        connection.close().await;
    }
    wrong.iter().map(|it| format!("{}: {it}", case.name)).collect()
}

async fn check_entry(connection: &mut Connection, entry: &Entry, cell: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if cell["verdict"] != *entry.verdict {
        wrong.push(format!("{entry:?} is {}", cell["verdict"]));
    }
    if let Some(columns) = &entry.columns
        && cell["columns"] != serde_json::json!(columns)
    {
        wrong.push(format!("{entry:?} has the columns {}", cell["columns"]));
    }
    for (expected, field) in [(&entry.rows_where, "rows_where"), (&entry.check, "check")] {
        let Some(expected) = expected else { continue };
        let found = cell[field].as_str().unwrap_or_default();
        // What a statement that no policy filters reaches needs no condition.
        if found.is_empty() && expected == "true" {
            continue;
        }
        let expected = normalised(connection, &entry.table, expected).await;
        if found.is_empty() || normalised(connection, &entry.table, found).await != expected {
            wrong.push(format!("{entry:?} has {field} `{found}`, not `{expected}`"));
        }
    }
    wrong
}

/// A condition as the server writes it.
async fn normalised(connection: &mut Connection, table: &str, condition: &str) -> String {
    let name = table.split('.').map(|it| quote_ident(it).into_owned()).collect::<Vec<_>>().join(".");
    let sql = format!(
        "begin; create policy \"as it is written\" on {name} using ({condition}); set local search_path = ''; \
         select pg_catalog.pg_get_expr(polqual, polrelid) from pg_catalog.pg_policy where polname = 'as it is written'; \
         rollback"
    );
    query(connection, &sql).await.concat()
}
