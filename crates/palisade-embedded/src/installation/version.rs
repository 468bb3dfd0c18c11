//! Versions of Postgres programs.

use std::fmt;

/// The version of Postgres programs, as in `15.18`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProgramVersion {
    /// The major version: clusters and dumps of different ones are incompatible.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
}

impl ProgramVersion {
    /// Reads what `postgres --version` and its kin print: `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    ///
    /// A beta (`19beta1`) counts as minor version 0.
    pub fn read(output: &str) -> Option<Self> {
        let (_, behind) = output.split_once("(PostgreSQL) ")?;
        let mut numbers = behind.split(|it: char| !it.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        let minor = if behind.trim_start_matches(|it: char| it.is_ascii_digit()).starts_with('.') {
            numbers.next()?.parse().ok()?
        } else {
            0
        };
        Some(Self { major, minor })
    }
}

impl fmt::Display for ProgramVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::ProgramVersion;

    #[test]
    fn reads_what_programs_print() {
        let read = |text| ProgramVersion::read(text).map(|it| it.to_string());
        assert_eq!(read("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)").as_deref(), Some("15.18"));
        assert_eq!(read("pg_dump (PostgreSQL) 18.6\n").as_deref(), Some("18.6"));
        assert_eq!(read("postgres (PostgreSQL) 19beta1").as_deref(), Some("19.0"));
        assert_eq!(read("postgres (PostgreSQL) 17devel").as_deref(), Some("17.0"));
        assert_eq!(read("psql: not found"), None);
        assert_eq!(read("postgres (PostgreSQL) "), None);
    }

    #[test]
    fn ten_is_newer_than_nine() {
        assert!(ProgramVersion { major: 17, minor: 10 } > ProgramVersion { major: 17, minor: 9 });
        assert!(ProgramVersion { major: 18, minor: 0 } > ProgramVersion { major: 17, minor: 10 });
    }
}
