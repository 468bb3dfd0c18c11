//! What the layers say together.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::{
    BackupEngine, BackupSettings, BackupStore, Environment, EnvironmentName, Expect, Gates, GrantRegime, HistoryTable,
    LintSettings, Origin, Project, Retention, S3Access, SecretSource, SslMode, SupabaseSettings,
};

/// What all layers say together, in the form figment hands out.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Merged {
    protected: Option<bool>,
    ssl_mode: Option<SslMode>,
    root_certificate: Option<String>,
    /// Milliseconds, as the other two.
    lock_timeout: u64,
    statement_timeout: u64,
    connect_timeout: u64,
    schemas: Vec<String>,
    schema_source: String,
    roles: Vec<String>,
    history_table: String,
    #[serde(default)]
    gates: MergedGates,
    backup: MergedBackup,
    #[serde(default)]
    expect: MergedExpect,
    supabase: MergedSupabase,
    #[serde(default)]
    lint: LintSettings,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct MergedGates {
    clean_history: Option<bool>,
    applied_in_dev: Option<bool>,
    backup: Option<bool>,
    drift: Option<bool>,
    access: Option<bool>,
    approval: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct MergedBackup {
    store: String,
    s3_endpoint: Option<String>,
    s3_region: Option<String>,
    s3_path_style: Option<bool>,
    #[serde(default)]
    recipients: Vec<String>,
    engine: String,
    jobs: u32,
    compression: u32,
    verify: u32,
    shrunk: u32,
    #[serde(default)]
    on_success: Vec<String>,
    #[serde(default)]
    on_failure: Vec<String>,
    keep_last: u32,
    keep_hourly: u32,
    keep_daily: u32,
    keep_weekly: u32,
    keep_monthly: u32,
    keep_yearly: u32,
    /// Seconds, as the next.
    keep_within: u64,
    minimum_age: u64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct MergedExpect {
    #[serde(default)]
    host: Vec<String>,
    database: Option<String>,
    project_ref: Option<String>,
}

#[derive(Deserialize)]
struct MergedSupabase {
    grants: GrantRegime,
}

impl MergedBackup {
    fn into_settings(self, project: &Project, identity: Option<SecretSource>) -> BackupSettings {
        let store = if self.store.contains("://") {
            BackupStore::Url(self.store)
        } else {
            BackupStore::Directory(project.root.join(self.store))
        };
        BackupSettings {
            store,
            s3: S3Access { endpoint: self.s3_endpoint, region: self.s3_region, path_style: self.s3_path_style },
            recipients: self.recipients,
            identity,
            engine: BackupEngine::parse(&self.engine).unwrap_or(BackupEngine::Fitting),
            jobs: self.jobs,
            compression: self.compression,
            verify: self.verify,
            shrunk: self.shrunk,
            on_success: self.on_success,
            on_failure: self.on_failure,
            keep: Retention {
                last: self.keep_last,
                hourly: self.keep_hourly,
                daily: self.keep_daily,
                weekly: self.keep_weekly,
                monthly: self.keep_monthly,
                yearly: self.keep_yearly,
                within: Duration::from_secs(self.keep_within),
                minimum_age: Duration::from_secs(self.minimum_age),
            },
        }
    }
}

impl Merged {
    pub(super) fn into_environment(
        self,
        project: &Project,
        name: &EnvironmentName,
        sources: &BTreeMap<&'static str, SecretSource>,
        origins: BTreeMap<&'static str, Origin>,
    ) -> Environment {
        let protected = self.protected.unwrap_or_else(|| name.is_protected_by_default());
        let gate = |configured: Option<bool>| configured.unwrap_or(protected);
        let source = |key, default: String| sources.get(key).cloned().unwrap_or(SecretSource::Env { name: default });
        let (schema, table) = self.history_table.split_once('.').unwrap_or(("palisade", &self.history_table));
        Environment {
            name: name.clone(),
            protected,
            url: source("url", name.url_variable()),
            direct_url: source("direct-url", name.direct_url_variable()),
            ssl_mode: self.ssl_mode,
            root_certificate: self.root_certificate.map(|it| project.root.join(it)),
            lock_timeout: Duration::from_millis(self.lock_timeout),
            statement_timeout: Duration::from_millis(self.statement_timeout),
            connect_timeout: Duration::from_millis(self.connect_timeout),
            schemas: self.schemas,
            schema_source: self.schema_source,
            gates: Gates {
                clean_history: gate(self.gates.clean_history),
                applied_in_dev: gate(self.gates.applied_in_dev),
                backup: gate(self.gates.backup),
                drift: gate(self.gates.drift),
                access: gate(self.gates.access),
                approval: gate(self.gates.approval),
            },
            backup: self.backup.into_settings(project, sources.get("backup.identity").cloned()),
            history_table: HistoryTable { schema: schema.to_owned(), name: table.to_owned() },
            roles: self.roles,
            expect: Expect {
                hosts: self.expect.host,
                database: self.expect.database,
                project_ref: self.expect.project_ref,
            },
            supabase: SupabaseSettings { grants: self.supabase.grants },
            lint: self.lint,
            origins,
            warnings: Vec::new(),
            claims: Vec::new(),
        }
    }
}
