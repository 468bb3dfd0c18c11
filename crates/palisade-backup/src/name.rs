//! The names of backups.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use palisade_config::EnvironmentName;
use ulid::Ulid;

/// `<environment>-<ULID>`, as in `prod-01KAXH9ZD4R0V6M3T8QJ5C2NYE`. Names of one environment sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupName {
    environment: EnvironmentName,
    id: Ulid,
}

/// A text that is not the name of a backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the name of a backup, as in `prod-01KAXH9ZD4R0V6M3T8QJ5C2NYE`")]
pub struct BackupNameError {
    text: String,
}

impl BackupName {
    /// A new name.
    pub(crate) fn new(environment: &EnvironmentName, started: Timestamp) -> Self {
        let milliseconds = u64::try_from(started.as_millisecond()).unwrap_or(0);
        Self { environment: environment.clone(), id: Ulid::from_parts(milliseconds, rand::random()) }
    }

    /// The environment that was backed up.
    pub fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// The ULID: when the backup was begun and 80 random bits.
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// When the backup was begun, by the clock of who made it.
    pub fn started(&self) -> Timestamp {
        let milliseconds = i64::try_from(self.id.timestamp_ms()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
    }

    /// The key of one of its objects.
    pub(crate) fn key(&self, file: &str) -> String {
        format!("{self}/{file}")
    }

    /// The key of the manifest. It is written last: a backup without it is not one.
    pub fn manifest_key(&self) -> String {
        self.key("manifest.json")
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.environment, self.id)
    }
}

impl FromStr for BackupName {
    type Err = BackupNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| BackupNameError { text: text.to_owned() })
    }
}

fn read(text: &str) -> Option<BackupName> {
    // The name of an environment may hold hyphens itself.
    let (environment, id) = text.rsplit_once('-')?;
    let read: Ulid = id.parse().ok()?;
    // Crockford's alphabet reads several letters as one: only the way we write it is a name.
    (read.to_string() == id).then_some(BackupName { environment: environment.parse().ok()?, id: read })
}

impl TryFrom<String> for BackupName {
    type Error = BackupNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BackupName> for String {
    fn from(name: BackupName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::BackupName;
    use jiff::Timestamp;

    #[test]
    fn names_are_read_back() {
        let started: Timestamp = "2026-01-12T09:00:00.123Z".parse().unwrap();
        let name = BackupName::new(&"eu-prod".parse().unwrap(), started);
        assert!(name.to_string().starts_with("eu-prod-01KE"), "{name}");
        assert_eq!(name.to_string().parse(), Ok(name.clone()));
        assert_eq!(name.started(), started);
    }

    #[test]
    fn other_files_are_not_backups() {
        for text in [
            "",
            "dump",
            "prod-01KAXH9ZD4R0V6M3T8QJ5C2NY",
            "prod-01kaxh9zd4r0v6m3t8qj5c2nye",
            "prod-01KAXH9ZD4R0V6M3T8QJ5C2NYE/x",
            "Prod-01KAXH9ZD4R0V6M3T8QJ5C2NYE",
            "-01KAXH9ZD4R0V6M3T8QJ5C2NYE",
            "prod-01KAXH9ZD4R0V6M3T8QJ5C2NYO",
        ] {
            assert!(text.parse::<BackupName>().is_err(), "{text}");
        }
    }
}
