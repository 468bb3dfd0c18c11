//! Environments, layered configuration and secrets.
//!
//! An environment is a file in `config/`. [`load`] merges, weakest first: built-in defaults, `config/default.toml`,
//! `config/<env>.toml`, `PALISADE_<KEY>` variables, flags. Files hold no secret: a database URL is named by a
//! [`SecretSource`] and only read when an [`Endpoint`] is asked for.
//!
//! ```no_run
//! # fn main() -> Result<(), palisade_config::ConfigError> {
//! use palisade_config::{Overrides, Project, Variables, load};
//!
//! let project = Project::find(".".into())?;
//! let name = project.environment("dev")?;
//! let variables = Variables::read(&project, Some(&name))?;
//! let environment = load(&project, &name, &variables, &Overrides::default())?;
//! let endpoint = environment.direct_endpoint(&variables)?;
//! # Ok(()) }
//! ```
//!
//! Invariants: no error, `Debug` or `Display` of this crate holds a secret; the environment of the process is read in
//! [`Variables`] alone and never changed; no secret passes through figment.

mod conflict;
mod database_url;
mod dotenv;
mod environment;
mod error;
mod expect;
mod keys;
mod layer;
mod load;
mod name;
mod origin;
mod overrides;
mod project;
mod redact;
mod secret;
mod ssl;
mod suggest;
mod supabase;
mod variables;

pub use conflict::Dispute;
pub use database_url::{DatabaseIdentity, DatabaseUrl, Host, UrlError};
pub use dotenv::DotEnvFault;
pub use environment::{
    AllowedFinding, BackupEngine, BackupSettings, BackupStore, Endpoint, Environment, Gates, GrantRegime, HistoryTable,
    LintSettings, Retention, S3Access, SettingLine, SupabaseSettings,
};
pub use error::ConfigError;
pub use expect::{Expect, ExpectError};
pub use load::{load, load_alone};
pub use name::{EnvironmentName, NameError};
pub use origin::Origin;
pub use overrides::Overrides;
pub use project::Project;
pub use redact::{REDACTED, Secrets, secrets};
pub use secrecy::{ExposeSecret, SecretString};
pub use secret::{SecretError, SecretSource};
pub use ssl::{SslMode, SslModeError};
pub use supabase::SUPABASE_SCHEMAS;
pub use variables::Variables;
