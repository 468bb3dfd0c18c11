//! Anything that a catalog can be made from, as people write it.

use std::fmt;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{DatabaseUrl, UrlError};

/// Anything that a catalog can be made from.
#[derive(Debug, Clone)]
pub enum Source {
    /// `env:NAME`: the database of an environment.
    Environment(String),
    /// `url:VARIABLE`: the database whose URL stands in a variable.
    Variable(String),
    /// The URL of a database itself.
    Url(Box<DatabaseUrl>),
    /// `dir:PATH`: SQL files, in any order of dependency.
    Directory(Utf8PathBuf),
    /// `migrations`: what the project's migrations make.
    Migrations,
    /// `schema`: what the project says the schema should be.
    Schema,
    /// `snapshot:FILE`: a catalog that was written down.
    Snapshot(Utf8PathBuf),
    /// `empty`: a new database.
    Empty,
}

/// Why a text is no source. Holds no part of a text that may be a URL with a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceSyntaxError {
    /// It is meant as a URL, and is none.
    #[error("{0}")]
    Url(UrlError),
    /// It begins with a word that is no kind of source.
    #[error("`{text}` is no source")]
    Unknown {
        /// As written.
        text: String,
        /// What may have been meant.
        meant: Option<String>,
    },
    /// It has the form of a URL that is not one of Postgres.
    #[error("this URL does not begin with `postgres://` or `postgresql://`")]
    OtherUrl,
    /// Nothing stands behind the colon.
    #[error("`{kind}:` says not which")]
    Incomplete {
        /// What stands before it.
        kind: &'static str,
    },
}

impl SourceSyntaxError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Url(error) => error.help(),
            Self::Unknown { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Self::Unknown { meant: None, .. } | Self::OtherUrl | Self::Incomplete { .. } => {
                "a source is `env:NAME`, `url:VARIABLE`, a `postgres://` URL, `dir:PATH`, `migrations`, `schema`, \
                 `snapshot:FILE` or `empty`"
                    .to_owned()
            }
        }
    }
}

impl FromStr for Source {
    type Err = SourceSyntaxError;

    fn from_str(text: &str) -> Result<Self, SourceSyntaxError> {
        let text = text.trim();
        if is_url(text) {
            return url(text);
        }
        let filled = |kind, value: &str| {
            if value.is_empty() { Err(SourceSyntaxError::Incomplete { kind }) } else { Ok(value.to_owned()) }
        };
        match text.split_once(':') {
            Some(("url", value)) if is_url(value) => url(value),
            _ if text.contains("://") => Err(SourceSyntaxError::OtherUrl),
            Some(("env", name)) => filled("env", name).map(Self::Environment),
            Some(("url", name)) => filled("url", name).map(Self::Variable),
            Some(("dir", path)) => filled("dir", path).map(|it| Self::Directory(it.into())),
            Some(("snapshot", path)) => filled("snapshot", path).map(|it| Self::Snapshot(it.into())),
            _ => match text {
                "migrations" => Ok(Self::Migrations),
                "schema" => Ok(Self::Schema),
                "empty" => Ok(Self::Empty),
                _ => Err(unknown(text)),
            },
        }
    }
}

fn is_url(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|it| text.starts_with(it))
}

fn url(text: &str) -> Result<Source, SourceSyntaxError> {
    text.parse().map(|it| Source::Url(Box::new(it))).map_err(SourceSyntaxError::Url)
}

fn unknown(text: &str) -> SourceSyntaxError {
    let is_word = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
    let extension = Utf8Path::new(text).extension().unwrap_or_default().to_ascii_lowercase();
    let meant = if extension == "json" {
        Some(format!("snapshot:{text}"))
    } else if text.contains('/') || extension == "sql" {
        Some(format!("dir:{text}"))
    } else if is_word(text) && text.bytes().any(|it| it.is_ascii_uppercase()) {
        Some(format!("url:{text}"))
    } else if is_word(text) {
        Some(format!("env:{text}"))
    } else {
        None
    };
    SourceSyntaxError::Unknown { text: text.to_owned(), meant }
}

/// As people write it; of a URL only what may be shown.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::Variable(name) => write!(f, "url:{name}"),
            Self::Url(url) => write!(f, "{}", url.identity()),
            Self::Directory(path) => write!(f, "dir:{path}"),
            Self::Migrations => f.write_str("migrations"),
            Self::Schema => f.write_str("schema"),
            Self::Snapshot(path) => write!(f, "snapshot:{path}"),
            Self::Empty => f.write_str("empty"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, SourceSyntaxError};

    fn shown(text: &str) -> String {
        match text.parse::<Source>() {
            Ok(source) => source.to_string(),
            Err(error) => format!("{error}; {}", error.help()),
        }
    }

    #[test]
    fn every_form_is_read() {
        for text in
            ["env:prod", "url:OLD_DATABASE_URL", "dir:schema/", "migrations", "schema", "snapshot:a.json", "empty"]
        {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("postgres://u:secret@h/d"), "h:5432/d");
        assert_eq!(shown("url:postgresql://u:secret@h:6/d"), "h:6/d");
        assert_eq!(shown("dir:C:/x"), "dir:C:/x");
    }

    #[test]
    fn what_is_no_source_is_told_what_one_is() {
        assert_eq!(shown("prod"), "`prod` is no source; did you mean `env:prod`?");
        assert_eq!(shown("OLD_URL"), "`OLD_URL` is no source; did you mean `url:OLD_URL`?");
        assert_eq!(shown("./schema"), "`./schema` is no source; did you mean `dir:./schema`?");
        assert!(shown("env:").starts_with("`env:` says not which; a source is"));
    }

    #[test]
    fn no_password_is_repeated() {
        let error = "postgress://u:secret@h/d".parse::<Source>().unwrap_err();
        assert_eq!(error, SourceSyntaxError::OtherUrl);
        let source: Source = "postgres://u:secret@h/d".parse().unwrap();
        assert!(!format!("{source:?} {source}").contains("secret"));
    }
}
