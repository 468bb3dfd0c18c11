//! The last line of defence: no known secret leaves in a text.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

use crate::database_url::{DatabaseUrl, Host, parse, strip_scheme};

/// What stands in the place of a secret.
pub const REDACTED: &str = "••••";

/// Passwords with fewer characters, and those in [`COMMON`], also occur as ordinary words. They are replaced only
/// where they evidently are a password: between `:` and `@`.
const SHORT: usize = 4;

/// Passwords of local servers, which nobody has to hide and which our messages are full of.
const COMMON: &[&str] = &["admin", "password", "postgres", "root", "supabase", "test"];

/// The secrets of this process. Filled by reading a [`DatabaseUrl`] and by resolving a [`crate::SecretSource`].
///
/// Global on purpose: a logger, a panic hook and an error printer have no other way to know what a URL on the command
/// line contained.
pub fn secrets() -> &'static Secrets {
    static SECRETS: Secrets = Secrets::new();
    &SECRETS
}

/// Secrets, and how to keep them out of a text. `Debug` shows their number only.
pub struct Secrets(RwLock<BTreeMap<String, Pattern>>);

/// One secret, character by character in all its encodings.
struct Pattern {
    characters: Vec<Vec<String>>,
    replacement: String,
}

impl Secrets {
    /// None yet.
    pub const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    /// Registers `secret`, and each of its lines, for texts that are printed line by line.
    pub fn remember(&self, secret: &SecretString) {
        self.remember_text(secret.expose_secret());
    }

    /// Registers the password of `url`.
    pub fn remember_url(&self, url: &DatabaseUrl) {
        let Some(password) = &url.password else { return };
        let host = match &url.host {
            Host::Tcp(host) => host.as_str(),
            Host::Socket(directory) => directory.as_str(),
        };
        self.add(password.expose_secret(), &[&url.user, &url.database, host]);
        for (name, value) in &url.parameters {
            if name == "sslpassword" {
                self.add(value, &[]);
            }
        }
    }

    /// Registers a text that is secret as a whole; of a text that begins like a database URL only the password, or the
    /// part where one would be if the text cannot be parsed.
    pub fn remember_text(&self, text: &str) {
        match (strip_scheme(text), parse(text)) {
            (None, _) => self.add(text, &[]),
            (Some(_), Ok(url)) => self.remember_url(&url),
            (Some(rest), Err(_)) => {
                let credentials = rest.rsplit_once('@').map(|(credentials, _)| credentials);
                if let Some((user, password)) = credentials.and_then(|it| it.split_once(':')) {
                    self.add(password, &[user]);
                }
            }
        }
    }

    fn add(&self, secret: &str, words: &[&str]) {
        let is_word = words.contains(&secret) || COMMON.contains(&secret);
        let mut patterns = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if is_word || secret.chars().count() < SHORT {
            if !secret.is_empty() {
                let in_url = format!(":{secret}@");
                patterns.entry(in_url).or_insert_with_key(|it| Pattern::new(it, format!(":{REDACTED}@")));
            }
            return;
        }
        let lines = secret.lines().filter(|it| it.chars().count() >= SHORT);
        for part in std::iter::once(secret).chain(lines) {
            patterns.entry(part.to_owned()).or_insert_with_key(|it| Pattern::new(it, REDACTED.to_owned()));
        }
    }

    /// `text` with `••••` in the place of every known secret, be it plain, percent-encoded, or escaped as in JSON,
    /// SQL or Rust's `Debug`.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let patterns = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut redacted = String::new();
        let mut done = 0;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let longest = patterns.values().filter_map(|it| Some((it.matches(rest)?, &it.replacement))).max();
            if let Some((length, replacement)) = longest {
                redacted.push_str(&text[done..at]);
                redacted.push_str(replacement);
                at += length;
                done = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        redacted.push_str(&text[done..]);
        Cow::Owned(redacted)
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.read().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "Secrets({count})")
    }
}

impl Pattern {
    fn new(secret: &str, replacement: String) -> Self {
        Self { characters: secret.chars().map(encodings).collect(), replacement }
    }

    /// The length of this secret at the beginning of `text`, in the encoding that takes most.
    fn matches(&self, text: &str) -> Option<usize> {
        // Most positions begin no secret; they should cost next to nothing.
        if !self.characters.first()?.iter().any(|it| text.starts_with(it.as_str())) {
            return None;
        }
        // All ends that the characters so far can have: `\` may be written `\` or `\\`, so there can be several.
        let mut ends = BTreeSet::from([0]);
        for encodings in &self.characters {
            let next = ends.iter().flat_map(|end| {
                encodings.iter().filter(|it| text[*end..].starts_with(it.as_str())).map(move |it| end + it.len())
            });
            ends = next.collect();
            if ends.is_empty() {
                return None;
            }
        }
        ends.last().copied().filter(|it| *it > 0)
    }
}

