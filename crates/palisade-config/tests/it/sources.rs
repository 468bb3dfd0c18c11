//! Secrets from variables, files and commands.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use palisade_config::{ExposeSecret, SecretError, SecretSource, Variables, secrets};

use crate::fixture::Fixture;

fn resolve(source: &SecretSource, variables: &[(&str, &str)]) -> Result<String, SecretError> {
    source.resolve(&Variables::from_pairs(variables.to_vec())).map(|it| it.expose_secret().to_owned())
}

fn shell(script: &str) -> SecretSource {
    SecretSource::Command { argv: ["sh", "-c", script].map(str::to_owned).into() }
}

fn shown(outcome: Result<String, SecretError>) -> String {
    let error = outcome.unwrap_err();
    let cause = std::error::Error::source(&error).map(|it| format!("\n  because: {it}")).unwrap_or_default();
    format!("{error}{cause}\n  help: {}", error.help())
}

#[test]
fn a_variable_gives_its_value() {
    let source = SecretSource::Env { name: "X".to_owned() };
    assert_eq!(resolve(&source, &[("X", "a secret")]).unwrap(), "a secret");
    assert_snapshot!(shown(resolve(&source, &[("X", "")])), @r"
    variable `X` is not set
      help: set `X` in `.env` or in the environment, see `.env.template`
    ");
}

#[test]
fn a_file_gives_its_content_without_the_last_line_break() {
    let fixture = Fixture::new(&[]);
    for (content, secret) in [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a\nb ", " a\nb ")] {
        let path = fixture.write("secret", content);
        assert_eq!(resolve(&SecretSource::File { path }, &[]).unwrap(), secret, "{content:?}");
    }
}

#[test]
fn a_file_may_be_in_the_home_directory() {
    let fixture = Fixture::new(&[("home/secret", "a")]);
    let source = SecretSource::File { path: "~/secret".into() };
    assert_eq!(resolve(&source, &[("HOME", fixture.path("home").as_str())]).unwrap(), "a");
    assert_snapshot!(shown(resolve(&source, &[])), @r"
    secret file `~/secret` is relative to the home directory, and `HOME` is not set
      help: name the file by its absolute path
    ");
}

#[test]
fn files_without_a_secret_are_errors() {
    let fixture = Fixture::new(&[("empty", "\n"), ("long", &"x".repeat(70_000))]);
    std::fs::write(fixture.path("binary"), [0xff, 0xfe]).unwrap();
    let ask = |name: &str| {
        shown(resolve(&SecretSource::File { path: fixture.path(name) }, &[]))
            .replace(fixture.project.root.as_str(), "<project>")
    };
    assert_snapshot!(ask("missing"), @r"
    secret file `<project>/missing` cannot be read
      because: No such file or directory (os error 2)
      help: create `<project>/missing`, or name another source in `config/`
    ");
    assert_snapshot!(ask("empty"), @r"
    secret file `<project>/empty` has nothing
      help: it must hold the secret and nothing else
    ");
    assert_snapshot!(ask("long"), @r"
    secret file `<project>/long` has more than 64 KiB
      help: it must hold the secret and nothing else
    ");
    assert_snapshot!(ask("binary"), @r"
    secret file `<project>/binary` has something that is not UTF-8
      help: it must hold the secret and nothing else
    ");
}

#[test]
fn a_file_that_everybody_can_read_is_a_warning() {
    let fixture = Fixture::new(&[("secret", "x"), ("config/prod.toml", "url = { file = 'secret' }")]);
    let warnings = |mode| {
        std::fs::set_permissions(fixture.path("secret"), std::fs::Permissions::from_mode(mode)).unwrap();
        let warnings = fixture.load("prod", &[]).unwrap().warnings;
        warnings.join("\n").replace(fixture.project.root.as_str(), "<project>")
    };
    assert_eq!(warnings(0o640), "");
    assert_snapshot!(warnings(0o644), @"secret file `<project>/secret` can be read by every user; `chmod o-r <project>/secret` changes that");
}

#[test]
fn a_command_gives_what_it_prints() {
    assert_eq!(resolve(&shell("echo a secret"), &[]).unwrap(), "a secret");
    assert_eq!(resolve(&shell("printf 'a\\nb\\n'; echo noise >&2"), &[]).unwrap(), "a\nb");
}

#[test]
fn arguments_do_not_pass_through_a_shell() {
    let source = SecretSource::Command { argv: ["echo", "$HOME `id` ; 'x'"].map(str::to_owned).into() };
    assert_eq!(resolve(&source, &[]).unwrap(), "$HOME `id` ; 'x'");
}

#[test]
fn a_command_has_no_input() {
    assert_eq!(resolve(&shell("read line; echo got:$line"), &[]).unwrap(), "got:");
}

#[test]
fn a_command_gets_no_variable_with_a_database_url() {
    // `HOME` is what surely exists; the snapshot says that it holds a URL, which is all that counts.
    let script = shell("echo ${HOME-gone}");
    assert_eq!(resolve(&script, &[("HOME", "postgres://u:p@h/d")]).unwrap(), "gone");
    assert_ne!(resolve(&script, &[("HOME", "/root")]).unwrap(), "gone");
}

#[test]
fn errors_of_commands_name_the_program_and_nothing_else() {
    let failing = shell("echo hunter22; echo hunter23 >&2; exit 3");
    assert_snapshot!(shown(resolve(&failing, &[])), @r"
    program `sh`, which should print a secret, ended with exit status: 3
      help: run `sh` yourself to see what it says; perhaps it wants you to sign in
    ");
    let missing = SecretSource::Command { argv: ["no-such-program", "hunter22"].map(str::to_owned).into() };
    assert_snapshot!(shown(resolve(&missing, &[])), @r"
    program `no-such-program` cannot be started to read a secret
      because: No such file or directory (os error 2)
      help: install `no-such-program`, or name it by its absolute path in `config/`
    ");
    assert_snapshot!(shown(resolve(&shell("true"), &[])), @r"
    output of `sh` has nothing
      help: it must hold the secret and nothing else
    ");
    assert_snapshot!(shown(resolve(&shell("printf '\\377'"), &[])), @r"
    output of `sh` has something that is not UTF-8
      help: it must hold the secret and nothing else
    ");
    assert_snapshot!(shown(resolve(&shell("kill -9 $$"), &[])), @r"
    program `sh`, which should print a secret, ended with signal: 9 (SIGKILL)
      help: run `sh` yourself to see what it says; perhaps it wants you to sign in
    ");
    assert_snapshot!(shown(resolve(&shell("yes"), &[])), @r"
    output of `sh` has more than 64 KiB
      help: it must hold the secret and nothing else
    ");
}

#[test]
fn a_program_of_the_project_is_found_from_everywhere() {
    let fixture = Fixture::new(&[
        ("bin/secret", "#!/bin/sh\necho postgres://me@host/db"),
        ("config/prod.toml", "url = { command = ['bin/secret'] }"),
    ]);
    std::fs::set_permissions(fixture.path("bin/secret"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let endpoint = format!("{:?}", fixture.endpoint("prod", &[]).unwrap());
    assert_eq!(endpoint, "Url(DatabaseUrl(postgresql://me@host:5432/db))");
}

#[test]
fn what_was_resolved_is_redacted() {
    resolve(&shell("echo s3cret-of-a-command"), &[]).unwrap();
    let variables = [("X", "postgres://me:s3cret%40url@host/db")];
    resolve(&SecretSource::Env { name: "X".to_owned() }, &variables).unwrap();
    let text = "s3cret-of-a-command s3cret@url s3cret%40url";
    assert_eq!(secrets().redact(text), "•••• •••• ••••");
}
