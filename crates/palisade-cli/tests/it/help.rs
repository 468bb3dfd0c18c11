//! `--help`.

use crate::support::{palisade, run};

#[test]
fn the_first_page_lists_the_commands_by_what_they_are_for() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(palisade(directory.path()).env("COLUMNS", "100"), "--help").expect(0);
    insta::assert_snapshot!(ended.out, @r"
    Database workflow for Postgres and Supabase: migrations, row security, backups, a guarded push

    Usage: palisade [OPTIONS] <COMMAND>

    Start here:
      db-init      From a clone to a running database: server, migrations, row security, sample data
      doctor       Check everything that a command relies on, and name the fix for what is wrong
      env          Show the environments of this project and what they resolve to

    Change the schema, work with data:
      db-generate  Make a new migration: what the schema has and the migrations have not
      db-diff      Print the SQL that makes one schema of another
      db-pull      Write a database as SQL files, one for each table, view, function and type
      db-migrate   Apply pending migrations, and nothing else
      db-status    Show what is applied, what is pending, and what is wrong
      db-seed      Load sample data
      db-reset     Empty a database and build it anew: migrations, row security, sample data

    Row security:
      db-rls       Apply row security: policies, grants and their functions from `rls/`
      rls          Say what row security means: who can do what to which rows

    Production:
      db-plan      Show what `db-push` would do, with what the gates say, and the digest that approves it
      db-push      Bring a database to what the files say: migrations, then row security
      db-repair    Correct the history of one migration
      backup       Back up a database; list, verify and restore backups

    The local server:
      db-start     Start the local server of this project
      db-stop      Stop the local server of this project; its data stays
      db-url       Print the connection string of a database, with its password

    Shell:
      completions  Print the completion script of a shell
      man          Print the manual page, or write all of them

    Options of every command:
          --env <NAME>       Environment to work on: a file in `config/` [default: dev]
          --output <FORMAT>  Text for people, or exactly one JSON object for programs [default: text]
      -v, --verbose...       Say more on standard error; twice for all details
      -q, --quiet            Only results and errors
          --non-interactive  Never ask; a decision that is missing is exit code 4
          --color <WHEN>     When to use colours: auto, always or never [default: auto]
          --project <DIR>    Directory of the project, the one that has `config/` [default: found from
                             here upwards]
      -h, --help             Print help
      -V, --version          Print version

    `palisade COMMAND --help` explains a command with examples. A clone becomes a running database with
    `palisade db-init --seed`.
    ");
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
