//! What is known of a set of rows.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

/// Rows of COPY text: how many, how long, and which.
///
/// Those of parts of a table can be added; in which order does not matter, nor how the table was split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rows {
    /// How many.
    pub rows: u64,
    /// How many bytes they take, with their line feeds.
    pub bytes: u64,
    /// Which they are.
    pub digest: Digest,
}

/// The sum of the XXH3-128 of all rows, each without its line feed, modulo 2^128.
///
/// It notices rows that were lost, doubled or changed by accident. It is no protection from somebody who chooses rows so
/// that nobody notices.
///
/// As text, it has 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Digest(pub u128);

/// Why a text is no [`Digest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest of rows: those have 32 hexadecimal digits in lower case")]
pub struct DigestError;

impl DigestError {
    /// What to do next.
    pub fn help(&self) -> String {
        "use the text as it was written".to_owned()
    }
}

impl AddAssign for Rows {
    fn add_assign(&mut self, other: Self) {
        let Self { rows, bytes, digest } = other;
        self.rows = self.rows.wrapping_add(rows);
        self.bytes = self.bytes.wrapping_add(bytes);
        self.digest.0 = self.digest.0.wrapping_add(digest.0);
    }
}

impl Add for Rows {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sum for Rows {
    fn sum<I: Iterator<Item = Self>>(rows: I) -> Self {
        rows.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let is_digit = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(is_digit) {
            return Err(DigestError);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| DigestError)
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Rows};
    use proptest::prelude::{any, proptest};

    #[test]
    fn digests_have_all_their_digits() {
        assert_eq!(Digest(10).to_string(), "0000000000000000000000000000000a");
        for text in ["", "a", "0000000000000000000000000000000A", "+000000000000000000000000000000a", "ää"] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }

    #[test]
    fn sums_wrap() {
        let rows = Rows { rows: 1, bytes: 2, digest: Digest(u128::MAX) };
        let sum: Rows = [rows, rows].into_iter().sum();
        assert_eq!(sum, Rows { rows: 2, bytes: 4, digest: Digest(u128::MAX - 1) });
    }

    proptest! {
        #[test]
        fn digests_come_back(digest in any::<u128>()) {
            assert_eq!(Digest(digest).to_string().parse(), Ok(Digest(digest)));
        }
    }
}
