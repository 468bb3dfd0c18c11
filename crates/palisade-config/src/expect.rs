//! Pinning an environment to one database.

use crate::DatabaseIdentity;
use crate::database_url::normal_host;

/// What the database of an environment must be: the last guard against a URL pasted into the wrong variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// Its host must be one of these; empty for any. Several, because a pooler has another name than its server.
    pub hosts: Vec<String>,
    /// The name it must have.
    pub database: Option<String>,
    /// The Supabase project it must belong to.
    pub project_ref: Option<String>,
}

/// A database is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {key} `{expected}`, found {found}")]
pub struct ExpectError {
    /// `host`, `database` or `project-ref`.
    pub key: &'static str,
    /// What the configuration says.
    pub expected: String,
    /// What the URL leads to: a [`DatabaseIdentity`] as text, or the embedded server.
    pub found: String,
}

impl ExpectError {
    /// What to do next.
    pub fn help(&self) -> String {
        "check which database the URL belongs to; if the environment has really moved, change `[expect]` in its file in \
         a reviewed commit"
            .to_owned()
    }
}

impl Expect {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        let Self { hosts, database, project_ref } = self;
        hosts.is_empty() && database.is_none() && project_ref.is_none()
    }

    /// Checks that `identity` is what is expected.
    ///
    /// # Errors
    ///
    /// [`ExpectError`] names the first thing that differs.
    pub fn check(&self, identity: &DatabaseIdentity) -> Result<(), ExpectError> {
        let Self { hosts, database, project_ref } = self;
        let error = |key, expected: &str| {
            // A project has several hosts, so its identity does not show the one at hand.
            let host = if identity.project_ref.is_some() { format!(" ({})", identity.host) } else { String::new() };
            Err(ExpectError { key, expected: expected.to_owned(), found: format!("`{identity}`{host}") })
        };
        if let Some(expected) = project_ref
            && identity.project_ref.as_ref() != Some(expected)
        {
            return error("project-ref", expected);
        }
        if !hosts.is_empty() && !hosts.iter().any(|it| normal_host(it) == identity.host) {
            return error("host", &hosts.join("` or `"));
        }
        if let Some(expected) = database
            && identity.database != *expected
        {
            return error("database", expected);
        }
        Ok(())
    }

    /// The embedded server is nothing that anyone can expect.
    pub(crate) fn check_embedded(&self) -> Result<(), ExpectError> {
        let first = [
            ("project-ref", self.project_ref.as_ref()),
            ("host", self.hosts.first()),
            ("database", self.database.as_ref()),
        ];
        match first.into_iter().find_map(|(key, expected)| Some((key, expected?))) {
            None => Ok(()),
            Some((key, expected)) => {
                Err(ExpectError { key, expected: expected.clone(), found: "the embedded server".to_owned() })
            }
        }
    }
}
