//! The names of backups.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use palisade_config::EnvironmentName;

/// Letters and digits of an id: no `0`, `1`, `l`, `o`, which look alike.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many of them an id has: enough to tell the backups of one second apart, and to type.
const ID_LENGTH: usize = 6;
/// As in `20260112T090000Z`.
const TIME_LENGTH: usize = 16;

/// `<environment>-<utc>-<id>`, as in `prod-20260112T090000Z-k7m2xq`. Names of one environment sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupName {
    environment: EnvironmentName,
    time: String,
    id: String,
}

/// A text that is not the name of a backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the name of a backup, as in `prod-20260112T090000Z-k7m2xq`")]
pub struct BackupNameError {
    text: String,
}

impl BackupName {
    /// A new name, with a random id.
    pub(crate) fn new(environment: &EnvironmentName, started: Timestamp) -> Self {
        let letter = |_| char::from(ALPHABET[rand::random_range(..ALPHABET.len())]);
        Self {
            environment: environment.clone(),
            time: started.strftime("%Y%m%dT%H%M%SZ").to_string(),
            id: (0..ID_LENGTH).map(letter).collect(),
        }
    }

    /// The environment that was backed up.
    pub fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// When the backup was begun, as in `20260112T090000Z`.
    pub fn time(&self) -> &str {
        &self.time
    }

    /// The short id, enough to name the backup where no other has the same.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The file of the dump.
    pub fn dump_file(&self) -> String {
        format!("{self}.dump")
    }

    /// The file of the manifest. It is written last: a backup without it is not one.
    pub fn manifest_file(&self) -> String {
        format!("{self}.json")
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.environment, self.time, self.id)
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
    let mut parts = text.rsplitn(3, '-');
    let (id, time, environment) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = |(index, it): (usize, u8)| match index {
        8 => it == b'T',
        15 => it == b'Z',
        _ => it.is_ascii_digit(),
    };
    let is_time = time.len() == TIME_LENGTH && time.bytes().enumerate().all(fits);
    let is_id = id.len() == ID_LENGTH && id.bytes().all(|it| ALPHABET.contains(&it));
    (is_time && is_id).then_some(())?;
    Some(BackupName { environment: environment.parse().ok()?, time: time.to_owned(), id: id.to_owned() })
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

    #[test]
    fn names_are_read_back() {
        let started = "2026-01-12T09:00:00Z".parse().unwrap();
        let name = BackupName::new(&"eu-prod".parse().unwrap(), started);
        assert!(name.to_string().starts_with("eu-prod-20260112T090000Z-"));
        assert_eq!(name.to_string().parse(), Ok(name));
    }

    #[test]
    fn other_files_are_not_backups() {
        for text in [
            "",
            "dump",
            "prod-20260112T090000Z",
            "prod-20260112-abcdef",
            "prod-20260112T090000Z-abc/ef",
            "Prod-20260112T090000Z-abcdef",
            "-20260112T090000Z-abcdef",
            "prod-20260112T090000Z-abcdef.dump",
        ] {
            assert!(text.parse::<BackupName>().is_err(), "{text}");
        }
    }
}
