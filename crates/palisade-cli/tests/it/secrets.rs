//! No password leaves any command, whatever it looks like and however it fails.

use crate::support::{Ended, Project, misbehave, palisade, project, run};
use proptest::prelude::*;
use std::process::Command;

/// Quotes, percent signs, unicode, newlines, things that look like numbers, options, URLs or TOML.
fn password() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{8,24}",
        "[0-9]{8,12}",
        "[a-zäöüß€漢字😀'\"%\\\\$@:/?#\\n\\t ]{8,16}",
        "--[a-z]{8,12}=[a-z]{4}",
        "postgres://[a-z]{8}:[a-z]{8}@[a-z]{8}",
    ]
    .prop_filter("a password that is blank is none", |it| it.trim().len() >= 8)
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, it| format!("{encoded}%{it:02X}"))
}

/// Commands that reach for the database, and those that talk about its URL.
const COMMANDS: [&str; 12] = [
    "doctor -vvv",
    "doctor --output json",
    "env show",
    "env list --output json",
    "db-status -v",
    "db-status --output json",
    "db-seed",
    "db-diff --from env:dev --to empty -v",
    "db-diff --from empty --to url:DATABASE_URL --output json",
    "db-pull --snapshot taken.json",
    "db-url --env prod",
    "backup --output json",
];

fn hides(ended: &Ended, secrets: &[String], line: &str) -> Result<(), TestCaseError> {
    for text in [&ended.out, &ended.err] {
        for secret in secrets {
            prop_assert!(!text.contains(secret.as_str()), "`{line}` shows `{secret}`: {ended:#?}");
        }
    }
    Ok(())
}

fn command(program: fn(&std::path::Path) -> Command, project: &Project, url: &str) -> Command {
    let mut command = program(project.path());
    // All logs there are: sqlx's and tokio's too.
    command.env("PALISADE_LOG", "trace,sqlx=trace").env("RUST_BACKTRACE", "1").env("DATABASE_URL", url);
    command
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_command_shows_a_password(password in password()) {
        let project = project();
        project.write("seeds/1.sql", "select 1;");
        project.write("migrations/1_first.sql", "select 1;");
        // As the program would print it, in JSON, in `Debug` and in a URL.
        let json = serde_json::to_string(&password).unwrap();
        let secrets = [password.clone(), json.trim_matches('"').to_owned(), encoded(&password), format!("{password:?}")];
        // Port 9 is the discard service: nobody listens there. The second URL is not even one.
        let urls = [
            format!("postgres://me:{}@127.0.0.1:9/app", encoded(&password)),
            format!("postgres://me:{password}@127.0.0.1:9/app"),
        ];
        for url in urls {
            for line in COMMANDS {
                let ended = run(&mut command(palisade, &project, &url), line);
                hides(&ended, &secrets, line)?;
            }
            for line in ["panic", "chatter", "chatter --output json", "chatter --nope"] {
                let mut command = command(misbehave, &project, &url);
                let ended = run(command.args(line.split(' ')).arg(&url), "");
                hides(&ended, &secrets, line)?;
            }
        }
    }
}
