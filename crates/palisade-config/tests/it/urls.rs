//! Database URLs: what is understood, what is refused, and that nothing is lost.

use std::collections::BTreeMap;

use palisade_config::{DatabaseUrl, ExposeSecret, Host, SecretString, SslMode, UrlError};
use proptest::prelude::*;

fn parse(text: &str) -> Result<DatabaseUrl, UrlError> {
    text.parse()
}

#[test]
fn parts_are_decoded() {
    let url =
        parse("postgres://us%40er:p%25w%20%C3%A4@Host.example:6000/my%2Fdb?pgbouncer=true&application_name=a%26b")
            .unwrap();
    assert_eq!(url.user, "us@er");
    assert_eq!(url.password.as_ref().map(ExposeSecret::expose_secret), Some("p%w ä"));
    assert_eq!(url.host, Host::Tcp("Host.example".to_owned()));
    assert_eq!(url.port, 6000);
    assert_eq!(url.database, "my/db");
    assert_eq!(url.parameters["pgbouncer"], "true");
    assert_eq!(url.parameters["application_name"], "a&b");
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    for text in ["postgres://me@host", "postgresql://me@host/", "POSTGRES://me@host:/me", " postgres://me:@host\n"] {
        let url = parse(text).unwrap();
        assert_eq!((url.user.as_str(), url.port, url.database.as_str()), ("me", 5432, "me"), "{text}");
        assert!(url.password.is_none(), "{text}");
    }
}

#[test]
fn sockets_and_addresses_are_hosts() {
    let socket = |path: &str| Host::Socket(path.into());
    let tcp = |name: &str| Host::Tcp(name.to_owned());
    for (text, host, port, local) in [
        ("postgres://me@/db?host=/run/pg", socket("/run/pg"), 5432, true),
        ("postgres://me@/db?host=/run/pg&port=6000", socket("/run/pg"), 6000, true),
        ("postgres://me@ignored:1/db?host=%2Frun%2Fpg", socket("/run/pg"), 1, true),
        ("postgres://me@%2Frun%2Fpg:6000/db", socket("/run/pg"), 6000, true),
        ("postgres://me@[::1]:6000/db", tcp("::1"), 6000, true),
        ("postgres://me@[fe80::1%25eth0]/db", tcp("fe80::1%eth0"), 5432, false),
        ("postgres://me@127.0.0.2/db", tcp("127.0.0.2"), 5432, true),
        ("postgres://me@sub.localhost/db", tcp("sub.localhost"), 5432, true),
        ("postgres://me@10.0.0.1/db", tcp("10.0.0.1"), 5432, false),
        ("postgres://host/db?user=me", tcp("host"), 5432, false),
    ] {
        let url = parse(text).unwrap();
        assert_eq!((&url.host, url.port, url.is_local()), (&host, port, local), "{text}");
        assert_eq!(parse(url.expose().expose_secret()).unwrap(), url, "{text}");
    }
}

#[test]
fn parameters_win_as_in_libpq() {
    let url = parse("postgres://a:b@c:1/d?user=e&password=f%20&host=g&port=2&dbname=h").unwrap();
    let expected = parse("postgres://e:f%20@g:2/h").unwrap();
    assert_eq!(url, expected);
}

#[test]
fn faults_are_told_apart_and_show_nothing() {
    let reserved = |character| UrlError::Reserved { character };
    for (text, error) in [
        ("", UrlError::Scheme),
        ("hunter22", UrlError::Scheme),
        ("mysql://u:hunter22@h/d", UrlError::Scheme),
        ("https://abc.supabase.co", UrlError::Scheme),
        ("postgres://u:hunter22#x@h/d", reserved('#')),
        ("postgres://u:hunter22@x@h/d", reserved('@')),
        ("postgres://u:hunter22/x@h/d", reserved('/')),
        ("postgres://u:hunter22?x@h/d", reserved('?')),
        ("postgres://u:hunter22%x@h/d", reserved('%')),
        ("postgres://u:hunter22%@h/d", reserved('%')),
        ("postgres://u:hunter22%4@h/d", reserved('%')),
        ("postgres://u:hunter22%ff@h/d", UrlError::NotText { part: "password" }),
        ("postgres://u:hunter22%00@h/d", UrlError::NotText { part: "password" }),
        ("postgres://u:hunter22 x@h/d", UrlError::WhiteSpace),
        ("postgres://u:hunter22\nx@h/d", UrlError::WhiteSpace),
        ("postgres://u:[YOUR-PASSWORD]@h/d", UrlError::Placeholder),
        ("postgres://h/d", UrlError::NoUser),
        ("postgres://:hunter22@h/d", UrlError::NoUser),
        ("postgres://u:hunter22@/d", UrlError::NoHost),
        ("postgres://u:hunter22@h1,h2/d", UrlError::ManyHosts),
        ("postgres://u:hunter22@h1:1,h2:2/d", UrlError::ManyHosts),
        ("postgres://u:hunter22@::1/d", UrlError::Host),
        ("postgres://u:hunter22@[::1/d", UrlError::Host),
        ("postgres://u:hunter22@ho\"st/d", UrlError::Host),
        ("postgres://u:hunter22@h:0/d", UrlError::Port),
        ("postgres://u:hunter22@h:+1/d", UrlError::Port),
        ("postgres://u:hunter22@h:65536/d", UrlError::Port),
        ("postgres://u:hunter22@h/d?x", UrlError::Parameters),
        ("postgres://u:hunter22@h/d?x=1&x=2", UrlError::Parameters),
        ("postgres://u:hunter22@h/d?sslmode=always", UrlError::SslMode),
    ] {
        let found = parse(text).unwrap_err();
        assert_eq!(found, error, "{text}");
        assert!(!format!("{found} {found:?} {}", found.help()).contains("hunter22"), "{text}");
    }
}

