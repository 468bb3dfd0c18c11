//! Roles, which are read when somebody asks for them.

use palisade_catalog::{Definition, ObjectKind};
use palisade_db::introspect;
use palisade_tests::{Server, ServerFiles, query};

use super::schema::everything;

#[tokio::test]
async fn roles_are_read_on_request_without_passwords() {
    // Roles belong to the whole server, which must be this test's own.
    let server = Server::start(&ServerFiles::default()).await;
    let settings = palisade_db::ConnectSettings::new(server.socket_url().clone());
    let mut connection = palisade_db::connect(&settings).await.unwrap();
    query(&mut connection, "create role plain; create role \"Log; in\" login createdb noinherit connection limit 3 password 'hidden' valid until '2040-01-01 00:00+00'").await;
    query(
        &mut connection,
        "alter role plain set search_path = 'a b', public; alter role plain set statement_timeout = '5s'",
    )
    .await;
    query(
        &mut connection,
        "grant plain to \"Log; in\" with admin option; grant pg_monitor to plain; comment on role plain is 'plain'",
    )
    .await;
    assert!(everything(&mut connection).await.objects.keys().all(|it| it.kind != ObjectKind::Role));
    let found = introspect::with_roles(&mut connection).await.unwrap();
    let mut lines = Vec::new();
    for (key, object) in &found.objects {
        if let (ObjectKind::Role | ObjectKind::Membership, Definition::Opaque(it)) = (key.kind, &object.definition) {
            lines.push(format!("{key}: {} {:?} {:?}", it.create, it.then, object.comment));
        }
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    role "Log; in": CREATE ROLE "Log; in" NOINHERIT CREATEDB LOGIN CONNECTION LIMIT 3 VALID UNTIL '2040-01-01 00:00:00+00' [] None
    role plain: CREATE ROLE plain ["ALTER ROLE plain SET search_path TO \"a b\", public", "ALTER ROLE plain SET statement_timeout TO '5s'"] Some("plain")
    membership plain of pg_monitor: GRANT pg_monitor TO plain [] None
    membership "Log; in" of plain: GRANT plain TO "Log; in" WITH ADMIN OPTION [] None
    "#);
}
