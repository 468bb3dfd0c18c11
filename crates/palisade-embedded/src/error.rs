//! What can go wrong, one type per operation, and one that holds them all.

mod installation;
mod scratch;
mod server;

pub use installation::InstallationError;
pub use scratch::ScratchError;
pub use server::ServerError;

/// Why local Postgres could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum EmbeddedError {
    /// There is no Postgres to run.
    Installation(#[from] InstallationError),
    /// A server could not be created, started, stopped or asked.
    Server(#[from] ServerError),
    /// A scratch database could not be made.
    Scratch(#[from] ScratchError),
}

impl EmbeddedError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Installation(error) => error.help(),
            Self::Server(error) => error.help(),
            Self::Scratch(error) => error.help(),
        }
    }
}
