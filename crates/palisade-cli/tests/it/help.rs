//! `--help`.

use crate::support::{palisade, run};

#[test]
fn the_first_page_lists_the_commands_by_what_they_are_for() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(palisade(directory.path()).env("COLUMNS", "100"), "--help").expect(0);
    insta::assert_snapshot!(ended.out, @"");
}

#[test]
fn every_command_explains_itself_with_examples() {
    let directory = tempfile::tempdir().unwrap();
    let page = run(&mut palisade(directory.path()), "--help").expect(0).out;
    let commands = page.lines().take_while(|it| !it.starts_with("Options of every command"));
    let commands = commands.filter_map(|it| it.strip_prefix("  ")?.split_whitespace().next());
    for command in commands {
        let help = run(&mut palisade(directory.path()), &format!("{command} --help")).expect(0).out;
        let examples = help.split("\nExamples:\n").nth(1).unwrap_or_default();
        assert!(examples.contains(&format!("palisade {command}")), "{help}");
    }
}
