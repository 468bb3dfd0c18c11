//! Which backups may go.
//!
//! Nothing here reads or removes anything: [`decide()`] gets what is there, and says what is to stay and why.
//!
//! - Only what was verified counts. A backup that nobody tried never pushes out one that is known to be good.
//! - The newest verified one stays, and so does what is pinned or young, whatever the policy says.
//! - Where something is wrong with the latest one, nothing goes: the older ones are all there is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use palisade_config::EnvironmentName;
use serde::Serialize;

use crate::catalogue::{ABANDONED_HOURS, Entry, State};
use crate::name::BackupName;

mod environment;
mod period;
mod refusal;

pub use refusal::RetentionRefusal;

/// Which verified backups of an environment are to stay. What one rule keeps, no other can remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// So many of the newest.
    pub last: u32,
    /// The newest of each of the last so many hours that have one.
    pub hourly: u32,
    /// The newest of each of the last so many days that have one. All days are those of UTC.
    pub daily: u32,
    /// The newest of each of the last so many ISO weeks that have one.
    pub weekly: u32,
    /// The newest of each of the last so many months that have one.
    pub monthly: u32,
    /// The newest of each of the last so many years that have one.
    pub yearly: u32,
    /// Those not older than the newest by more than this. It is counted from the newest one, not from now, so that nothing
    /// melts away when no more are made.
    pub within: Option<SignedDuration>,
    /// Nothing younger is removed. It should be longer than clocks may be apart.
    pub minimum_age: SignedDuration,
}

/// What is to be known of a backup to decide about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name, and with it the environment.
    pub name: BackupName,
    /// Of which time it is: by the server's clock where there is a manifest, else by the clock of who began it.
    pub taken: Timestamp,
    /// What it is good for.
    pub state: CandidateState,
    /// Whether somebody said that it is to stay.
    pub pinned: bool,
}

/// What a backup is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateState {
    /// All of it is there.
    Complete {
        /// Whether a verification found that it is what it says, and no later one found otherwise.
        verified: bool,
    },
    /// Something is missing or wrong, or its newest verification found problems.
    Damaged,
    /// There is no manifest.
    Unfinished,
}

/// What is to become of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Its name.
    pub name: BackupName,
    /// Whether it is to stay.
    pub keep: bool,
    /// Why it is to stay, each rule that says so; or why it may go. Never empty.
    pub reasons: Vec<String>,
}

/// The candidates among what [`list()`](crate::list()) found: all of them.
pub fn candidates(entries: &[Entry]) -> Vec<Candidate> {
    entries.iter().filter_map(candidate).collect()
}

/// Decides about all candidates, those of each environment by themselves, in the order of environments, the newest first.
///
/// # Errors
///
/// [`RetentionRefusal`] if the policy keeps nothing, or if nothing may go in one of the environments; then nothing is decided
/// about the others either.
pub fn decide(policy: &Policy, candidates: &[Candidate], now: Timestamp) -> Result<Vec<Decision>, RetentionRefusal> {
    if policy.keeps_nothing() {
        return Err(RetentionRefusal::KeepsNothing);
    }
    let mut environments: BTreeMap<&EnvironmentName, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        environments.entry(candidate.name.environment()).or_default().push(candidate);
    }
    let mut decisions = Vec::with_capacity(candidates.len());
    for (_, mut candidates) in environments {
        // The name decides between those of the same instant, so that the order they came in never does.
        candidates.sort_by(|one, other| (other.taken, &other.name).cmp(&(one.taken, &one.name)));
        refusal::check(&candidates, now)?;
        decisions.extend(environment::decide(policy, &candidates, now));
    }
    Ok(decisions)
}

fn candidate(entry: &Entry) -> Option<Candidate> {
    let Entry { name, state, verdicts: _, pinned } = entry;
    let (taken, state) = match state {
        State::Complete(manifest) if entry.problem().is_some() => (manifest.snapshot.at, CandidateState::Damaged),
        State::Complete(manifest) => {
            (manifest.snapshot.at, CandidateState::Complete { verified: entry.verified_level().is_some() })
        }
        State::Damaged { reason: _ } => (name.started(), CandidateState::Damaged),
        State::Unfinished => (name.started(), CandidateState::Unfinished),
        // Nothing is known of it, so nothing is done about it.
        State::Foreign { .. } => return None,
    };
    Some(Candidate { name: name.clone(), taken, state, pinned: pinned.is_some() })
}

impl Policy {
    /// Whether no rule of it keeps anything.
    pub fn keeps_nothing(&self) -> bool {
        let Self { last, hourly, daily, weekly, monthly, yearly, within, minimum_age: _ } = self;
        let counts = [last, hourly, daily, weekly, monthly, yearly];
        counts.iter().all(|it| **it == 0) && !within.is_some_and(|it| it.is_positive())
    }
}

impl Candidate {
    fn is_verified(&self) -> bool {
        self.state == CandidateState::Complete { verified: true }
    }

    /// Whether its time is still to come: clocks differ, or one is wrong. Such a time counts as young, and in no rule: what
    /// seems to be of next year must not take the place of what is of today.
    fn is_of_the_future(&self, now: Timestamp) -> bool {
        self.taken > now
    }

    /// Whether it may still be in the making.
    fn may_be_in_the_making(&self, now: Timestamp) -> bool {
        self.state == CandidateState::Unfinished
            && now.duration_since(self.taken) <= SignedDuration::from_hours(ABANDONED_HOURS)
    }
}
