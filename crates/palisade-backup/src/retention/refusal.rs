//! When nothing may go.

use jiff::Timestamp;
use palisade_config::EnvironmentName;

use super::{Candidate, CandidateState};
use crate::name::BackupName;

/// Why nothing is removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionRefusal {
    /// No rule of the policy keeps anything.
    #[error("the policy keeps no backup at all")]
    KeepsNothing,
    /// No backup of an environment is known to be good.
    #[error("no backup of `{environment}` is verified")]
    NoneVerified {
        /// The environment.
        environment: EnvironmentName,
    },
    /// The latest backup is no good.
    #[error("the latest backup `{name}` is damaged")]
    LatestDamaged {
        /// Its name.
        name: BackupName,
    },
    /// The latest backup never came to its end.
    #[error("the latest backup `{name}` was never finished")]
    LatestAbandoned {
        /// Its name.
        name: BackupName,
    },
}

impl RetentionRefusal {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::KeepsNothing => "say how many are to stay, as in `daily = 7`".to_owned(),
            Self::NoneVerified { environment } => {
                format!("verify one first; nothing of `{environment}` is removed before one is known to be good")
            }
            Self::LatestDamaged { name: _ } | Self::LatestAbandoned { name: _ } => {
                "older backups may be the only good ones: make a new one and verify it, then they can go".to_owned()
            }
        }
    }
}

/// Refuses if something is wrong with the latest of an environment, or none is verified. `candidates`: the newest first.
///
/// Which is the latest cannot be told of those whose time is still to come. Hence it is each of them, and the newest other.
pub(super) fn check(candidates: &[&Candidate], now: Timestamp) -> Result<(), RetentionRefusal> {
    let mut runs = candidates.iter().filter(|it| !it.may_be_in_the_making(now));
    let future = runs.clone().take_while(|it| it.is_of_the_future(now));
    for candidate in future.chain(runs.find(|it| !it.is_of_the_future(now))) {
        let name = candidate.name.clone();
        match candidate.state {
            CandidateState::Complete { verified: _ } => {}
            CandidateState::Damaged => return Err(RetentionRefusal::LatestDamaged { name }),
            CandidateState::Unfinished => return Err(RetentionRefusal::LatestAbandoned { name }),
        }
    }
    match candidates.first() {
        Some(first) if !candidates.iter().any(|it| it.is_verified()) => {
            Err(RetentionRefusal::NoneVerified { environment: first.name.environment().clone() })
        }
        Some(_) | None => Ok(()),
    }
}
