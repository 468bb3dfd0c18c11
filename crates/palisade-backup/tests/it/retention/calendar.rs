//! Decisions that are easy to follow on a calendar.

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use palisade_backup::retention::{Candidate, CandidateState, Decision, Policy, RetentionRefusal, candidates, decide};
use palisade_backup::{Entry, Pin, State, Verdict};

const NOW: &str = "2026-11-20T14:30:00Z";
const NOTHING: Policy = Policy {
    last: 0,
    hourly: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
    yearly: 0,
    within: None,
    minimum_age: SignedDuration::ZERO,
};

/// As in `2026-11-20T14:00 damaged pinned`; verified where nothing else is said, and of `prod`.
fn candidate(line: &str) -> Candidate {
    let (time, words) = line.split_once(' ').unwrap_or((line, ""));
    let taken: Timestamp = format!("{time}:00Z").parse().unwrap();
    let mut candidate = Candidate {
        name: format!("prod-{}", Ulid::from_parts(u64::try_from(taken.as_millisecond()).unwrap(), 0)).parse().unwrap(),
        taken,
        state: CandidateState::Complete { verified: true },
        pinned: false,
    };
    for word in words.split_whitespace() {
        match word {
            "unverified" => candidate.state = CandidateState::Complete { verified: false },
            "damaged" => candidate.state = CandidateState::Damaged,
            "unfinished" => candidate.state = CandidateState::Unfinished,
            "pinned" => candidate.pinned = true,
            environment => {
                candidate.name = format!("{environment}-{}", candidate.name.id()).parse().unwrap();
            }
        }
    }
    candidate
}

/// One line for each decision.
fn check(policy: &Policy, now: &str, lines: &[&str]) -> String {
    let candidates: Vec<Candidate> = lines.iter().map(|it| candidate(it)).collect();
    match decide(policy, &candidates, now.parse().unwrap()) {
        Err(refusal) => format!("refused: {refusal}\nhelp: {}", refusal.help()),
        Ok(decisions) => {
            let line = |it: &Decision| {
                let taken = it.name.started().to_string();
                let keep = if it.keep { "keep" } else { "    " };
                format!("{} {} {keep} {}\n", it.name.environment(), &taken[..16], it.reasons.join(", "))
            };
            decisions.iter().map(line).collect()
        }
    }
}

