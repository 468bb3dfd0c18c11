//! `completions` and `man`.

use crate::support::{palisade, run};

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run(palisade(directory.path()).args(["completions", shell]), "").expect(0);
        assert!(ended.out.contains("completions"), "{shell}");
        assert!(!ended.out.contains("cargo xtask"), "{shell}");
    }
}

#[test]
fn man_writes_one_page_a_command_and_touches_nothing_without_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let page = run(&mut palisade(directory.path()), "man").expect(0).out;
    assert!(page.contains(".TH palisade 1"), "{page}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    run(&mut palisade(directory.path()), "man --to pages").expect(0);
    let page = std::fs::read_to_string(directory.path().join("pages/palisade-man.1")).unwrap();
    assert!(page.contains("Directory to write one page a command into"), "{page}");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("pages"), "a file").unwrap();
    let ended = run(&mut palisade(directory.path()), "man --to pages").expect(1);
    assert!(ended.err.contains("could not write the manual pages to `pages`"), "{}", ended.err);
}
