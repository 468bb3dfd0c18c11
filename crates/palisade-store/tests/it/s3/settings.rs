//! Where settings and credentials come from.

use std::collections::HashMap;
use std::fs;

use camino::Utf8Path;
use palisade_store::{Location, S3Settings, Store, StoreError};
use tempfile::TempDir;

use crate::keys;
use crate::server::{BUCKET, KEY, SECRET, Server};

fn open(settings: &S3Settings, variables: &[(&str, &str)]) -> Result<Store, StoreError> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let location: Location = format!("s3://{BUCKET}").parse().unwrap();
    Store::open(&location, settings, |name| variables.get(name).map(|it| (*it).to_owned()))
}

fn plain() -> S3Settings {
    S3Settings { allow_http: true, retries: 0, ..S3Settings::default() }
}

fn home(credentials: &str, config: &str) -> TempDir {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
    fs::write(home.path().join(".aws/config"), config).unwrap();
    home
}

fn path(home: &TempDir) -> &str {
    Utf8Path::from_path(home.path()).unwrap().as_str()
}

#[tokio::test]
async fn variables_are_those_of_aws() {
    let server = Server::start().await;
    let keys_of_aws = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    for endpoint in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let mut variables = vec![(endpoint, server.address.as_str()), ("AWS_REGION", "eu-central-1")];
        variables.extend(keys_of_aws);
        assert_eq!(keys(&open(&plain(), &variables).unwrap()).await, Vec::<String>::new());
    }
    let error = open(&plain(), &keys_of_aws[..1]).unwrap_err();
    assert!(matches!(&error, StoreError::InvalidSetting { setting, .. } if setting == "AWS_SECRET_ACCESS_KEY"));
}

#[tokio::test]
async fn profiles_are_read_from_both_files() {
    let server = Server::start().await;
    let keys_of = format!("aws_access_key_id={KEY}\naws_secret_access_key = {SECRET}\n");
    let home = home(
        &format!("[default]\naws_access_key_id=NO\naws_secret_access_key=wrong-hunter5\n[one]\n{keys_of}"),
        &format!("[default]\n[profile two]\nregion = eu-west-3\n{keys_of}[profile three]\nsso_session = x\n"),
    );
    let with = |profile: &'static str| {
        open(&plain(), &[("HOME", path(&home)), ("AWS_ENDPOINT_URL", &server.address), ("AWS_PROFILE", profile)])
    };
    for profile in ["one", "two"] {
        assert_eq!(keys(&with(profile).unwrap()).await, Vec::<String>::new());
    }
    let error = with("").unwrap().list(None).await.unwrap_err();
    assert!(matches!(&error, StoreError::Denied { tried, .. } if tried.contains("profile `default`")), "{error:?}");
    assert!(!format!("{error:?}{error}{}", error.help()).contains("hunter5"));
    for profile in ["three", "four"] {
        let error = with(profile).unwrap_err();
        assert!(matches!(&error, StoreError::InvalidSetting { setting, .. } if setting == "AWS_PROFILE"), "{error:?}");
    }
}

/// A container that hands out credentials, which is another server: it says no, and what was tried is told.
#[tokio::test]
async fn what_was_tried_is_told() {
    let server = Server::start().await;
    let off = [("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nowhere")];
    let error = open(&plain(), &off).unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    assert!(error.help().contains("the machine is not to be asked"), "{}", error.help());

    let machine = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.address.as_str())];
    let error = open(&plain(), &machine).unwrap().list(None).await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    assert!(error.help().contains("those of the machine were asked for"), "{}", error.help());

    let token = home("", "");
    let file = format!("{}/token", path(&token));
    fs::write(&file, "token-hunter6").unwrap();
    let role = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/backup"),
        ("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:1"),
    ];
    let error = open(&plain(), &role).unwrap().list(None).await.unwrap_err();
    assert!(error.help().contains("the role `arn:aws:iam::1:role/backup` was asked for"), "{}", error.help());
    assert!(!format!("{error:?}{error}").contains("hunter6"), "{error:?}");
}

#[test]
fn impossible_settings_are_named() {
    type Change = fn(&mut S3Settings);
    let with = |change: Change| {
        let mut settings = S3Settings::default();
        change(&mut settings);
        open(&settings, &[("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)])
    };
    let invalid: [(&str, Change); 9] = [
        ("part_bytes", |it| it.part_bytes = 5 << 20),
        ("part_bytes", |it| it.part_bytes = 65 << 20),
        ("concurrency", |it| it.concurrency = 0),
        ("endpoint", |it| it.endpoint = Some("http://127.0.0.1".to_owned())),
        ("endpoint", |it| it.endpoint = Some("s3.example.com".to_owned())),
        ("endpoint", |it| it.endpoint = Some("https://key:hunter2@s3.example.com".to_owned())),
        ("endpoint", |it| it.endpoint = Some("https://s3.example.com/?x=hunter2".to_owned())),
        ("endpoint", |it| it.endpoint = Some("https://".to_owned())),
        ("endpoint", |it| it.endpoint = Some("ftp://x".to_owned())),
    ];
    for (name, change) in invalid {
        let error = with(change).unwrap_err();
        assert!(matches!(&error, StoreError::InvalidSetting { setting, .. } if setting == name), "{error:?}");
        assert!(!format!("{error:?}{error}{}", error.help()).contains("hunter2"));
    }
    with(|it| it.region = Some("cn-north-1".to_owned())).unwrap();
    with(|it| it.path_style = Some(false)).unwrap();
}
