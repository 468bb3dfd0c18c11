//! Pairs of schemas of other projects, beside this repository.

mod meta;

use std::collections::BTreeMap;
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use palisade_tests::convergence::{Judge, Pair, judge_all};
use palisade_tests::query;

use meta::Meta;

/// Pairs with an extension that no server of ours has.
const WITHOUT_EXTENSION: [(&str, &str); 1] = [("pgschema/create_table--issue_295_pgvector_typmod", "vector")];

/// Pairs with collations that only servers built with ICU have.
const WITHOUT_ICU: [&str; 1] = ["migra/collations"];

/// Pairs that use what came with a version, each with that version.
const SINCE: [(&str, u32); 3] = [
    ("pgschema/create_table--add_fk", 18),
    ("pgschema/create_table--add_pk", 18),
    ("pgschema/create_table--issue_501_virtual_generated_column", 18),
];

/// Pairs with partitions whose NOT NULL constraints have other names from 18 on: Postgres renames none that came from a parent.
const NAMES_OF_PARTITIONS: [&str; 1] = ["pgschema/create_table--issue_495_partition_constraint_convergence"];

/// Directions for which Postgres has no way.
const REFUSED: [&str; 0] = [];

#[tokio::test]
async fn pairs_of_other_projects_converge() {
    let directory = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    if !directory.is_dir() {
        let _nobody_reads =
            writeln!(std::io::stderr().lock(), "NOT RUN: there are no pairs in `{directory}`, so none was judged");
        return;
    }
    let judge = Judge::new().await;
    let (_database, mut connection) = judge.connection().await;
    let major = connection.server_version().major();
    let available = query(&mut connection, "select name from pg_catalog.pg_available_extensions").await;
    let (mut pairs, mut without_extension, mut too_new) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for folder in folders(&directory) {
        let meta = Meta::read(&folder);
        let name = folder.strip_prefix(&directory).unwrap().to_string();
        for role in &meta.roles {
            query(&mut connection, &create_role(role)).await;
        }
        if let Some(extension) = meta.extensions.iter().find(|it| !available.contains(it)) {
            without_extension.insert(name, extension.clone());
        } else if let Some(since) = meta.since().filter(|it| *it > major) {
            too_new.insert(name, since);
        } else {
            let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
            for role in ["a.sql", "b.sql"].into_iter().flat_map(|it| roles_within(&read(it))) {
                query(&mut connection, &create_role(&role)).await;
            }
            pairs.push(Pair { name, old: read("a.sql"), new: read("b.sql"), online: true });
        }
    }
    let judged = judge_all(&judge, pairs).await;
    judged.check_but(if major >= 18 { &NAMES_OF_PARTITIONS } else { &[] });
    let icu = "select 1 from pg_catalog.pg_collation where collname like '%-x-icu' limit 1";
    let without_icu = if query(&mut connection, icu).await.is_empty() { &WITHOUT_ICU[..] } else { &[] };
    assert_eq!(judged.not_loadable(), without_icu, "every other pair can be loaded");
    assert_eq!(judged.refused(), REFUSED);
    assert_eq!(without_extension, WITHOUT_EXTENSION.map(|(name, it)| (name.to_owned(), it.to_owned())).into());
    let newer = SINCE.into_iter().filter(|(_, since)| *since > major);
    assert_eq!(too_new, newer.map(|(name, since)| (name.to_owned(), since)).collect());
}

/// The folders with a pair, in order.
fn folders(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = |directory: &Utf8Path| -> Vec<Utf8PathBuf> {
        directory.read_dir_utf8().unwrap().map(|it| it.unwrap().path().to_owned()).filter(|it| it.is_dir()).collect()
    };
    let mut found: Vec<Utf8PathBuf> = entries(directory).iter().flat_map(|suite| entries(suite)).collect();
    found.sort();
    found
}

/// Roles that blocks of a file make where they are missing, which two files cannot do at the same moment.
fn roles_within(sql: &str) -> Vec<String> {
    let sql = sql.to_lowercase();
    let behind = sql.split("create role ").skip(1);
    let name = |it: &str| it.split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap_or_default().to_owned();
    behind.map(name).filter(|it| !it.is_empty()).collect()
}

/// Others may make it at the same moment: roles belong to the whole server.
fn create_role(name: &str) -> String {
    let create = format!("create role {}", palisade_sql::quote_ident(name));
    format!("do $role$ begin {create}; exception when duplicate_object or unique_violation then null; end $role$")
}
