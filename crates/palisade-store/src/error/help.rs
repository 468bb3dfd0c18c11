//! What to do about an error.

use crate::StoreError;

impl StoreError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::InvalidKey { .. } => "use letters, digits, `.`, `_` and `-`, with `/` between parts".to_owned(),
            Self::InvalidLocation { .. } => {
                "name a directory, as in `/var/backups/app`, or a bucket, as in `s3://bucket/prefix`".to_owned()
            }
            Self::InvalidSetting { setting, .. } => format!("correct `{setting}`"),
            Self::NotFound { store, .. } => {
                format!("list what is in {store}; somebody may have removed it, or the place is another one")
            }
            Self::Exists { .. } => {
                "objects are never replaced: if nobody else is writing this one, it was written before".to_owned()
            }
            Self::TooLarge { key, .. } => format!("look at `{key}`: it is not what was written under this name"),
            Self::Incomplete { key, .. } => {
                format!("try again; if it stays so, `{key}` is damaged, and another one has to be used")
            }
            Self::Full { path, .. } => {
                format!("free some room where `{path}` is, or use another place; nothing was left under this name")
            }
            Self::ReadOnly { path, .. } => {
                format!("mount the system of files of `{path}` for writing, or use another place")
            }
            Self::NotPermitted { path, .. } => {
                format!("let this user use `{path}` and the directories above it, or use another place")
            }
            Self::Io { path, .. } => format!("look at `{path}`; nothing was left there under the name of an object"),
            Self::Denied { tried, .. } => {
                format!("{tried}; check that they are the ones for this bucket, and what they are allowed to do")
            }
            Self::NoBucket { bucket, .. } => {
                format!("create the bucket `{bucket}`, or correct its name, the region or the endpoint")
            }
            Self::WrongRegion { .. } => "set the region of the bucket, for example with `AWS_REGION`".to_owned(),
            Self::Unreachable { endpoint, .. } => {
                format!("check the network, and that {endpoint} is the right endpoint; then try again")
            }
            Self::Refused { .. } => {
                "if the server is overloaded, try again later; otherwise it says what it does not like".to_owned()
            }
            Self::Interrupted { .. } => "run it again; nothing was left under the name of an object".to_owned(),
        }
    }
}