#[test]
fn the_newest_of_each_day_stays_and_days_without_one_do_not_count() {
    let policy = Policy { daily: 3, ..NOTHING };
    let lines = [
        "2026-11-20T14:00",
        "2026-11-20T00:00",
        "2026-11-19T23:59",
        "2026-11-12T08:00",
        "2026-11-12T07:00",
        "2026-11-11T08:00",
    ];
    assert_snapshot!(check(&policy, NOW, &lines), @"
    prod 2026-11-20T14:00 keep the newest verified, daily 2026-11-20
    prod 2026-11-20T00:00      no rule keeps it
    prod 2026-11-19T23:59 keep daily 2026-11-19
    prod 2026-11-12T08:00 keep daily 2026-11-12
    prod 2026-11-12T07:00      no rule keeps it
    prod 2026-11-11T08:00      no rule keeps it
    ");
}

#[test]
fn each_rule_that_keeps_one_is_told() {
    let policy = Policy {
        last: 2,
        hourly: 2,
        daily: 2,
        weekly: 2,
        monthly: 2,
        yearly: 2,
        within: Some(SignedDuration::from_hours(24)),
        minimum_age: SignedDuration::from_mins(90),
    };
    let lines = [
        "2026-11-20T14:00",
        "2026-11-20T13:40",
        "2026-11-20T13:10",
        "2026-11-19T14:00",
        "2026-11-19T13:59",
        "2026-11-15T23:00",
        "2026-10-31T23:59",
        "2025-12-31T12:00",
        "2024-02-29T12:00",
    ];
    assert_snapshot!(check(&policy, NOW, &lines), @"
    prod 2026-11-20T14:00 keep younger than 1h 30m, the newest verified, last 2, hourly 2026-11-20T14, daily 2026-11-20, weekly 2026-W47, monthly 2026-11, yearly 2026, within 1d
    prod 2026-11-20T13:40 keep younger than 1h 30m, last 2, hourly 2026-11-20T13, within 1d
    prod 2026-11-20T13:10 keep younger than 1h 30m, within 1d
    prod 2026-11-19T14:00 keep daily 2026-11-19, within 1d
    prod 2026-11-19T13:59      no rule keeps it
    prod 2026-11-15T23:00 keep weekly 2026-W46
    prod 2026-10-31T23:59 keep monthly 2026-10
    prod 2025-12-31T12:00 keep yearly 2025
    prod 2024-02-29T12:00      no rule keeps it
    ");
}

#[test]
fn iso_weeks_go_across_the_new_year() {
    // 2026-12-28 is a Monday: its week, the 53rd of 2026, ends on Sunday, 2027-01-03.
    let policy = Policy { weekly: 3, ..NOTHING };
    let lines = ["2027-01-04T00:00", "2027-01-03T23:00", "2026-12-31T12:00", "2026-12-28T00:00", "2026-12-27T23:00"];
    assert_snapshot!(check(&policy, "2027-01-05T00:00:00Z", &lines), @"
    prod 2027-01-04T00:00 keep the newest verified, weekly 2027-W01
    prod 2027-01-03T23:00 keep weekly 2026-W53
    prod 2026-12-31T12:00      no rule keeps it
    prod 2026-12-28T00:00      no rule keeps it
    prod 2026-12-27T23:00 keep weekly 2026-W52
    ");
}

#[test]
fn months_end_where_they_end() {
    let policy = Policy { monthly: 4, ..NOTHING };
    let lines = [
        "2028-03-31T23:59",
        "2028-03-01T00:00",
        "2028-02-29T23:59",
        "2028-02-28T23:59",
        "2028-01-31T12:00",
        "2027-12-31T23:59",
        "2027-12-30T12:00",
    ];
    assert_snapshot!(check(&policy, "2028-04-01T00:00:00Z", &lines), @"
    prod 2028-03-31T23:59 keep the newest verified, monthly 2028-03
    prod 2028-03-01T00:00      no rule keeps it
    prod 2028-02-29T23:59 keep monthly 2028-02
    prod 2028-02-28T23:59      no rule keeps it
    prod 2028-01-31T12:00 keep monthly 2028-01
    prod 2027-12-31T23:59 keep monthly 2027-12
    prod 2027-12-30T12:00      no rule keeps it
    ");
}

#[test]
fn years_and_hours_are_those_of_utc() {
    let policy = Policy { yearly: 2, hourly: 2, ..NOTHING };
    let lines = ["2027-01-01T00:10", "2027-01-01T00:00", "2026-12-31T23:59", "2026-12-31T22:59", "2025-12-31T23:59"];
    assert_snapshot!(check(&policy, "2027-01-01T01:00:00Z", &lines), @"
    prod 2027-01-01T00:10 keep the newest verified, hourly 2027-01-01T00, yearly 2027
    prod 2027-01-01T00:00      no rule keeps it
    prod 2026-12-31T23:59 keep hourly 2026-12-31T23, yearly 2026
    prod 2026-12-31T22:59      no rule keeps it
    prod 2025-12-31T23:59      no rule keeps it
    ");
}

#[test]
fn what_is_not_verified_counts_nowhere_and_waits_for_a_newer_one_that_is() {
    let policy = Policy { last: 1, daily: 2, minimum_age: SignedDuration::from_hours(24), ..NOTHING };
    let lines = [
        "2026-11-20T12:00 unverified",
        "2026-11-19T20:00 damaged",
        "2026-11-18T12:00",
        "2026-11-18T10:00 unverified",
        "2026-11-18T09:00 damaged",
        "2026-11-17T09:00 unverified pinned",
        "2026-11-16T12:00",
        "2026-11-15T12:00",
    ];
    assert_snapshot!(check(&policy, NOW, &lines), @"
    prod 2026-11-20T12:00 keep younger than 1d, no newer one is verified
    prod 2026-11-19T20:00 keep younger than 1d, no newer one is verified
    prod 2026-11-18T12:00 keep the newest verified, last 1, daily 2026-11-18
    prod 2026-11-18T10:00      not verified, and a newer one is
    prod 2026-11-18T09:00      damaged, and a newer one is verified
    prod 2026-11-17T09:00 keep pinned
    prod 2026-11-16T12:00 keep daily 2026-11-16
    prod 2026-11-15T12:00      no rule keeps it
    ");
}

#[test]
fn unfinished_ones_go_after_two_days() {
    let policy = Policy { last: 1, ..NOTHING };
    let lines = [
        "2026-11-20T14:00 unfinished",
        "2026-11-20T13:00",
        "2026-11-18T14:30 unfinished",
        "2026-11-18T14:29 unfinished",
        "2026-11-18T14:28 unfinished pinned",
    ];
    assert_snapshot!(check(&policy, NOW, &lines), @"
    prod 2026-11-20T14:00 keep perhaps in the making
    prod 2026-11-20T13:00 keep the newest verified, last 1
    prod 2026-11-18T14:30 keep perhaps in the making
    prod 2026-11-18T14:29      unfinished since 2026-11-18T14:29:00Z
    prod 2026-11-18T14:28 keep pinned
    ");
}

#[test]
fn a_time_to_come_is_young_and_counts_nowhere() {
    let policy = Policy { last: 1, ..NOTHING };
    let lines = ["2099-01-01T00:00", "2026-11-20T14:31 unverified", "2026-11-20T14:00", "2026-11-20T13:00"];
    assert_snapshot!(check(&policy, NOW, &lines), @"
    prod 2099-01-01T00:00 keep of a time to come
    prod 2026-11-20T14:31 keep of a time to come, no newer one is verified
    prod 2026-11-20T14:00 keep the newest verified, last 1
    prod 2026-11-20T13:00      no rule keeps it
    ");
}

#[test]
fn environments_are_decided_by_themselves() {
    let policy = Policy { last: 1, ..NOTHING };
    let lines = ["2026-11-20T14:00", "2026-11-20T12:00", "2026-11-10T14:00 dev", "2026-11-10T12:00 dev"];
    assert_snapshot!(check(&policy, NOW, &lines), @"
    dev 2026-11-10T14:00 keep the newest verified, last 1
    dev 2026-11-10T12:00      no rule keeps it
    prod 2026-11-20T14:00 keep the newest verified, last 1
    prod 2026-11-20T12:00      no rule keeps it
    ");
}

#[test]
fn nothing_goes_while_the_latest_is_no_good() {
    let policy = Policy { last: 1, ..NOTHING };
    let good = "2026-11-15T12:00";
    assert_snapshot!(check(&policy, NOW, &["2026-11-16T12:00 damaged", good]), @"
    refused: the latest backup `prod-01M7J3MYG00000000000000000` is damaged
    help: older backups may be the only good ones: make a new one and verify it, then they can go
    ");
    assert_snapshot!(check(&policy, NOW, &["2026-11-16T12:00 unfinished", good]), @"
    refused: the latest backup `prod-01M7J3MYG00000000000000000` was never finished
    help: older backups may be the only good ones: make a new one and verify it, then they can go
    ");
    assert_snapshot!(check(&policy, NOW, &["2026-11-20T12:00 unfinished", "2026-11-16T12:00 damaged", good]), @"
    refused: the latest backup `prod-01M7J3MYG00000000000000000` is damaged
    help: older backups may be the only good ones: make a new one and verify it, then they can go
    ");
    assert_snapshot!(check(&policy, NOW, &["2026-11-21T12:00", "2026-11-20T15:00 damaged", "2026-11-20T12:00", good]), @"
    refused: the latest backup `prod-01M7WQHDC00000000000000000` is damaged
    help: older backups may be the only good ones: make a new one and verify it, then they can go
    ");
    assert_snapshot!(check(&policy, NOW, &["2026-11-16T12:00", "2026-11-15T12:00 damaged"]), @"
    prod 2026-11-16T12:00 keep the newest verified, last 1
    prod 2026-11-15T12:00      damaged, and a newer one is verified
    ");
}

#[test]
fn nothing_goes_before_one_is_verified() {
    let policy = Policy { last: 1, ..NOTHING };
    assert_snapshot!(check(&policy, NOW, &["2026-11-16T12:00 unverified", "2026-11-16T12:00 dev"]), @"
    refused: no backup of `prod` is verified
    help: verify one first; nothing of `prod` is removed before one is known to be good
    ");
    assert_snapshot!(check(&policy, NOW, &["2026-11-20T12:00 unfinished"]), @"
    refused: no backup of `prod` is verified
    help: verify one first; nothing of `prod` is removed before one is known to be good
    ");
    assert_eq!(decide(&policy, &[], NOW.parse().unwrap()), Ok(Vec::new()));
}

#[test]
fn a_policy_that_keeps_nothing_is_refused() {
    let now = NOW.parse().unwrap();
    for within in [None, Some(SignedDuration::ZERO), Some(SignedDuration::from_hours(-1))] {
        let policy = Policy { within, minimum_age: SignedDuration::from_hours(24), ..NOTHING };
        assert_eq!(decide(&policy, &[], now), Err(RetentionRefusal::KeepsNothing));
    }
}

#[test]
fn entries_become_candidates() {
    let name = candidate("2026-11-20T14:00").name;
    let entry = Entry { name: name.clone(), state: State::Unfinished, verdicts: Vec::new(), pinned: None };
    let pin = Pin { reason: "for the auditors".to_owned(), at: Timestamp::UNIX_EPOCH };
    let damaged = Entry { state: State::Damaged { reason: String::new() }, pinned: Some(pin), ..entry.clone() };
    let taken = name.started();
    assert_eq!(
        candidates(&[entry, damaged]),
        [
            Candidate { name: name.clone(), taken, state: CandidateState::Unfinished, pinned: false },
            Candidate { name, taken, state: CandidateState::Damaged, pinned: true },
        ]
    );
}

#[test]
fn a_manifest_says_when_and_verdicts_say_how_good() {
    let manifest = crate::compare::manifest(&[]);
    let name = candidate("2026-11-20T14:00").name;
    let verdict = |problems: &[&str]| Verdict {
        level: 2,
        at: Timestamp::UNIX_EPOCH,
        problems: problems.iter().map(|it| (*it).to_owned()).collect(),
        unverified: Vec::new(),
        milliseconds: 1,
    };
    let (good, bad) = (verdict(&[]), verdict(&["a part is missing"]));
    for (verdicts, state) in [
        (vec![], CandidateState::Complete { verified: false }),
        (vec![good.clone()], CandidateState::Complete { verified: true }),
        (vec![good.clone(), bad.clone()], CandidateState::Complete { verified: true }),
        (vec![bad, good], CandidateState::Damaged),
    ] {
        let state_of_it = State::Complete(Box::new(manifest.clone()));
        let entry = Entry { name: name.clone(), state: state_of_it, verdicts, pinned: None };
        let found = candidates(&[entry]).remove(0);
        assert_eq!((found.taken, found.state), (Timestamp::UNIX_EPOCH, state));
    }
}
