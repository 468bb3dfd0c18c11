//! The loop that judges a difference: what leads from one database to another has to lead there.

mod pair;
mod report;
mod verdict;

pub use pair::{Judge, Pair};
pub use report::{Judged, judge_all, judge_forwards};
pub use verdict::{Outcome, Verdict};
