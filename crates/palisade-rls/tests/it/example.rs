//! The example project: its policies do what their comments say, under both of Supabase's regimes of default grants.

use camino::Utf8Path;
use palisade_db::Connection;
use palisade_embedded::GrantRegime;
use palisade_rls::PolicyScript;

use crate::support::{Database, ask, run_directory};

const ADA: &str = "a0000000-0000-4000-8000-000000000001";
const MIRA: &str = "a0000000-0000-4000-8000-000000000002";
const TOM: &str = "a0000000-0000-4000-8000-000000000003";
const NEW: &str = "a0000000-0000-4000-8000-000000000009";

async fn project(regime: GrantRegime) -> Database {
    let database = Database::with(regime, "").await;
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut connection = database.connect().await;
    for connection in [&mut connection, &mut database.connect_to_twin().await] {
        run_directory(connection, &root.join("migrations")).await;
    }
    let read = PolicyScript::read(&root.join("rls")).unwrap();
    let files: Vec<_> = read.files().iter().map(|it| (it.path.as_str(), it.sql.as_str())).collect();
    assert!(!database.apply(&files).await.unwrap().changes.is_empty());
    assert!(database.apply(&files).await.unwrap().changes.is_empty());
    for _ in 0..2 {
        run_directory(&mut connection, &root.join("seeds")).await;
    }
    let account = format!("insert into auth.users (id, email) values ('{NEW}', 'new@example.com')");
    ask(&mut connection, &account).await.unwrap();
    drop(connection);
    database
}

/// The role and claims that `PostgREST` would set for a request.
fn persona(who: &str) -> String {
    let claims = |id: &str, email: &str| {
        format!(
            "set local request.jwt.claims = '{{\"sub\": \"{id}\", \"email\": \"{email}\"}}'; set local role authenticated;"
        )
    };
    match who {
        "ada" => claims(ADA, "ada@example.com"),
        "mira" => claims(MIRA, "mira@example.com"),
        "tom" => claims(TOM, "tom@example.com"),
        "new" => claims(NEW, "new@example.com"),
        role => format!("set local role {role};"),
    }
}

/// What one request answers: a value, or the SQLSTATE that refuses it. Nothing of it stays.
async fn request(connection: &mut Connection, who: &str, sql: &str) -> String {
    ask(connection, "begin").await.unwrap();
    let answer = match ask(connection, &format!("{} {sql}", persona(who))).await {
        Ok(value) => value,
        Err(error) => error.sqlstate().map_or_else(|| error.to_string(), |it| it.to_string()),
    };
    ask(connection, "rollback").await.unwrap();
    answer
}

/// How many rows a statement touches.
fn touches(sql: &str) -> String {
    format!("with touched as ({sql} returning 1) select count(*)::text from touched")
}

async fn check(regime: GrantRegime, cases: &[(&str, String, &str)]) {
    let database = project(regime).await;
    let mut connection = database.connect().await;
    for (who, sql, expected) in cases {
        assert_eq!(request(&mut connection, who, sql).await, *expected, "{who}: {sql}");
    }
}

fn cases() -> Vec<(&'static str, String, &'static str)> {
    let count = |table: &str| format!("select count(*)::text from {table}");
    let new_user = |id: &str, email: &str, more: (&str, &str)| {
        format!(
            "insert into users (id, email, username{}) values ('{id}', '{email}', 'newone'{}) returning role::text",
            more.0, more.1
        )
    };
    let new_post =
        |author: &str| format!("insert into posts (title, author_id) values ('x', '{author}') returning title");
    let new_product = |owner: &str| {
        format!("insert into products (name, price, user_id) values ('x', 1, '{owner}') returning in_stock::text")
    };
    vec![
        // Own data.
        ("anon", count("users"), "42501"),
        ("tom", count("users"), "1"),
        ("mira", count("users"), "1"),
        ("ada", count("users"), "3"),
        ("service_role", count("users"), "3"),
        ("tom", touches("update users set username = 'tommy'"), "1"),
        ("ada", touches("update users set username = username"), "1"),
        ("tom", "update users set role = 'ADMIN'".to_owned(), "42501"),
        ("tom", "update users set team_id = 'studio'".to_owned(), "42501"),
        ("tom", "delete from users".to_owned(), "42501"),
        ("new", new_user(NEW, "new@example.com", ("", "")), "USER"),
        ("new", new_user(NEW, "other@example.com", ("", "")), "42501"),
        ("new", new_user(TOM, "new@example.com", ("", "")), "42501"),
        ("new", new_user(NEW, "new@example.com", (", role", ", 'ADMIN'")), "42501"),
        ("service_role", touches("update users set role = 'USER'"), "3"),
        // Public read, authenticated write; roles on top.
        ("anon", count("posts"), "3"),
        ("new", count("posts"), "3"),
        ("tom", count("posts"), "4"),
        ("mira", count("posts"), "5"),
        ("ada", count("posts"), "5"),
        ("anon", new_post(TOM), "42501"),
        ("tom", new_post(TOM), "x"),
        ("tom", new_post(MIRA), "42501"),
        ("ada", new_post(MIRA), "42501"),
        ("tom", touches("update posts set published = false"), "2"),
        ("mira", touches("update posts set published = false"), "5"),
        ("tom", "update posts set author_id = author_id".to_owned(), "42501"),
        ("tom", touches("delete from posts"), "2"),
        ("mira", touches("delete from posts"), "2"),
        ("ada", touches("delete from posts"), "5"),
        ("service_role", new_post(TOM), "x"),
        // Role-based.
        ("anon", count("categories"), "4"),
        ("tom", "insert into categories (name) values ('x')".to_owned(), "42501"),
        ("ada", "insert into categories (name) values ('x') returning name".to_owned(), "x"),
        ("mira", touches("update categories set name = 'x' where name = 'Prints'"), "0"),
        ("ada", touches("update categories set name = 'x' where name = 'Prints'"), "1"),
        ("tom", touches("delete from categories"), "0"),
        ("ada", touches("delete from categories"), "4"),
        ("service_role", "insert into categories (name) values ('x') returning name".to_owned(), "x"),
        // Products of the owner.
        ("anon", count("products"), "42501"),
        ("tom", count("products"), "3"),
        ("mira", count("products"), "2"),
        ("ada", count("products"), "1"),
        ("tom", new_product(TOM), "true"),
        ("tom", new_product(MIRA), "42501"),
        ("tom", format!("update products set user_id = '{MIRA}'"), "42501"),
        ("tom", touches("update products set price = 1"), "3"),
        ("tom", touches("delete from products"), "3"),
        ("tom", "update products set price = -1".to_owned(), "23514"),
        // No way around.
        ("anon", "truncate posts".to_owned(), "42501"),
        ("tom", "truncate products".to_owned(), "42501"),
        ("tom", "select private.has_role('ADMIN')::text".to_owned(), "42501"),
        ("ada", "select private.has_role('ADMIN')::text".to_owned(), "42501"),
        ("tom", "select nextval('posts_id_seq')::text".to_owned(), "42501"),
        ("anon", "select nextval('categories_id_seq')::text".to_owned(), "42501"),
    ]
}

#[tokio::test]
async fn policies_do_what_they_say_where_supabase_grants_everything() {
    check(GrantRegime::Before, &cases()).await;
}

#[tokio::test]
async fn policies_do_what_they_say_where_supabase_grants_nothing() {
    check(GrantRegime::After, &cases()).await;
}
