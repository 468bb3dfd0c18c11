//! A server with the roles of all cases, and a database for each.

use super::fixture::Claim;
use palisade_db::{ConnectSettings, Connection, batch, connect};
use palisade_policy::{Access, Finding, Oid, RelationKind, lint};
use palisade_rls::read_facts;
use palisade_tests::{Server, ServerFiles};
use std::collections::BTreeSet;

/// The roles of the API.
const API: [&str; 3] = ["anon", "authenticated", "service_role"];

/// Schemas that users do not write.
const OF_OTHERS: [&str; 2] = ["auth", "storage"];

/// Roles, `auth`, and a small `storage`.
const WORLD: &str = include_str!("world.sql");

pub(super) struct World {
    server: Server,
}

/// The database of one case.
pub(super) struct Database {
    name: String,
    connection: Connection,
    admin: Connection,
}

impl World {
    pub(super) async fn new() -> Self {
        let world = Self { server: Server::start(&ServerFiles::default()).await };
        let mut admin = world.open("postgres").await;
        run(&mut admin, "create database world").await.unwrap();
        let mut connection = world.open("world").await;
        run(&mut connection, WORLD).await.unwrap();
        connection.close().await;
        world
    }

    pub(super) async fn database(&self, number: usize) -> Database {
        let name = format!("case_{number}");
        let mut admin = self.open("postgres").await;
        run(&mut admin, &format!("create database {name} template world")).await.unwrap();
        Database { connection: self.open(&name).await, name, admin }
    }

    async fn open(&self, database: &str) -> Connection {
        connect(&ConnectSettings::new(self.server.socket_url().with_database(database))).await.unwrap()
    }
}

impl Database {
    pub(super) async fn close(mut self) {
        self.connection.close().await;
        run(&mut self.admin, &format!("drop database {} with (force)", self.name)).await.unwrap();
        self.admin.close().await;
    }

    /// Runs SQL, each statement by itself unless it says otherwise.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), String> {
        for statement in palisade_sql::split(sql).unwrap() {
            if let Err(error) = run(&mut self.connection, statement.text).await {
                let _ends_what_failed = run(&mut self.connection, "rollback").await;
                return Err(error);
            }
        }
        Ok(())
    }

    /// What a statement answers: its first value, how many rows it wrote, or its SQLSTATE.
    pub(super) async fn answer(&mut self, claim: &Claim) -> String {
        let claims = if claim.role == "anon" {
            r#"{"role":"anon"}"#.to_owned()
        } else {
            format!(r#"{{"sub":"00000000-0000-0000-0000-00000000000a","role":"{}"}}"#, claim.role)
        };
        let sql = format!(
            "begin; set local role \"{}\"; set local request.jwt.claims = '{claims}'; {}",
            claim.role, claim.sql
        );
        let answer = match batch(&mut self.connection, &sql).await {
            Ok(done) => match done.rows.last() {
                Some(row) => palisade_db::Row::get_unchecked::<Option<String>, _>(row, 0).unwrap_or_default(),
                None => "nothing".to_owned(),
            },
            Err(failed) => failed.error.sqlstate().map_or_else(|| failed.error.to_string(), |it| it.to_string()),
        };
        run(&mut self.connection, "rollback").await.unwrap();
        answer
    }

    pub(super) async fn findings(&mut self) -> Vec<Finding> {
        let facts = read_facts(&mut self.connection).await.unwrap();
        let of_users = |schema: &str| !OF_OTHERS.contains(&schema);
        let relations = facts.relations.values();
        let relations: Vec<Oid> = relations
            .filter(|it| of_users(&it.schema_name) || !facts.policies_of(it.oid).is_empty())
            .filter(|it| it.kind != RelationKind::Foreign)
            .map(|it| it.oid)
            .collect();
        let schemas: BTreeSet<String> =
            facts.schemas.values().map(|it| it.name.clone()).filter(|it| of_users(it)).collect();
        let api: Vec<Oid> = API.iter().filter_map(|it| facts.role_named(it)).collect();
        lint(&Access::new(&facts), &relations, &api, &schemas)
    }
}

async fn run(connection: &mut Connection, sql: &str) -> Result<(), String> {
    match batch(connection, sql).await {
        Ok(_) => Ok(()),
        Err(failed) => Err(format!("{}: {sql}", failed.error)),
    }
}
