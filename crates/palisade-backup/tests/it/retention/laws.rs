//! What is true of all decisions.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use ulid::Ulid;

use palisade_backup::BackupName;
use palisade_backup::retention::{Candidate, CandidateState, Policy, decide};

fn now() -> Timestamp {
    "2026-11-20T14:30:00Z".parse().unwrap()
}

/// The names that stay.
fn kept(policy: &Policy, candidates: &[Candidate]) -> Option<BTreeSet<BackupName>> {
    let decisions = decide(policy, candidates, now()).ok()?;
    assert_eq!(decisions.len(), candidates.len());
    assert!(decisions.iter().all(|it| !it.reasons.is_empty()));
    Some(decisions.into_iter().filter(|it| it.keep).map(|it| it.name).collect())
}

fn state() -> impl Strategy<Value = CandidateState> {
    prop_oneof![
        6 => Just(CandidateState::Complete { verified: true }),
        3 => Just(CandidateState::Complete { verified: false }),
        1 => Just(CandidateState::Damaged),
        1 => Just(CandidateState::Unfinished),
    ]
}

/// Ages in half hours: some of the same instant, some of the future, most of the last weeks, some of years ago.
fn age() -> impl Strategy<Value = i64> {
    prop_oneof![1 => -6_i64..0, 6 => 0_i64..200, 6 => 0_i64..3_000, 3 => 0_i64..60_000]
}

fn some_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (age(), state(), prop::bool::weighted(0.1), prop::bool::weighted(0.2));
    prop::collection::vec(one, 0..40).prop_map(|all| {
        let candidate = |(index, (age, state, pinned, other)): (u128, (i64, CandidateState, bool, bool))| {
            let taken = now() - SignedDuration::from_mins(30 * age);
            let environment = if other { "dev" } else { "prod" };
            let milliseconds = u64::try_from(taken.as_millisecond()).unwrap();
            let name = format!("{environment}-{}", Ulid::from_parts(milliseconds, index));
            Candidate { name: name.parse().unwrap(), taken, state, pinned }
        };
        (0..).zip(all).map(candidate).collect()
    })
}

/// Those about which something is decided: where the latest is good. Any others would be refused mostly.
fn decidable() -> impl Strategy<Value = Vec<Candidate>> {
    some_candidates().prop_map(|mut all| {
        for environment in ["dev", "prod"] {
            // Also of those of the same instant, it is the last.
            let milliseconds = u64::try_from(now().as_millisecond()).unwrap();
            let name = format!("{environment}-{}", Ulid::from_parts(milliseconds, 99)).parse().unwrap();
            let state = CandidateState::Complete { verified: true };
            all.push(Candidate { name, taken: now(), state, pinned: false });
        }
        all.retain(|it| it.taken <= now() || matches!(it.state, CandidateState::Complete { .. }));
        all
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let counts = || (0_u32..5, 0_u32..8, 0_u32..8);
    (counts(), counts(), prop::option::of(0_i64..500), 0_i64..100).prop_map(|(first, second, within, minimum)| Policy {
        last: first.0,
        hourly: first.1,
        daily: first.2,
        weekly: second.0,
        monthly: second.1,
        yearly: second.2,
        within: within.map(SignedDuration::from_hours),
        minimum_age: SignedDuration::from_hours(minimum),
    })
}

fn is_verified(candidate: &Candidate) -> bool {
    candidate.state == CandidateState::Complete { verified: true }
}

proptest! {
    #[test]
    fn what_must_stay_stays(policy in policy(), candidates in prop_oneof![some_candidates(), decidable()]) {
        let Some(kept) = kept(&policy, &candidates) else { return Ok(()) };
        for environment in ["dev", "prod"] {
            let of = candidates.iter().filter(|it| it.name.environment().to_string() == environment);
            let newest = of.clone().filter(|it| is_verified(it)).max_by_key(|it| (it.taken, &it.name));
            prop_assert_eq!(newest.is_some(), of.clone().next().is_some());
            prop_assert!(newest.is_none_or(|it| kept.contains(&it.name)));
        }
        for candidate in &candidates {
            let young = now().duration_since(candidate.taken) < policy.minimum_age || candidate.taken > now();
            prop_assert!(!(candidate.pinned || young) || kept.contains(&candidate.name), "{:?}", candidate);
        }
    }

    #[test]
    fn most_is_not_refused(policy in policy(), candidates in decidable()) {
        prop_assert!(policy.keeps_nothing() || kept(&policy, &candidates).is_some());
    }

    #[test]
    fn deciding_again_removes_nothing_more(policy in policy(), candidates in decidable()) {
        let Some(kept_once) = kept(&policy, &candidates) else { return Ok(()) };
        let left: Vec<Candidate> = candidates.into_iter().filter(|it| kept_once.contains(&it.name)).collect();
        prop_assert_eq!(kept(&policy, &left), Some(kept_once));
    }

    #[test]
    fn what_is_not_verified_displaces_nothing(
        policy in policy(),
        candidates in decidable(),
        others in some_candidates(),
    ) {
        let verified: Vec<Candidate> = candidates.iter().filter(|it| is_verified(it)).cloned().collect();
        let names: BTreeSet<BackupName> = verified.iter().map(|it| it.name.clone()).collect();
        let mut all = verified.clone();
        all.extend(candidates.into_iter().chain(others).filter(|it| !is_verified(it) && !names.contains(&it.name)));
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all.dedup_by(|one, other| one.name == other.name);
        let (Some(without), Some(with)) = (kept(&policy, &verified), kept(&policy, &all)) else { return Ok(()) };
        prop_assert!(with.is_superset(&without));
    }

    #[test]
    fn more_permissive_policies_keep_more(policy in policy(), other in policy(), candidates in decidable()) {
        let wider = Policy {
            last: policy.last.max(other.last),
            hourly: policy.hourly.max(other.hourly),
            daily: policy.daily.max(other.daily),
            weekly: policy.weekly.max(other.weekly),
            monthly: policy.monthly.max(other.monthly),
            yearly: policy.yearly.max(other.yearly),
            within: policy.within.max(other.within),
            minimum_age: policy.minimum_age.max(other.minimum_age),
        };
        let Some(kept_by_less) = kept(&policy, &candidates) else { return Ok(()) };
        prop_assert!(kept(&wider, &candidates).unwrap().is_superset(&kept_by_less));
    }

    #[test]
    fn the_order_does_not_matter(
        policy in policy(),
        (candidates, shuffled) in some_candidates().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
    ) {
        prop_assert_eq!(decide(&policy, &candidates, now()), decide(&policy, &shuffled, now()));
    }
}
