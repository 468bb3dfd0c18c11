//! The files of AWS: `~/.aws/credentials` and `~/.aws/config`.
//!
//! Only keys and a region are read. What logs in, takes on roles or starts programs is left to the tools of AWS, which
//! can hand over what they get as variables.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{Credentials, StoreError};

/// Which profile is meant.
pub(super) const VARIABLE: &str = "AWS_PROFILE";

/// What the files say under one name.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) region: Option<String>,
}

impl Profile {
    /// The profile of `AWS_PROFILE`, otherwise `default`. `None` if the files do not know it.
    pub(super) fn read(variables: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, StoreError> {
        let set = |name: &str| variables(name).filter(|it| !it.is_empty());
        let name = set(VARIABLE).unwrap_or_else(|| "default".to_owned());
        let file = |variable: &str, file: &str| -> Option<Utf8PathBuf> {
            set(variable).or_else(|| Some(format!("{}/.aws/{file}", set("HOME")?))).map(Utf8PathBuf::from)
        };
        let section = if name == "default" { name.clone() } else { format!("profile {name}") };
        let places = [
            (file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), name.as_str()),
            (file("AWS_CONFIG_FILE", "config"), section.as_str()),
        ];
        let mut entries = Vec::new();
        for (path, section) in places {
            if let Some(text) = path.map_or(Ok(None), |it| read(&it))? {
                entries.extend(of_section(&text, section));
            }
        }
        // The first file counts: what is only in the second is added.
        let value = |wanted: &str| entries.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.clone());
        let credentials =
            value("aws_access_key_id").zip(value("aws_secret_access_key")).map(|(id, secret)| Credentials {
                access_key_id: id,
                secret_access_key: secret.into(),
                session_token: value("aws_session_token").map(Into::into),
            });
        let region = value("region");
        Ok((!entries.is_empty()).then_some(Self { name, credentials, region }))
    }
}

fn read(path: &Utf8Path) -> Result<Option<String>, StoreError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(StoreError::Io { action: "reading", path: path.to_owned(), source }),
    }
}

/// The lines `key = value` below `[section]`. Indented ones belong to the one above them, and are of no use here.
fn of_section(text: &str, section: &str) -> Vec<(String, String)> {
    let mut is_in = false;
    let mut found = Vec::new();
    for line in text.lines().filter(|it| !it.starts_with([' ', '\t', '#', ';'])) {
        if let Some(name) = line.trim_end().strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            is_in = name.split_whitespace().eq(section.split_whitespace());
        } else if is_in && let Some((key, value)) = line.split_once('=') {
            found.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_the_section_count() {
        let text = "# [a]\n[ab]\nx = 1\n[ profile  a ]\nX=2 = 3\n  y = 4\n; z = 5\nempty\n[b]\nx = 6\n";
        assert_eq!(of_section(text, "profile a"), [("x".to_owned(), "2 = 3".to_owned())]);
        assert_eq!(of_section(text, "a"), []);
    }
}
