//! Pairs composed at random: a schema, and what became of it after some changes.
//!
//! `PALISADE_TEST_SEED` repeats a run, `PALISADE_TEST_PAIRS` says how many pairs there are.

mod change;
mod compose;
mod mend;
mod model;
mod render;

use palisade_config::Variables;
use palisade_tests::convergence::{Judge, Pair, Verdict, judge_forwards};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Pairs of one run.
const PAIRS: u64 = 500;

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
    Pair { name: seed.to_string(), old, new: render::sql(&schema) }
}

#[tokio::test]
async fn random_pairs_converge() {
    let variables = Variables::process();
    let number = |name: &str| variables.get(name).and_then(|it| it.parse::<u64>().ok());
    let seed = number("PALISADE_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1 << 48));
    let pairs = number("PALISADE_TEST_PAIRS").unwrap_or(PAIRS);
    println!("PALISADE_TEST_SEED={seed}");
    let judge = Judge::new().await;
    let judged = judge_forwards(&judge, (seed..seed + pairs).map(pair).collect()).await;
    let failed = judged.outcomes.iter().filter(|(_, it)| it.forwards != Verdict::Converged);
    let failed: Vec<String> = failed
        .map(|(name, outcome)| {
            let Pair { old, new, .. } = pair(name.parse().unwrap());
            format!("==== PALISADE_TEST_SEED={name}\n---- old\n{old}---- new\n{new}---- {}\n", outcome.forwards)
        })
        .collect();
    let first: Vec<&str> = failed.iter().take(5).map(String::as_str).collect();
    assert!(failed.is_empty(), "{}\n{} of {pairs} pairs, beginning with {seed}", first.concat(), failed.len());
}
