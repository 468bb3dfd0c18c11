//! Which files of a directory are policy files.

use palisade_rls::{PolicyScript, ScriptError};
use palisade_tests::Directory;

fn paths(script: &PolicyScript) -> Vec<&str> {
    script.files().iter().map(|it| it.path.as_str()).collect()
}

#[test]
fn sql_files_of_all_depths_in_the_order_of_their_paths() {
    let directory = Directory::new();
    for path in ["rls/public/b.sql", "rls/public/a.sql", "rls/z.sql", "rls/public/deep/er/c.SQL"] {
        directory.write(path, "-- nothing");
    }
    for path in
        ["rls/personas.toml", "rls/access.lock", "rls/.hidden.sql", "rls/.git/x.sql", "rls/a.sql~", "rls/b.SQL.bak"]
    {
        directory.write(path, "drop table t");
    }
    let script = PolicyScript::read(&directory.path().join("rls")).unwrap();
    assert_eq!(paths(&script), ["rls/public/a.sql", "rls/public/b.sql", "rls/public/deep/er/c.SQL", "rls/z.sql"]);
}

#[test]
fn without_a_directory_there_are_no_policies() {
    let script = PolicyScript::read(&Directory::new().path().join("rls")).unwrap();
    assert_eq!(paths(&script), Vec::<&str>::new());
}

#[test]
fn every_finding_of_every_file_is_told() {
    let directory = Directory::new();
    directory.write("rls/a.sql", "begin;\ndrop table t;");
    directory.write("rls/b.sql", "\\i a.sql");
    let error = PolicyScript::read(&directory.path().join("rls")).unwrap_err();
    let ScriptError::Refused { findings } = &error else { panic!("{error}") };
    let places: Vec<_> = findings.iter().map(|it| format!("{}:{}", it.path, it.excerpt.at)).collect();
    assert_eq!(places, ["rls/a.sql:1:1", "rls/a.sql:2:1", "rls/b.sql:1:1"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let directory = Directory::new();
    directory.write("rls/a.sql", b"select '\xff'");
    let error = PolicyScript::read(&directory.path().join("rls")).unwrap_err();
    assert_eq!(error.to_string(), "`rls/a.sql` is not UTF-8: byte 8 is not part of a character");
}
