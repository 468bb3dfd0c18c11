//! What can be the name of an object, and the place of a store.

use palisade_store::{Key, Location, S3Location, StoreError};

#[test]
fn only_plain_names_are_keys() {
    for good in ["a", "a/b", "Prod-1/base_2/20260112T090000Z.zst", "a..b", "-", "1"] {
        assert_eq!(Key::new(good).unwrap().as_str(), good);
    }
    let (long, deep) = ("a".repeat(201), "a/".repeat(300) + "a");
    let bad =
        ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", ".git/config", "a b", "a\0b", "a\nb", "ä", "a~b"];
    for bad in bad.into_iter().chain(["a\\b", "a%2e", "a:b", "a?b", "a*", long.as_str(), deep.as_str()]) {
        let error = Key::new(bad).unwrap_err();
        assert!(matches!(error, StoreError::InvalidKey { .. }), "{bad}");
        assert!(!error.help().is_empty());
    }
    assert!(Key::new("a").unwrap().join("../b").is_err());
    assert_eq!(Key::new("a").unwrap().join("b/c").unwrap().as_str(), "a/b/c");
}

#[test]
fn places_are_paths_or_buckets() {
    let parsed = |it: &str| it.parse::<Location>();
    for path in ["/var/backups", "backups", "../x", "C:odd", "s3:/x"] {
        assert_eq!(parsed(path).unwrap(), Location::Directory(path.into()));
    }
    let bucket = |prefix: Option<&str>| {
        Location::S3(S3Location { bucket: "my-bucket".to_owned(), prefix: prefix.map(|it| Key::new(it).unwrap()) })
    };
    assert_eq!(parsed("s3://my-bucket").unwrap(), bucket(None));
    assert_eq!(parsed("s3://my-bucket/").unwrap(), bucket(None));
    assert_eq!(parsed("s3://my-bucket/prod/db/").unwrap(), bucket(Some("prod/db")));
    assert_eq!(parsed("s3://my-bucket/prod/db").unwrap().to_string(), "s3://my-bucket/prod/db");
    for bad in
        ["", " ", "s3://", "s3://x", "s3://b_!x/y", "s3://bucket//x", "s3://bucket/../x", "gs://b/x", "file:///x"]
    {
        assert!(matches!(parsed(bad), Err(StoreError::InvalidLocation { .. })), "{bad}");
    }
}

#[test]
fn credentials_in_a_place_are_refused_without_repeating_them() {
    let error = "s3://key:hunter2@bucket/x".parse::<Location>().unwrap_err();
    assert!(!format!("{error} {error:?} {}", error.help()).contains("hunter2"));
}
