//! Why a scratch database could not be made.

/// Why a scratch database could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// The SQL of a layer failed.
    #[error("`{layer}` failed on a scratch database")]
    Layer {
        /// Name of the layer, usually a file.
        layer: String,
        /// Why, with the place in its SQL.
        source: Box<palisade_db::SqlFailure>,
    },
    /// The SQL of a layer cannot be split into statements.
    #[error("`{layer}` cannot be read as SQL")]
    Unreadable {
        /// Name of the layer, usually a file.
        layer: String,
        /// Why.
        source: palisade_sql::LexError,
    },
    /// The scratch server refused a connection.
    #[error("cannot connect to the scratch server")]
    Connect {
        /// Why.
        source: Box<palisade_db::ConnectError>,
    },
    /// A database could not be created, renamed, dropped or looked up.
    #[error("the scratch server could not {action}")]
    Server {
        /// What was tried.
        action: &'static str,
        /// Why.
        source: Box<palisade_db::DbError>,
    },
}

impl ScratchError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Layer { layer, .. } | Self::Unreadable { layer, .. } => format!("correct `{layer}`"),
            Self::Connect { .. } | Self::Server { .. } => {
                "run `cargo xtask db-stop --all` and try again: the scratch server is made anew".to_owned()
            }
        }
    }
}
