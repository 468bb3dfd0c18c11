//! A backup that goes back onto a protected target.

use std::collections::BTreeSet;
use std::fmt;

use crate::hazard::Hazard;

/// One restore, whole: what is approved is this backup, put there in this way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RestoreStep {
    /// The backup's name.
    pub backup: String,
    /// The environment that it is of.
    pub of: String,
    /// When its snapshot was taken, for people.
    pub taken: String,
    /// BLAKE3 of its manifest, which holds the hashes of everything in it: 64 hexadecimal digits.
    pub content: String,
    /// What becomes of what is there.
    pub place: RestorePlace,
    /// Everything else that decides what is done, as people read it: whom things belong to, what of the backup is restored.
    pub how: Vec<String>,
    /// Whether all of it is one transaction.
    pub transactional: bool,
}

/// What becomes of what is in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestorePlace {
    /// The backup is added to it.
    Within,
    /// All of it goes, and the backup takes its place.
    InPlaceOf,
    /// The backup is restored into a new database, which takes the name of this one; this one stays under another name.
    Beside,
}

impl RestoreStep {
    pub(crate) fn hazards(&self) -> BTreeSet<Hazard> {
        let mut hazards = BTreeSet::from([Hazard::AccessChange]);
        if self.place == RestorePlace::InPlaceOf {
            hazards.insert(Hazard::DataLoss);
        }
        if !self.transactional && self.place != RestorePlace::Beside {
            hazards.insert(Hazard::NotTransactional);
        }
        hazards
    }
}

impl fmt::Display for RestoreStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backup, of, taken, content: _, place, how, transactional: _ } = self;
        write!(f, "restore the backup `{backup}` of `{of}`, which shows it as of {taken}, ")?;
        f.write_str(match place {
            RestorePlace::Within => "beside what is in the database",
            RestorePlace::InPlaceOf => "in place of everything in the database",
            RestorePlace::Beside => "into a new database that takes its name; the old one stays under another",
        })?;
        how.iter().try_for_each(|it| write!(f, "; {it}"))
    }
}
