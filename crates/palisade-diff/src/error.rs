//! Why there is no script.

use palisade_catalog::ObjectKey;

/// Why there is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// Each would have to be made before the other.
    #[error("these need each other, so that none can be made first: {}", names(objects))]
    Cycle {
        /// The objects.
        objects: Vec<ObjectKey>,
    },
    /// Postgres has no way from one to the other.
    #[error("{object} cannot be changed as wanted: {reason}")]
    Impossible {
        /// The object.
        object: ObjectKey,
        /// What Postgres refuses.
        reason: String,
    },
}

impl DiffError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Cycle { .. } => {
                "break the circle in the schema, for example by making one of them a function".to_owned()
            }
            Self::Impossible { .. } => "write this change by hand: `cargo xtask db-generate --custom NAME`".to_owned(),
        }
    }
}

fn names(objects: &[ObjectKey]) -> String {
    objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → ")
}
