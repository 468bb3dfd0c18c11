//! The whole of a backup from another program: `cargo run -p palisade-backup --example backup -- STORE URL [ENGINE]`.
//!
//! STORE is a directory, or `s3://bucket/prefix`: then the variables of the tools of AWS say how to reach it, `AWS_ENDPOINT_URL`
//! and `AWS_SECRET_ACCESS_KEY` among them. ENGINE is `single` or `parallel`; otherwise the size of the database decides.

use std::error::Error;
use std::io::Write as _;

use palisade_backup::{CreateOptions, EngineChoice, Recipients, create};
use palisade_config::{EnvironmentName, HistoryTable, Variables};
use palisade_db::ConnectSettings;
use palisade_embedded::EmbeddedSettings;
use palisade_store::{S3Settings, Store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (store, url, engine) = match arguments.as_slice() {
        [store, url] => (store, url, "fitting"),
        [store, url, engine] => (store, url, engine.as_str()),
        _ => return Err("give a store and a URL".into()),
    };
    let variables = Variables::process();
    let s3 = S3Settings { allow_http: variables.get("AWS_ALLOW_HTTP") == Some("true"), ..S3Settings::default() };
    let options = CreateOptions {
        store: Store::open(&store.parse()?, &s3, |name| variables.get(name).map(str::to_owned))?,
        engine: match engine {
            "single" => EngineChoice::Single,
            "parallel" => EngineChoice::Parallel,
            _ => EngineChoice::Fitting,
        },
        jobs: 2,
        compression: 1,
        recipients: Recipients::default(),
        environment: EnvironmentName::dev(),
        connect: ConnectSettings::new(url.parse()?),
        history: HistoryTable { schema: "palisade".to_owned(), name: "migrations".to_owned() },
        embedded: EmbeddedSettings::new(".".into(), &variables),
    };
    match create(&options, |_| ()).await {
        Ok(manifest) => Ok(writeln!(std::io::stdout(), "{} ({} bytes)", manifest.name, manifest.bytes())?),
        Err(error) => Err(format!("{error}\nhelp: {}", error.help()).into()),
    }
}
