//! What is told of two backups.

use jiff::Timestamp;
use palisade_backup::{
    AppliedMigration, BackupName, Change, Engine, Extension, ExtensionChange, MANIFEST_FORMAT, Manifest, RowsChange,
    Sequence, SequenceChange, SequencePosition, SnapshotFacts, Source, TableContents, TableRows, compare, shrunk,
};

pub(crate) fn manifest(tables: &[(&str, u64, &str)]) -> Manifest {
    let at = Timestamp::UNIX_EPOCH;
    let table = |&(name, rows, digest): &(&str, u64, &str)| TableContents {
        schema: "public".to_owned(),
        name: name.to_owned(),
        columns: Vec::new(),
        rows,
        bytes: rows,
        digest: digest.to_owned(),
    };
    Manifest {
        format: MANIFEST_FORMAT,
        name: "dev-00000000000000000000000000".parse::<BackupName>().unwrap(),
        palisade_version: String::new(),
        source: Source { host: String::new(), port: 5432, database: String::new(), database_oid: 1, system: None },
        server_version: "15.18".to_owned(),
        client_version: "15.18".to_owned(),
        engine: Engine::Single,
        snapshot: SnapshotFacts { at, lsn: None },
        migrations: None,
        fingerprint: "f".to_owned(),
        extensions: Vec::new(),
        tables: tables.iter().map(table).collect(),
        sequences: Vec::new(),
        large_objects: 0,
        parts: Vec::new(),
        encryption: None,
        compression: 3,
        exclusions: Vec::new(),
        warnings: Vec::new(),
        database_bytes: 0,
        started_at: at,
        finished_at: at,
        stages: Vec::new(),
    }
}

#[test]
fn the_same_is_the_same_whatever_its_size() {
    let old = manifest(&[("a", 1, "x")]);
    let new = Manifest { database_bytes: 8192, ..old.clone() };
    let comparison = compare(&old, &new);
    assert!(comparison.is_same(), "{comparison:?}");
    assert_eq!(comparison.database_bytes, Change { old: 0, new: 8192 });
}

#[test]
fn tables_are_added_removed_grown_and_changed() {
    let old = manifest(&[("changed", 2, "x"), ("grown", 1, "x"), ("removed", 3, "x"), ("same", 1, "x")]);
    let new = manifest(&[("added", 4, "x"), ("changed", 2, "y"), ("grown", 9, "y"), ("same", 1, "x")]);
    let comparison = compare(&old, &new);
    let with = |name: &str, rows| vec![TableRows { table: format!("public.{name}"), rows }];
    assert_eq!(comparison.tables_added, with("added", 4));
    assert_eq!(comparison.tables_removed, with("removed", 3));
    assert_eq!(comparison.contents_changed, with("changed", 2));
    assert_eq!(comparison.rows_changed, [RowsChange { table: "public.grown".to_owned(), old: 1, new: 9 }]);
    assert_eq!(comparison.rows, Change { old: 7, new: 16 });
    assert!(!comparison.schema_changed && !comparison.is_same());
}

#[test]
fn sequences_move_come_and_go() {
    let sequence = |name: &str, last_value, is_called| Sequence {
        schema: "public".to_owned(),
        name: name.to_owned(),
        last_value,
        is_called,
    };
    let with = |sequences: &[Sequence]| Manifest { sequences: sequences.to_vec(), ..manifest(&[]) };
    let old = with(&[sequence("gone", 1, true), sequence("same", 5, true), sequence("used", 1, false)]);
    let new = with(&[sequence("same", 5, true), sequence("used", 1, true)]);
    let at = |last_value, is_called| Some(SequencePosition { last_value, is_called });
    assert_eq!(
        compare(&old, &new).sequences,
        [
            SequenceChange { sequence: "public.gone".to_owned(), old: at(1, true), new: None },
            SequenceChange { sequence: "public.used".to_owned(), old: at(1, false), new: at(1, true) },
        ]
    );
}

#[test]
fn migrations_are_added_removed_and_edited() {
    let migration = |version, checksum: &str| AppliedMigration { version, checksum: checksum.to_owned() };
    let old = manifest(&[]);
    let some = Manifest { migrations: Some(vec![migration(1, "a"), migration(2, "b")]), ..old.clone() };
    let others = Manifest { migrations: Some(vec![migration(2, "c"), migration(3, "d")]), ..old.clone() };
    assert_eq!(compare(&old, &some).migrations_added, [migration(1, "a"), migration(2, "b")]);
    let comparison = compare(&some, &others);
    assert_eq!(comparison.migrations_added, [migration(3, "d")]);
    assert_eq!(comparison.migrations_removed, [migration(1, "a")]);
    assert_eq!(comparison.migrations_edited, [2]);
}

#[test]
fn extensions_and_the_schema_change() {
    let extension = |name: &str, version: &str| Extension { name: name.to_owned(), version: version.to_owned() };
    let old = Manifest { extensions: vec![extension("hstore", "1.8"), extension("citext", "1.6")], ..manifest(&[]) };
    let new = Manifest { extensions: vec![extension("citext", "1.7")], fingerprint: "g".to_owned(), ..manifest(&[]) };
    let comparison = compare(&old, &new);
    let version = |it: &str| Some(it.to_owned());
    assert!(comparison.schema_changed);
    assert_eq!(
        comparison.extensions,
        [
            ExtensionChange { name: "citext".to_owned(), old: version("1.6"), new: version("1.7") },
            ExtensionChange { name: "hstore".to_owned(), old: version("1.8"), new: None },
        ]
    );
}

#[test]
fn a_comparison_can_be_written_as_json() {
    let json = serde_json::to_value(compare(&manifest(&[("a", 1, "x")]), &manifest(&[]))).unwrap();
    assert_eq!(json["tables_removed"], serde_json::json!([{ "table": "public.a", "rows": 1 }]));
}

#[test]
fn large_losses_are_told() {
    let previous =
        manifest(&[("emptied", 200, ""), ("gone", 100, ""), ("half", 1000, ""), ("more", 1000, ""), ("small", 99, "")]);
    let new = manifest(&[("emptied", 0, ""), ("half", 500, ""), ("more", 499, ""), ("small", 0, "")]);
    let name = &previous.name;
    assert_eq!(
        shrunk(&previous, &new, 50),
        [
            format!("public.emptied has 0 rows, 100 % less than the 200 of {name}"),
            format!("public.gone is gone, it had 100 rows in {name}"),
            format!("public.more has 499 rows, 50 % less than the 1000 of {name}"),
            format!("all tables together have 999 rows, 58 % less than the 2399 of {name}"),
        ]
    );
    assert_eq!(shrunk(&new, &previous, 0), [""; 0]);
    assert_eq!(shrunk(&previous, &previous, 0), [""; 0]);
    assert_eq!(shrunk(&previous, &new, 100), [""; 0]);
}
