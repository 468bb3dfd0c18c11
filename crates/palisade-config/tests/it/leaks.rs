//! No secret in anything that can be printed, whatever is wrong with it and wherever it stands.

use palisade_config::{ConfigError, DatabaseUrl, ExposeSecret, Overrides, SecretString, Variables, load};
use proptest::prelude::*;

use crate::fixture::{Fixture, shown};

/// Passwords people have: with quotes, `%`, `#`, unicode, line breaks, or looking like a number. Long enough not to turn
/// up in a message by chance.
fn password() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{9,14}",
        "0x[0-9a-f]{9}|00[1-9]{9}|[1-9]{5}e[1-9]{5}",
        "[!-~]{3}zQ[!-~]{4}",
        "[!-~äß日🦀'\"%#@]{2}zQ[äß日🦀'\"%#@\\\\$ ]{4}",
        "ab\nzQ[a-z]{4}",
        "postgres://u:zQ[a-z]{5}@h/d",
    ]
}

/// Everything a caller can print of what happened.
fn printable(fixture: &Fixture, name: &str, variables: &Variables) -> String {
    let name = name.parse().unwrap();
    let tell = |error: &ConfigError| format!("{} {error:?}", shown(error));
    let environment = match load(&fixture.project, &name, variables, &Overrides::default()) {
        Ok(environment) => environment,
        Err(error) => return tell(&error),
    };
    let endpoints = [environment.endpoint(variables), environment.direct_endpoint(variables)];
    let endpoints = endpoints.map(|it| it.map_or_else(|error| tell(&error), |endpoint| format!("{endpoint:?}")));
    format!("{environment:?} {variables:?} {:?} {}", environment.settings(variables), endpoints.concat())
}

/// Whether `text` shows `password`, plainly or as `Debug` writes it.
fn shows(text: &str, password: &str) -> bool {
    let escaped = format!("{password:?}");
    text.contains(password) || text.contains(&escaped[1..escaped.len() - 1])
}

fn toml(text: &str) -> String {
    let escaped: Vec<String> = text.chars().map(|it| format!("\\U{:08x}", u32::from(it))).collect();
    format!("\"{}\"", escaped.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_printable_holds_a_password_that_is_in_a_variable(password in password()) {
        let fixture = Fixture::new(&[]);
        let good = DatabaseUrl { password: Some(SecretString::from(password.clone())), .."postgres://u@db.example.com/d".parse().unwrap() };
        let good = good.expose().expose_secret().to_owned();
        for url in [
            good.clone(),
            format!("{good}?sslmode=sometimes"),
            format!("postgres://u:{password}@db.example.com/d"),
            format!("postgres://{password}"),
            format!("postgres://u@{password}/d"),
            format!("postgres://u@h:{password}/d"),
            format!("postgres://u@h/d?sslmode={password}"),
            format!("postgres://u@h/d?password={password}"),
            password.clone(),
        ] {
            // The host and the database are shown on purpose; where these are the password, nobody can help.
            if url.parse::<DatabaseUrl>().is_ok_and(|it| shows(&format!("{it:?}"), &password)) {
                continue;
            }
            for names in [["PROD_DATABASE_URL", "X"], ["PROD_DATABASE_URL", "DIRECT_URL"], ["PROD_DIRECT_URL", "PALISADE_LOCK_TIMEOUT"]] {
                let variables = Variables::from_pairs(names.map(|it| (it, url.as_str())));
                let text = printable(&fixture, "prod", &variables);
                prop_assert!(!shows(&text, &password), "{url}: {text}");
            }
        }
    }

    #[test]
    fn nothing_printable_holds_a_password_that_is_in_a_file(password in password()) {
        let in_toml = toml(&password);
        let url = toml(&format!("postgres://u:{password}@h/d"));
        let raw = password.replace('\n', "");
        for content in [
            format!("url = {in_toml}"),
            format!("url = {url}"),
            format!("url = {{ env = {url} }}"),
            format!("url = {{ password = {in_toml} }}"),
            format!("url = {{ file = 'x', password = {in_toml} }}"),
            format!("password = {in_toml}"),
            format!("expect.host = {url}"),
            format!("lock-timeout = {in_toml}"),
            format!("protected = {in_toml}"),
            format!("gates = {in_toml}"),
            format!("{in_toml} = 1"),
            format!("[{in_toml}]"),
            format!("url = {raw}"),
            format!("url = '{raw}"),
            format!("x = {in_toml}\nx = {in_toml}"),
            format!("{in_toml} = 1\n{in_toml} = 2"),
            format!("protected = true\n{raw}\n"),
        ] {
            let fixture = Fixture::new(&[("config/prod.toml", &content)]);
            let text = printable(&fixture, "prod", &Variables::from_pairs::<&str, &str>([]));
            prop_assert!(!shows(&text, &password), "{content}: {text}");
        }
    }

    #[test]
    fn nothing_printable_holds_a_password_that_is_in_an_env_file(password in password()) {
        for content in [
            password.clone(),
            format!("A={password}"),
            format!("A=\"{password}"),
            format!("A='{password}'x"),
            format!("A=1\nA={password}"),
            format!("A=`{password}`{password}"),
            format!("{password}=x"),
            format!("PROD_DATABASE_URL='{password}'"),
            format!("PROD_DATABASE_URL=\"postgres://u:{password}@h/d\""),
        ] {
            let fixture = Fixture::new(&[(".env", &content)]);
            let text = match fixture.variables("prod") {
                Ok(variables) => {
                    // A password in the place of a name is one that `Debug` would show.
                    if variables.names().iter().any(|it| it.contains(&password)) { continue }
                    printable(&fixture, "prod", &variables)
                }
                Err(error) => format!("{} {error:?}", shown(&error)),
            };
            prop_assert!(!shows(&text, &password), "{content}: {text}");
        }
    }

    #[test]
    fn nothing_printable_holds_a_password_from_a_secret_file_or_command(password in password(), url in any::<bool>()) {
        let secret = if url { format!("postgres://u:{password}@h/d") } else { password.clone() };
        for source in ["{ file = 'secret' }", "{ command = ['cat', 'SECRET'] }", "{ command = ['sh', '-c', 'cat SECRET; exit 1'] }"] {
            let fixture = Fixture::new(&[("secret", &secret)]);
            let source = source.replace("SECRET", fixture.path("secret").as_str());
            fixture.write("config/prod.toml", &format!("url = {source}"));
            let text = printable(&fixture, "prod", &Variables::from_pairs::<&str, &str>([]));
            prop_assert!(!shows(&text, &password), "{source}: {text}");
        }
    }
}
