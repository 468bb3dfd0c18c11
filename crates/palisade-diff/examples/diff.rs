//! Prints the statements that make one database of another: `diff URL URL [--online]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example")]

use palisade_config::DatabaseUrl;
use palisade_db::{ConnectSettings, connect, introspect};
use palisade_diff::{Options, diff};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut catalogs = Vec::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for url in &arguments[..2] {
        let mut connection = connect(&ConnectSettings::new(url.parse::<DatabaseUrl>().unwrap())).await.unwrap();
        catalogs.push(introspect::everything(&mut connection).await.unwrap());
    }
    let options = Options { online: arguments.iter().any(|it| it == "--online"), ..Options::ALL };
    let script = diff(&catalogs[0], &catalogs[1], &options).unwrap();
    print!("{script}");
}
