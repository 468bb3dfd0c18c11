//! Local Postgres.

use crate::CommandError;
use palisade_embedded::EmbeddedError;

impl From<EmbeddedError> for CommandError {
    fn from(error: EmbeddedError) -> Self {
        let code = match &error {
            EmbeddedError::Installation(_) => "no-postgres",
            EmbeddedError::Server(_) => "local-server",
            EmbeddedError::Scratch(_) => "scratch",
        };
        Self::of(code, &error).help(error.help())
    }
}
