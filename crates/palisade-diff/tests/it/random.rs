//! Pairs composed at random: a schema, and what became of it after some changes.
//!
//! `PALISADE_TEST_SEED` chooses other pairs, `PALISADE_TEST_PAIRS` says how many there are. Without, they are the same in every run:
//! whoever changes something else should not meet a failure that nobody has seen before.

mod change;
mod compose;
mod mend;
mod model;
mod render;

use std::fmt::Write as _;

use palisade_config::Variables;
use palisade_tests::convergence::{Judge, Pair, Verdict, judge_forwards};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The first pair of a run.
const SEED: u64 = 20_261_125;

/// Pairs of one run.
const PAIRS: u64 = 500;

/// Of so many pairs one is judged in its online form too, which takes as long again.
const EVERY: u64 = 5;

/// Pairs that are shown in full when they fail.
const SHOWN: usize = 5;

/// A pair, which its seed decides alone.
fn pair(seed: u64) -> Pair {
    let mut random = StdRng::seed_from_u64(seed);
    let mut schema = compose::schema(&mut random);
    mend::mend(&mut schema);
    let old = render::sql(&schema);
    for _ in 0..random.random_range(1..8) {
        change::change(&mut random, &mut schema);
    }
    mend::mend(&mut schema);
    let online = seed.is_multiple_of(EVERY);
    Pair { name: seed.to_string(), old, new: render::sql(&schema), online }
}

#[tokio::test]
async fn random_pairs_converge() {
    let variables = Variables::process();
    let number = |name: &str| variables.get(name).and_then(|it| it.parse::<u64>().ok());
    let seed = number("PALISADE_TEST_SEED").unwrap_or(SEED);
    let pairs = number("PALISADE_TEST_PAIRS").unwrap_or(PAIRS);
    println!("PALISADE_TEST_SEED={seed}");
    let judge = Judge::new().await;
    let judged = judge_forwards(&judge, (seed..seed + pairs).map(pair).collect()).await;
    let failed: Vec<(&String, &Verdict)> = judged
        .outcomes
        .iter()
        .map(|(name, it)| (name, &it.forwards))
        .filter(|(_, it)| **it != Verdict::Converged)
        .collect();
    let mut text = String::new();
    for (name, verdict) in failed.iter().take(SHOWN) {
        let Pair { old, new, .. } = pair(name.parse().unwrap());
        writeln!(text, "==== {name}\n---- old\n{old}---- new\n{new}---- {verdict}").unwrap();
    }
    for (name, verdict) in &failed {
        let line = verdict.to_string().lines().take(2).collect::<Vec<_>>().join(" | ");
        writeln!(text, "PALISADE_TEST_SEED={name} PALISADE_TEST_PAIRS=1: {line}").unwrap();
    }
    assert!(failed.is_empty(), "{text}{} of {pairs} pairs, beginning with {seed}", failed.len());
}
