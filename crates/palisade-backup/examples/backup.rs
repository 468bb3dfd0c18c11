//! The whole of a backup from another program: `cargo run -p palisade-backup --example backup -- STORE URL`.

use std::error::Error;
use std::io::Write as _;

use palisade_backup::{CreateOptions, EngineChoice, Recipients, create};
use palisade_config::{EnvironmentName, HistoryTable, Variables};
use palisade_db::ConnectSettings;
use palisade_embedded::EmbeddedSettings;
use palisade_store::{Location, S3Settings, Store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, url] = arguments.as_slice() else { return Err("give a directory and a URL".into()) };
    let options = CreateOptions {
        store: Store::open(&Location::Directory(store.into()), &S3Settings::default(), |_| None)?,
        engine: EngineChoice::Fitting,
        jobs: 2,
        compression: 1,
        recipients: Recipients::default(),
        environment: EnvironmentName::dev(),
        connect: ConnectSettings::new(url.parse()?),
        history: HistoryTable { schema: "palisade".to_owned(), name: "migrations".to_owned() },
        embedded: EmbeddedSettings::new(".".into(), &Variables::process()),
    };
    match create(&options, |_| ()).await {
        Ok(manifest) => Ok(writeln!(std::io::stdout(), "{} ({} bytes)", manifest.name, manifest.bytes())?),
        Err(error) => Err(format!("{error}\nhelp: {}", error.help()).into()),
    }
}