#[test]
fn a_reserved_character_comes_with_its_escape() {
    insta::assert_snapshot!(UrlError::Reserved { character: '#' }.help(), @"write `#` as `%23`; in user and password these must be percent-encoded: `%` %25, `#` %23, `@` %40, `/` %2F, `:` %3A, `?` %3F, space %20");
}

#[test]
fn shown_urls_have_no_secret() {
    let url = parse("postgres://me:hunter22@h/d?sslmode=require&sslpassword=hunter23&options=hunter24&pgbouncer=true")
        .unwrap();
    insta::assert_snapshot!(url, @"postgresql://me:••••@h:5432/d?options=••••&pgbouncer=true&sslmode=require&sslpassword=••••");
    insta::assert_snapshot!(format!("{url:?}"), @"DatabaseUrl(postgresql://me:••••@h:5432/d?options=••••&pgbouncer=true&sslmode=require&sslpassword=••••)");
}

#[test]
fn tls_is_strict_for_remote_servers_unless_somebody_says_otherwise() {
    let effective = |configured, url: &str| SslMode::effective(configured, &parse(url).unwrap());
    assert_eq!(effective(None, "postgres://me@db.example.com/d"), SslMode::VerifyFull);
    assert_eq!(effective(None, "postgres://me@localhost/d"), SslMode::Prefer);
    assert_eq!(effective(None, "postgres://me@db.example.com/d?sslmode=require"), SslMode::Require);
    assert_eq!(effective(Some(SslMode::VerifyCa), "postgres://me@h/d?sslmode=disable"), SslMode::VerifyCa);
}

#[test]
fn another_database_of_the_same_server() {
    let url = parse("postgres://me:hunter22@h:1/d?x=y").unwrap();
    assert_eq!(url.with_database("a/b"), parse("postgres://me:hunter22@h:1/a%2Fb?x=y").unwrap());
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{1,20}", "[0-9]{1,12}", "['\"%@:/?#\\[\\]\\\\ \n+&=]{1,8}", "true|null|007|1e5|\\$HOME"]
}

fn host() -> impl Strategy<Value = Host> {
    let names = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,10}\\.){0,2}[a-z]{1,5}".prop_map(Host::Tcp);
    let addresses = any::<std::net::IpAddr>().prop_map(|it| Host::Tcp(it.to_string()));
    let sockets = text().prop_map(|it| Host::Socket(format!("/{it}").into()));
    prop_oneof![names, addresses, sockets]
}

/// Names that are parameters for us, and not another way to name the parts of the URL.
fn parameters() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("x_[^\0]{0,8}", "[^\0]{0,12}", 0..3)
}

prop_compose! {
    fn urls()(
        user in text(),
        password in proptest::option::of(text()),
        host in host(),
        port in 1..=u16::MAX,
        database in text(),
        parameters in parameters(),
    ) -> DatabaseUrl {
        DatabaseUrl { user, password: password.map(SecretString::from), host, port, database, parameters }
    }
}

proptest! {
    #[test]
    fn exposed_urls_read_back_the_same(url in urls()) {
        let exposed = url.expose();
        prop_assert_eq!(&parse(exposed.expose_secret()).unwrap(), &url);
        prop_assert_eq!(url.identity(), parse(exposed.expose_secret()).unwrap().identity());
    }

    /// The `url` crate is what sqlx reads URLs with.
    #[test]
    fn other_readers_find_the_same_password(url in urls()) {
        let exposed = url.expose();
        let theirs = url::Url::parse(exposed.expose_secret()).unwrap();
        let decode = |text: &str| {
            let pair = format!("x={}", text.replace('+', "%2B"));
            url::form_urlencoded::parse(pair.as_bytes()).next().unwrap().1.into_owned()
        };
        prop_assert_eq!(decode(theirs.username()), url.user.clone());
        prop_assert_eq!(theirs.password().map(decode), url.password.as_ref().map(|it| it.expose_secret().to_owned()));
        prop_assert_eq!(theirs.port(), Some(url.port));
        // WHATWG resolves `.` and `..` in a path, however they are encoded: no URL can name such a database to it.
        if url.database != "." && url.database != ".." {
            prop_assert_eq!(decode(&theirs.path()[1..]), url.database.clone());
        }
        let theirs: BTreeMap<String, String> = theirs.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        prop_assert_eq!(theirs, url.parameters);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(postgres://)?[a-z:@/?#%\\[\\]0-9,=& ]{0,40}") {
        if let Ok(url) = parse(&text) {
            prop_assert_eq!(&parse(url.expose().expose_secret()).unwrap(), &url);
        }
    }
}
