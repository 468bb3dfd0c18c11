//! A connection and what is known about its server.

use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

use palisade_config::Environment;
use palisade_plan::{Target, TargetIdentity};
use palisade_sql::Literal;
use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::connect::{ConnectSettings, connect};
use crate::connect_error::ConnectError;
use crate::error::DbError;
use crate::execute::collect;
use crate::pooler::{self, Pooling};

/// The version of a server, as [`server_version_num`](https://www.postgresql.org/docs/current/runtime-config-preset.html)
/// counts: 150018 is 15.18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion {
    /// The number.
    pub num: u32,
}

impl ServerVersion {
    /// 15 of 15.18.
    pub fn major(self) -> u32 {
        self.num / 10_000
    }

    /// 18 of 15.18.
    pub fn minor(self) -> u32 {
        self.num % 10_000
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major(), self.minor())
    }
}

/// What the server said about itself and about us when the session was set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent answer of the server")]
pub struct Facts {
    /// The server's version.
    pub version: ServerVersion,
    /// The process that serves us; another one after each transaction behind a transaction-mode pooler.
    pub backend_pid: i32,
    /// The database's name and object id, and the cluster's system identifier where we may ask for it.
    pub identity: TargetIdentity,
    /// The role we are.
    pub user: String,
    /// Whether that role is a superuser.
    pub superuser: bool,
    /// Whether row security does not apply to that role.
    pub bypasses_row_security: bool,
    /// Whether the role may create schemas in this database.
    pub may_create_schemas: bool,
    /// Whether the server only reads: a standby, or `default_transaction_read_only`.
    pub read_only: bool,
    /// The server's clock when it answered.
    pub clock: SystemTime,
    /// When the server was started, in microseconds since 1970: no two servers have this in common.
    pub started: u64,
    /// The protected environments whose database this is, as [`protect`](crate::protect) wrote it down; `?` if somebody did and
    /// this role may not read it.
    pub protected_by: Vec<String>,
}

impl Facts {
    /// The database as the target of an environment.
    pub fn target(&self, environment: &Environment) -> Target {
        Target {
            environment: environment.name.to_string(),
            protected: environment.protected,
            identity: self.identity.clone(),
            protected_by: self.protected_by.clone(),
        }
    }

    /// Whether two connections that are open at the same moment lead to the same database of the same server.
    pub fn is_same_database(&self, other: &Self) -> bool {
        let database = |it: &Self| (it.identity.database.clone(), it.identity.database_oid, it.started);
        // One of the roles may not be allowed to ask for the cluster's identifier.
        let systems = self.identity.system.as_ref().zip(other.identity.system.as_ref());
        database(self) == database(other) && systems.is_none_or(|(one, other)| one == other)
    }
}

/// An open connection.
pub struct Connection {
    raw: PgConnection,
    settings: ConnectSettings,
    facts: Facts,
    pooling: Option<Pooling>,
}

/// Never shows the connection's options: they hold the password.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("url", &self.settings.url)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(raw: PgConnection, settings: ConnectSettings, set_up: SetUp) -> Self {
        let SetUp { facts, marker_came_back } = set_up;
        // The marker came back: this server process was started for this connection, nobody lies between.
        let pooling = marker_came_back.then_some(Pooling::None);
        Self { raw, settings, facts, pooling }
    }

    /// The driver's connection, for queries.
    pub fn raw(&mut self) -> &mut PgConnection {
        &mut self.raw
    }

    /// What the server said about itself.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The server's version.
    pub fn server_version(&self) -> ServerVersion {
        self.facts.version
    }

    /// How it was opened.
    pub fn settings(&self) -> &ConnectSettings {
        &self.settings
    }

    /// What lies between us and the server. Asks at most once; needs a second connection for a moment if the server's
    /// process was not started for us.
    ///
    /// # Errors
    ///
    /// [`DbError`] if the question could not be put.
    pub async fn pooling(&mut self) -> Result<Pooling, DbError> {
        if let Some(known) = self.pooling {
            return Ok(known);
        }
        let found = pooler::ask(&mut self.raw, &self.settings).await?;
        self.pooling = Some(found);
        Ok(found)
    }

    /// SQL that puts every session setting back to what [`connect()`] made it: whatever a migration `SET`, `search_path`
    /// and role included, is gone. The advisory lock stays, unlike with `DISCARD ALL`.
    pub fn reset_sql(&self) -> String {
        let mut sql = "reset session authorization; reset role; reset all;\n".to_owned();
        sql.push_str(&settings_sql(&self.settings));
        sql
    }

    /// Opens another connection with the same settings, for example after this one broke.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], as [`connect()`].
    pub async fn connect_again(&self) -> Result<Self, ConnectError> {
        connect(&self.settings).await
    }

    /// Says good-bye to the server. Dropping the connection ends it as well, a moment later.
    pub async fn close(self) {
        // The server ends the session either way.
        let _ = sqlx::Connection::close(self.raw).await;
    }
}

