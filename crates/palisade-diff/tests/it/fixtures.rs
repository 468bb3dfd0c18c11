//! One folder is one pair: `tests/fixtures/<object>/<case>/{a.sql, b.sql}`, judged in both directions. A first line
//! `-- since 18` leaves older servers out.

use camino::{Utf8Path, Utf8PathBuf};
use palisade_tests::convergence::{Judge, Pair, judge_all};

/// Directions for which Postgres has no way.
const REFUSED: [&str; 0] = [];

#[tokio::test]
async fn fixtures_converge() {
    let judge = Judge::new().await;
    let pairs = pairs().await.into_iter().map(|(name, old, new)| Pair { name, old, new, online: true }).collect();
    let judged = judge_all(&judge, pairs).await;
    judged.check();
    assert_eq!(judged.not_loadable(), Vec::<&str>::new(), "every pair can be loaded");
    assert_eq!(judged.refused(), REFUSED);
}

/// Name, old and new side of each pair that the server can load.
pub(crate) async fn pairs() -> Vec<(String, String, String)> {
    let database = palisade_tests::database().await;
    let major = palisade_tests::connection(&database).await.server_version().major();
    database.close().await.unwrap();
    let directory = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut pairs = Vec::new();
    for case in folders(&directory).iter().flat_map(|it| folders(it)) {
        let read = |file: &str| std::fs::read_to_string(case.join(file)).unwrap();
        let (old, new) = (read("a.sql"), read("b.sql"));
        if since(&new).is_none_or(|it| it <= major) {
            pairs.push((case.strip_prefix(&directory).unwrap().to_string(), old, new));
        }
    }
    pairs
}

fn folders(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found: Vec<_> = directory.read_dir_utf8().unwrap().map(|it| it.unwrap().path().to_owned()).collect();
    found.sort();
    found
}

/// The version that the first line wants.
fn since(sql: &str) -> Option<u32> {
    sql.lines().next()?.strip_prefix("-- since ")?.parse().ok()
}
