//! The newest backup of a store into a database: `cargo run -p palisade-backup --example restore -- STORE URL JOBS`.

use std::error::Error;
use std::io::Write as _;

use palisade_backup::{Overwrite, Owners, RestoreOptions, RestoreTarget, Selection, find, restore};
use palisade_config::Variables;
use palisade_db::ConnectSettings;
use palisade_embedded::EmbeddedSettings;
use palisade_store::{Location, S3Settings, Store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, url, jobs] = arguments.as_slice() else { return Err("give a directory, a URL and a number".into()) };
    let store = Store::open(&Location::Directory(store.into()), &S3Settings::default(), |_| None)?;
    let newest = find(&store, "latest").await?;
    let options = RestoreOptions {
        manifest: newest.manifest().ok_or("it is not complete")?.clone(),
        store,
        identities: None,
        target: RestoreTarget::url(ConnectSettings::new(url.parse()?), &[])?,
        overwrite: Overwrite::Refuse,
        owners: Owners::AsBackedUp,
        selection: Selection::default(),
        jobs: jobs.parse()?,
        embedded: EmbeddedSettings::new(".".into(), &Variables::process()),
    };
    match restore(&options, |_| ()).await {
        Ok(restored) => Ok(writeln!(std::io::stdout(), "{:?} {:?}", restored.elapsed, restored.warnings)?),
        Err(error) => Err(format!("{error}\nhelp: {}", error.help()).into()),
    }
}
