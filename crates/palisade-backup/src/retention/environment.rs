//! The rules, for the backups of one environment.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::period::{Period, length};
use super::{Candidate, CandidateState, Decision, Policy};
use crate::name::BackupName;

/// Decides about the candidates of one environment, the newest first.
pub(super) fn decide(policy: &Policy, candidates: &[&Candidate], now: Timestamp) -> Vec<Decision> {
    let verified: Vec<&Candidate> =
        candidates.iter().copied().filter(|it| it.is_verified() && !it.is_of_the_future(now)).collect();
    let ruled = by_rules(policy, &verified);
    let newest_verified = verified.first().map(|it| (it.taken, &it.name));
    let decision = |candidate: &&Candidate| {
        let mut reasons = protected(policy, candidate, now);
        reasons.extend(ruled.get(&candidate.name).into_iter().flatten().cloned());
        let superseded = newest_verified.is_some_and(|newest| newest > (candidate.taken, &candidate.name));
        match candidate.state {
            CandidateState::Complete { verified: true } | CandidateState::Unfinished => {}
            CandidateState::Complete { verified: false } | CandidateState::Damaged => {
                reasons.extend((!superseded).then(|| "no newer one is verified".to_owned()));
            }
        }
        let keep = !reasons.is_empty();
        if !keep {
            reasons.push(why_it_may_go(candidate));
        }
        Decision { name: candidate.name.clone(), keep, reasons }
    };
    candidates.iter().map(decision).collect()
}

/// What keeps a backup whatever the rules say.
fn protected(policy: &Policy, candidate: &Candidate, now: Timestamp) -> Vec<String> {
    let mut reasons = Vec::new();
    if candidate.pinned {
        reasons.push("pinned".to_owned());
    }
    if candidate.is_of_the_future(now) {
        reasons.push("of a time to come".to_owned());
    } else if now.duration_since(candidate.taken) < policy.minimum_age {
        reasons.push(format!("younger than {}", length(policy.minimum_age)));
    }
    if candidate.may_be_in_the_making(now) {
        reasons.push("perhaps in the making".to_owned());
    }
    reasons
}

/// By which rules verified backups stay. `verified`: the newest first.
fn by_rules<'a>(policy: &Policy, verified: &[&'a Candidate]) -> BTreeMap<&'a BackupName, Vec<String>> {
    let mut reasons: BTreeMap<&BackupName, Vec<String>> = BTreeMap::new();
    let mut keep = |candidate: &'a Candidate, reason: String| reasons.entry(&candidate.name).or_default().push(reason);
    let Some(newest) = verified.first() else { return reasons };
    keep(newest, "the newest verified".to_owned());
    for candidate in verified.iter().take(policy.last as usize) {
        keep(candidate, format!("last {}", policy.last));
    }
    for period in Period::ALL {
        // Of each period the newest comes first, and nothing of another lies between those of one.
        let mut firsts: Vec<(String, &Candidate)> = verified.iter().map(|it| (period.of(it.taken), *it)).collect();
        firsts.dedup_by(|later, earlier| later.0 == earlier.0);
        for (of, candidate) in firsts.into_iter().take(period.count(policy) as usize) {
            keep(candidate, format!("{} {of}", period.rule()));
        }
    }
    if let Some(within) = policy.within {
        for candidate in verified.iter().take_while(|it| newest.taken.duration_since(it.taken) <= within) {
            keep(candidate, format!("within {}", length(within)));
        }
    }
    reasons
}

fn why_it_may_go(candidate: &Candidate) -> String {
    match candidate.state {
        CandidateState::Complete { verified: true } => "no rule keeps it".to_owned(),
        CandidateState::Complete { verified: false } => "not verified, and a newer one is".to_owned(),
        CandidateState::Damaged => "damaged, and a newer one is verified".to_owned(),
        CandidateState::Unfinished => format!("unfinished since {:.0}", candidate.taken),
    }
}