/// What [`set_up`] learnt.
pub(crate) struct SetUp {
    pub(crate) facts: Facts,
    pub(crate) marker_came_back: bool,
}

/// Sets the session up and reads the facts, all in one message.
pub(crate) async fn set_up(
    raw: &mut PgConnection,
    settings: &ConnectSettings,
    marker: &str,
) -> Result<SetUp, sqlx::Error> {
    let batch = collect(raw, &format!("{}{}", settings_sql(settings), include_str!("connection/facts.sql"))).await;
    let rows = match batch {
        Ok(rows) => rows,
        // Some providers keep `pg_control_system` to themselves; then the identity is less certain, not wrong.
        Err(error) if is_insufficient_privilege(&error) => {
            let without = include_str!("connection/facts.sql")
                .replace("(pg_catalog.pg_control_system()).system_identifier", "null");
            collect(raw, &format!("{}{without}", settings_sql(settings))).await?
        }
        Err(error) => return Err(error),
    };
    let row = rows.last().ok_or_else(|| sqlx::Error::Protocol("the server did not answer".to_owned()))?;
    let number = |name: &str| -> Result<u64, sqlx::Error> {
        let text: String = row.try_get(name)?;
        text.parse().map_err(|_| sqlx::Error::Protocol(format!("`{name}` is not a number")))
    };
    let marker_came_back = row.try_get::<Option<String>, _>("marker")?.as_deref() == Some(marker);
    let protected_by: String = row.try_get::<Option<String>, _>("protected_by")?.unwrap_or_default();
    let facts = Facts {
        version: ServerVersion { num: u32::try_from(number("version")?).unwrap_or(u32::MAX) },
        backend_pid: i32::try_from(number("pid")?).unwrap_or(i32::MAX),
        identity: TargetIdentity {
            system: row.try_get("system")?,
            database: row.try_get("database")?,
            database_oid: u32::try_from(number("database_oid")?).unwrap_or(u32::MAX),
        },
        user: row.try_get("user")?,
        superuser: row.try_get("superuser")?,
        bypasses_row_security: row.try_get("bypasses_row_security")?,
        may_create_schemas: row.try_get("may_create_schemas")?,
        read_only: row.try_get("read_only")?,
        clock: SystemTime::UNIX_EPOCH + Duration::from_micros(number("clock")?),
        started: number("started")?,
        protected_by: protected_by.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect(),
    };
    Ok(SetUp { facts, marker_came_back })
}

fn is_insufficient_privilege(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|it| it == "42501")
}

fn settings_sql(settings: &ConnectSettings) -> String {
    let mut sql = String::new();
    for (name, value) in [("lock_timeout", settings.lock_timeout), ("statement_timeout", settings.statement_timeout)] {
        // Writing to a string cannot fail.
        let _ = writeln!(sql, "set {name} = {};", value.as_millis());
    }
    // Servers on some systems cannot watch a socket and refuse the setting; a session without it only ends later.
    sql.push_str(
        "do $$ begin perform pg_catalog.set_config('client_connection_check_interval', '2s', false); \
         exception when others then null; end $$;\n",
    );
    // A network that swallows packets must not leave a session of ours, and its lock, behind: between two statements only
    // the kernel can notice. Sockets take no notice of these.
    sql.push_str("set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;\n");
    // No transaction of ours waits for a person.
    sql.push_str("set idle_in_transaction_session_timeout = '5min';\n");
    if let Ok(name) = Literal::new(settings.application_name.as_str()) {
        let _ = writeln!(sql, "set application_name = {name};");
    }
    sql
}
