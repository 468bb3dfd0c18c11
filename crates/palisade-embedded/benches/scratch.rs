//! How long it takes until a scratch database can be used, cold and warm.
//!
//! `cargo bench -p palisade-embedded`, with `PALISADE_PG_BIN` for a certain version.

use std::time::{Duration, Instant};

use palisade_config::GrantRegime;
use palisade_embedded::{Layer, Scratch, ScratchDatabase, stop_scratch};
use palisade_tests::{Directory, settings};

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let cache = Directory::new();
        let mut settings = settings();
        settings.cache_dir = cache.path().join("cache");
        let layers = [Layer::supabase(GrantRegime::After), Layer::new("table", "create table public.t (id int)")];

        let time = async |layers: &[Layer]| -> Result<(ScratchDatabase, Duration), palisade_embedded::EmbeddedError> {
            let started = Instant::now();
            let database = Scratch::open(&settings).await?.database(layers).await?;
            database.connect().await?.close().await;
            Ok((database, started.elapsed()))
        };
        println!("cold, no cluster:      {:?}", time(&layers).await?.1);
        println!("cold, new template:    {:?}", time(&[Layer::new("other", "create table t (id int)")]).await?.1);
        let mut warm = Vec::new();
        for _ in 0..30 {
            warm.push(time(&layers).await?.1);
        }
        warm.sort();
        println!("warm, 30 times:        {:?} .. {:?} .. {:?}", warm[0], warm[15], warm[29]);
        stop_scratch(&settings).await?;
        println!("server was stopped:    {:?}", time(&layers).await?.1);
        let migrations: Vec<_> = (0..1000)
            .map(|it| Layer::new(format!("{it}"), format!("create table t{it} (id int primary key)")))
            .collect();
        println!("1000 migrations, cold: {:?}", time(&migrations).await?.1);
        println!("1000 migrations, warm: {:?}", time(&migrations).await?.1);
        stop_scratch(&settings).await?;
        Ok(())
    })
}
