//! Keys of [age](https://age-encryption.org/v1): recipients encrypt, identities decrypt.

use std::fmt;

use age::x25519::{Identity, Recipient};
use secrecy::{ExposeSecret, SecretString};

/// Whose identities will read a backup.
#[derive(Clone, Default)]
pub struct Recipients {
    all: Vec<Recipient>,
}

/// Keys that read backups.
#[derive(Clone, Default)]
pub struct Identities {
    all: Vec<Identity>,
}

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a recipient.
    #[error("`{text}` is not an age recipient")]
    Recipient {
        /// What was given.
        text: String,
    },
    /// Not a file of identities. What it is instead is not said: it may be a secret all the same.
    #[error("line {line} of the identity is not one")]
    Identity {
        /// Which line.
        line: usize,
    },
    /// There is none in it.
    #[error("the identity holds no key")]
    NoIdentity,
}

impl KeyError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Recipient { .. } => {
                "a recipient begins with `age1`: `age-keygen -y key.txt` shows that of an identity".to_owned()
            }
            Self::Identity { .. } | Self::NoIdentity => {
                "an identity is what `age-keygen` writes: a line that begins with `AGE-SECRET-KEY`".to_owned()
            }
        }
    }
}

impl Recipients {
    /// Reads `age1…` texts.
    ///
    /// # Errors
    ///
    /// [`KeyError::Recipient`].
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, KeyError> {
        let read = |it: &str| it.trim().parse().map_err(|_| KeyError::Recipient { text: it.to_owned() });
        Ok(Self { all: texts.into_iter().map(read).collect::<Result<_, _>>()? })
    }

    /// Whether nothing is encrypted.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// As `age1…`.
    pub fn texts(&self) -> Vec<String> {
        self.all.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.all.iter().map(|it| it as &dyn age::Recipient)
    }
}

impl Identities {
    /// Reads what `age-keygen` writes: one key a line, comments behind `#`.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which says nothing of what was given.
    pub fn new(text: &SecretString) -> Result<Self, KeyError> {
        let lines = text.expose_secret().lines().map(str::trim).enumerate();
        let keys = lines.filter(|(_, it)| !it.is_empty() && !it.starts_with('#'));
        let read = |(line, it): (usize, &str)| it.parse().map_err(|_| KeyError::Identity { line: line + 1 });
        let all = keys.map(read).collect::<Result<Vec<Identity>, _>>()?;
        if all.is_empty() { Err(KeyError::NoIdentity) } else { Ok(Self { all }) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether one of them reads what is encrypted for one of these.
    pub fn fit(&self, recipients: &[String]) -> bool {
        self.all.iter().any(|it| recipients.contains(&it.to_public().to_string()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.all.iter().map(|it| it as &dyn age::Identity)
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.texts()).finish()
    }
}

/// Never the keys.
impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} identities", self.all.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Identities, KeyError, Recipients};

    #[test]
    fn keys_are_read_and_never_shown() {
        let identity = age::x25519::Identity::generate();
        let public = identity.to_public().to_string();
        let secret = secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        let identities = Identities::new(&format!("# created: today\n\n{secret}\n").into()).unwrap();
        assert_eq!(format!("{identities:?}"), "1 identities");
        assert!(identities.fit(std::slice::from_ref(&public)) && !identities.fit(&[]));
        assert_eq!(Recipients::new([public.as_str()]).unwrap().texts(), [public]);

        let wrong = Identities::new(&format!("{secret}\npassword").into()).unwrap_err();
        assert_eq!(wrong, KeyError::Identity { line: 2 });
        assert_eq!(Identities::new(&"# nothing".into()).unwrap_err(), KeyError::NoIdentity);
        assert!(Recipients::new(["age1"]).is_err());
    }
}
