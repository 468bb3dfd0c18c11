//! How long the stages of a backup take.

use std::time::{Duration, Instant};

use crate::manifest::StageDuration;

/// Measures stages that follow each other, so that no moment counts twice.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    /// When the stage began that is under way.
    since: Instant,
    stages: Vec<(&'static str, Duration)>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), stages: Vec::new() }
    }

    /// Ends a stage: it is all since the end of the one before. What happens again is added to what it took the first time.
    pub(crate) fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        let took = now.duration_since(std::mem::replace(&mut self.since, now));
        match self.stages.iter_mut().find(|it| it.0 == stage) {
            Some((_, before)) => *before += took,
            None => self.stages.push((stage, took)),
        }
    }

    /// All that have ended, in the order of their first end.
    pub(crate) fn stages(&self) -> Vec<StageDuration> {
        let milliseconds = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
        let stage = |&(what, took): &(&str, Duration)| StageDuration {
            what: what.to_owned(),
            milliseconds: milliseconds(took),
        };
        self.stages.iter().map(stage).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Stopwatch;
    use std::time::{Duration, Instant};

    #[test]
    fn what_happens_again_is_added_and_nothing_counts_twice() {
        let (started, mut stopwatch) = (Instant::now(), Stopwatch::start());
        for stage in ["locks", "catalog", "locks"] {
            std::thread::sleep(Duration::from_millis(20));
            stopwatch.lap(stage);
        }
        let stages = stopwatch.stages();
        let names: Vec<_> = stages.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(names, ["locks", "catalog"]);
        assert!(stages[0].milliseconds >= 40 && stages[1].milliseconds >= 20, "{stages:?}");
        let sum: u64 = stages.iter().map(|it| it.milliseconds).sum();
        assert!(u128::from(sum) <= started.elapsed().as_millis(), "{stages:?}");
    }
}
