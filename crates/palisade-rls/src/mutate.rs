//! What the tests do not notice: policies are changed one at a time, and a change that no test fails for is told.
//!
//! A *mutant* is a database in which one thing of row security is different. It exists inside a savepoint, for as long as the tests
//! take. One that lets every role do exactly what it can do already is no mutant; [`palisade_policy`] tells these apart.

mod mutant;
mod related;
mod verify;

use std::collections::BTreeSet;

use palisade_db::Connection;
use palisade_policy::Access;
use serde::Serialize;

use crate::testing::{Test, passes, probes};
use crate::trial::{Mode, Probe, Refusal, TrialError, World, try_out};
pub use mutant::Mutant;
use related::Related;

/// What came of all mutants.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MutationReport {
    /// How many mutants there were.
    pub mutants: usize,
    /// How many of them made a test fail.
    pub killed: usize,
    /// `killed` in percent of `mutants`; 100 if there were none.
    pub score: f64,
    /// Those that no test failed for.
    pub survivors: Vec<Mutant>,
    /// Changes that change nothing.
    pub equivalent: Vec<Mutant>,
    /// Changes that the server refused.
    pub impossible: Vec<(Mutant, Refusal)>,
}

/// How many worlds go in one message: the server keeps all answers until its end.
const AT_ONCE: usize = 40;

/// Tries all mutants of the relations in `schemas`, and of all others with policies. The tests must pass as things are.
///
/// # Errors
///
/// [`TrialError`] if nothing could be tried.
pub async fn mutate(
    connection: &mut Connection,
    access: &Access<'_>,
    schemas: &[String],
    tests: &[Test],
) -> Result<MutationReport, TrialError> {
    let probes = probes(tests);
    let whole = verify::separable(connection, access.facts, schemas).await?;
    let mut all = mutant::mutants(access.facts, schemas, &whole);
    let mut equivalent = Vec::new();
    all.retain(|it| {
        let same = access.is_equivalent(&it.relation, &it.policies);
        if same {
            equivalent.push(it.clone());
        }
        !same
    });
    // Tests of the same table notice most; the others see only what is left.
    let related = Related::new(access, tests, &probes);
    let of_table = |mutant: &Mutant, same: bool| {
        let numbered = tests.iter().enumerate();
        let some = numbered.filter(|(_, it)| mutant.is_of(&it.table) == same).map(|(number, _)| number);
        some.filter(|it| same || related.could_notice(*it, mutant)).collect::<Vec<_>>()
    };
    let mut impossible = Vec::new();
    let mut survivors = all;
    let mutants = survivors.len();
    for same in [true, false] {
        survivors = survive(connection, survivors, tests, &probes, |it| of_table(it, same), &mut impossible).await?;
    }
    let mutants = mutants - impossible.len();
    let killed = mutants - survivors.len();
    Ok(MutationReport { mutants, killed, score: percent(killed, mutants), survivors, equivalent, impossible })
}

async fn survive(
    connection: &mut Connection,
    mutants: Vec<Mutant>,
    tests: &[Test],
    probes: &[Probe],
    which: impl Fn(&Mutant) -> Vec<usize>,
    impossible: &mut Vec<(Mutant, Refusal)>,
) -> Result<Vec<Mutant>, TrialError> {
    let mut survivors = Vec::new();
    for some in mutants.chunks(AT_ONCE) {
        let chosen: Vec<Vec<usize>> = some.iter().map(&which).collect();
        // The server looks for a probe among all that it is given.
        let needed: Vec<usize> = chosen.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let world = |(mutant, tests): (&Mutant, &Vec<usize>)| World {
            sql: Some(mutant.sql.clone()),
            probes: tests.iter().filter_map(|it| needed.binary_search(it).ok()).collect(),
        };
        let worlds: Vec<World> = some.iter().zip(&chosen).map(world).collect();
        let few: Vec<Probe> = needed.iter().filter_map(|it| probes.get(*it)).cloned().collect();
        let seen = try_out(connection, &worlds, &few, Mode::RolledBack).await?;
        for ((mutant, chosen), seen) in some.iter().zip(&chosen).zip(seen) {
            if let Some(refusal) = seen.failed {
                impossible.push((mutant.clone(), refusal));
                continue;
            }
            let mut observed = chosen.iter().filter_map(|it| tests.get(*it)).zip(&seen.seen);
            if observed.all(|(test, it)| passes(test, it)) {
                survivors.push(mutant.clone());
            }
        }
    }
    Ok(survivors)
}

/// With one digit behind the point, and 100 for all of them only.
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 100.0;
    }
    let tenths = part.saturating_mul(1000) / whole;
    f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_score_is_never_rounded_up() {
        for (part, whole, score) in [(0, 0, 100.0), (0, 3, 0.0), (2, 3, 66.6), (1999, 2000, 99.9), (7, 7, 100.0)] {
            assert!((percent(part, whole) - score).abs() < 1e-9, "{part} of {whole}");
        }
    }
}