/// All ways in which URLs, JSON, SQL, shells and `Debug` write `character`.
fn encodings(character: char) -> Vec<String> {
    let mut bytes = [0; 4];
    let bytes = character.encode_utf8(&mut bytes).as_bytes();
    let mut all =
        vec![character.to_string(), each(bytes, |it| format!("%{it:02X}")), each(bytes, |it| format!("%{it:02x}"))];
    if character == ' ' {
        all.push("+".to_owned());
    }
    if !character.is_ascii_alphanumeric() {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        all.push(each(units, |it| format!("\\u{it:04x}")));
        all.push(each(units, |it| format!("\\u{it:04X}")));
        all.extend([character.escape_unicode().to_string(), character.escape_debug().to_string()]);
        all.push(each(bytes, |it| format!("\\x{it:02x}")));
        if character.is_ascii_punctuation() {
            all.push(format!("\\{character}"));
        }
        if character == '\'' || character == '"' {
            all.push(format!("{character}{character}"));
        }
        match character {
            '\u{8}' => all.push("\\b".to_owned()),
            '\u{c}' => all.push("\\f".to_owned()),
            _ => {}
        }
    }
    all.sort();
    all.dedup();
    all
}

fn each<T: Copy>(units: &[T], write: impl Fn(T) -> String) -> String {
    units.iter().map(|it| write(*it)).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn knowing(passwords: &[&str]) -> Secrets {
        let secrets = Secrets::new();
        for password in passwords {
            secrets.add(password, &["app"]);
        }
        secrets
    }

    #[test]
    fn every_form_of_a_secret_goes() {
        let secrets = knowing(&["p\"ä's\\\n%", "123456", "12345678"]);
        for (text, expected) in [
            ("nothing here", "nothing here"),
            ("a p\"ä's\\\n% b", "a •••• b"),
            ("postgres://u:p%22%C3%A4%27s%5C%0A%25@h", "postgres://u:••••@h"),
            ("postgres://u:p%22%c3%a4's%5c%0a%25@h", "postgres://u:••••@h"),
            (r#"{"x":"p\"ä's\\\n%"}"#, r#"{"x":"••••"}"#),
            (r#"{"x":"p\"\u00e4's\\\n%"}"#, r#"{"x":"••••"}"#),
            ("'p\"ä''s\\\n%'", "'••••'"),
            (&format!("{:?}", "p\"ä's\\\n%"), "\"••••\""),
            (&"p\"ä's\\\n%".escape_default().to_string(), "••••"),
            ("123456 12345678 1234567", "•••• •••• ••••7"),
            ("123456123456", "••••••••"),
        ] {
            assert_eq!(secrets.redact(text), expected, "{text}");
        }
    }

    #[test]
    fn lines_of_a_secret_go_too() {
        assert_eq!(knowing(&["first\nsecond\nx"]).redact("first | second | x"), "•••• | •••• | x");
    }

    #[test]
    fn short_and_ordinary_words_go_only_where_a_password_stands() {
        let secrets = knowing(&["", "a", "postgres", "app"]);
        let text = "a role postgres of app, postgres://app:a@h postgres://app:app@h postgres://app:postgres@h";
        let expected = "a role postgres of app, postgres://app:••••@h postgres://app:••••@h postgres://app:••••@h";
        assert_eq!(secrets.redact(text), expected);
        assert_eq!(knowing(&[""]).redact("abc"), "abc");
    }

    #[test]
    fn a_url_that_does_not_parse_is_registered_by_its_password() {
        let secrets = Secrets::new();
        secrets.remember_text("postgres://me:pa#ss/w@rd@host/db");
        assert_eq!(secrets.redact("near pa#ss/w@rd, host"), "near ••••, host");
        assert_eq!(format!("{secrets:?}"), "Secrets(1)");
    }

    proptest! {
        #[test]
        fn no_generated_secret_survives(before in ".{0,20}", secret in ".{4,20}", after in ".{0,20}") {
            let secrets = Secrets::new();
            secrets.add(&secret, &[]);
            for form in [secret.clone(), crate::database_url::encode(&secret), format!("{secret:?}")] {
                let redacted = secrets.redact(&format!("{before}\n{form}\n{after}")).into_owned();
                let alone = redacted.split('\n').any(|it| it.trim_matches('"') == REDACTED);
                prop_assert!(alone || !redacted.contains(&form), "{redacted}");
                prop_assert!(!redacted.contains(&secret) || REDACTED.contains(&secret), "{redacted}");
            }
        }
    }
}
