//! An environment as a list, for `env show` and `doctor`.

use super::{BackupSettings, Environment, Gates, LintSettings, Retention, S3Access};
use crate::redact::REDACTED;
use crate::{Expect, Origin, SecretSource, Variables};

/// One setting of an environment, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingLine {
    /// `lock-timeout`, `gates.backup`.
    pub key: &'static str,
    /// The value; of a secret only where it is, `•••• (env PROD_DATABASE_URL)`.
    pub value: String,
    /// Which layer set it.
    pub origin: Origin,
}

impl Environment {
    /// All settings with their values and origins. Reads no secret.
    pub fn settings(&self, variables: &Variables) -> Vec<SettingLine> {
        let Self {
            name: _,
            protected,
            url,
            direct_url,
            ssl_mode,
            root_certificate,
            lock_timeout,
            statement_timeout,
            connect_timeout,
            schemas,
            schema_source,
            gates: Gates { clean_history, applied_in_dev, backup, drift, access, approval },
            backup: backup_settings,
            history_table,
            roles,
            expect: Expect { hosts, database, project_ref },
            supabase,
            lint: LintSettings { levels, allow },
            origins,
            warnings: _,
            claims: _,
        } = self;
        let optional = |value: Option<String>, otherwise: &str| value.unwrap_or_else(|| otherwise.to_owned());
        let time = |value: &std::time::Duration| humantime::format_duration(*value).to_string();
        let statement_time = if statement_timeout.is_zero() { "no limit".to_owned() } else { time(statement_timeout) };
        let list = |texts: &mut dyn Iterator<Item = String>| {
            let texts: Vec<String> = texts.collect();
            if texts.is_empty() { "none".to_owned() } else { texts.join("; ") }
        };
        let lines = vec![
            ("protected", protected.to_string()),
            ("url", show_secret(url, variables)),
            ("direct-url", show_secret(direct_url, variables)),
            ("ssl-mode", optional(ssl_mode.map(|it| it.to_string()), "verify-full if remote, prefer if local")),
            (
                "root-certificate",
                optional(root_certificate.as_ref().map(ToString::to_string), "only those of the system"),
            ),
            ("lock-timeout", time(lock_timeout)),
            ("statement-timeout", statement_time),
            ("connect-timeout", time(connect_timeout)),
            ("schemas", schemas.join(", ")),
            ("schema-source", schema_source.clone()),
            ("roles", roles.join(", ")),
            ("history-table", history_table.to_string()),
            ("gates.clean-history", clean_history.to_string()),
            ("gates.applied-in-dev", applied_in_dev.to_string()),
            ("gates.backup", backup.to_string()),
            ("gates.drift", drift.to_string()),
            ("gates.access", access.to_string()),
            ("gates.approval", approval.to_string()),
            ("expect.host", if hosts.is_empty() { "any".to_owned() } else { hosts.join(", ") }),
            ("expect.database", optional(database.clone(), "any")),
            ("expect.project-ref", optional(project_ref.clone(), "any")),
            ("lint.levels", list(&mut levels.iter().map(|(id, level)| format!("{id} = {level}")))),
            ("lint.allow", list(&mut allow.iter().map(|it| format!("{} on {}: {}", it.id, it.object, it.reason)))),
            ("supabase.grants", supabase.grants.as_str().to_owned()),
        ];
        let backups = backup_lines(backup_settings, variables);
        let place = lines.iter().position(|it| it.0 == "expect.host").unwrap_or(lines.len());
        let (first, rest) = lines.split_at(place);
        let lines = first.iter().cloned().chain(backups).chain(rest.iter().cloned());
        let origin = |key| origins.get(key).cloned().unwrap_or(Origin::BuiltIn);
        lines.map(|(key, value)| SettingLine { key, value, origin: origin(key) }).collect()
    }
}

fn show_secret(source: &SecretSource, variables: &Variables) -> String {
    let shown = if source.is_set(variables) { REDACTED } else { "not set" };
    format!("{shown} ({})", place(source, variables))
}

/// `env PROD_DATABASE_URL, .env:3`: where a secret is, precisely.
pub(crate) fn place(source: &SecretSource, variables: &Variables) -> String {
    let file = match source {
        SecretSource::Env { name } => variables.origin(name),
        SecretSource::File { .. } | SecretSource::Command { .. } => None,
    };
    match file {
        Some(Origin::DotEnv { path, line, .. }) => format!("{source}, {path}:{line}"),
        _ => source.to_string(),
    }
}

fn backup_lines(settings: &BackupSettings, variables: &Variables) -> Vec<(&'static str, String)> {
    let BackupSettings {
        store,
        s3: S3Access { endpoint, region, path_style },
        recipients,
        identity,
        engine,
        jobs,
        compression,
        verify,
        shrunk,
        on_success,
        on_failure,
        keep: Retention { last, hourly, daily, weekly, monthly, yearly, within, minimum_age },
    } = settings;
    let optional = |value: Option<String>, otherwise: &str| value.unwrap_or_else(|| otherwise.to_owned());
    let list = |texts: &[String]| if texts.is_empty() { "none".to_owned() } else { texts.join(" ") };
    let time = |it: &std::time::Duration| {
        if it.is_zero() { "0".to_owned() } else { humantime::format_duration(*it).to_string() }
    };
    vec![
        ("backup.store", store.to_string()),
        ("backup.s3-endpoint", optional(endpoint.clone(), "that of AWS, or as its variables say")),
        ("backup.s3-region", optional(region.clone(), "as the variables of AWS say")),
        ("backup.s3-path-style", optional(path_style.map(|it| it.to_string()), "as fits the endpoint")),
        ("backup.recipients", list(recipients)),
        ("backup.identity", optional(identity.as_ref().map(|it| show_secret(it, variables)), "none")),
        ("backup.engine", engine.as_str().to_owned()),
        ("backup.jobs", jobs.to_string()),
        ("backup.compression", compression.to_string()),
        ("backup.verify", verify.to_string()),
        ("backup.shrunk", shrunk.to_string()),
        ("backup.on-success", list(on_success)),
        ("backup.on-failure", list(on_failure)),
        ("backup.keep-last", last.to_string()),
        ("backup.keep-hourly", hourly.to_string()),
        ("backup.keep-daily", daily.to_string()),
        ("backup.keep-weekly", weekly.to_string()),
        ("backup.keep-monthly", monthly.to_string()),
        ("backup.keep-yearly", yearly.to_string()),
        ("backup.keep-within", time(within)),
        ("backup.minimum-age", time(minimum_age)),
    ]
}
