//! A bucket that cannot be had is named, and no secret is.

use std::error::Error;

use palisade_backup::{CreateError, create, list};
use palisade_store::{Credentials, S3Settings, StoreError};

use crate::s3::{ENGINES, assert_nothing, options};
use crate::server::{BUCKET, KEY, SECRET, Server, open};
use crate::support::Place;

const WRONG: &str = "wrong-hunter3";

/// Every text that somebody may see.
fn shown(error: &CreateError) -> String {
    let causes: Vec<&dyn Error> = std::iter::successors(error.source(), |it| (**it).source()).collect();
    let texts: Vec<String> = causes.iter().map(|it| format!("{it}\n{it:?}")).collect();
    format!("{error}\n{error:?}\n{error:#?}\n{}\n{}", error.help(), texts.join("\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret() {
    let (place, server) = (Place::new().await, Server::start().await);
    let credentials =
        Credentials { access_key_id: KEY.to_owned(), secret_access_key: WRONG.into(), session_token: None };
    let settings = S3Settings { credentials: Some(credentials), ..server.settings() };
    let store = open(&format!("s3://{BUCKET}/some/prefix"), &settings).unwrap();
    for (engine, name) in ENGINES {
        let error = create(&options(&place, &store, engine), |_| ()).await.unwrap_err();
        let shown = shown(&error);
        assert!(matches!(error, CreateError::Store(StoreError::Denied { .. })), "{name}: {shown}");
        assert!(shown.contains(KEY) && ![WRONG, SECRET].iter().any(|it| shown.contains(it)), "{name}: {shown}");
    }
    assert!(matches!(list(&store).await, Err(StoreError::Denied { .. })));
    assert_nothing(&server.store(), "with a wrong secret").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_bucket() {
    let (place, server) = (Place::new().await, Server::start().await);
    let store = open("s3://elsewhere", &server.settings()).unwrap();
    for (engine, name) in ENGINES {
        let error = create(&options(&place, &store, engine), |_| ()).await.unwrap_err();
        let shown = shown(&error);
        assert!(matches!(error, CreateError::Store(StoreError::NoBucket { .. })), "{name}: {shown}");
        assert!(error.to_string().contains("elsewhere") && !shown.contains(SECRET), "{name}: {shown}");
    }
}
