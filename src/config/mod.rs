//! Where the configuration lies, what it says, and what outranks what.
//!
//! The files are those of the Python client, which stays able to read what is written here:
//!
//! - `~/.spaceone/environment.yml`: `environment: NAME`, the current environment;
//! - `~/.spaceone/environments/NAME.yml`: `api_key` or `token`, `x_domain_id`, `x_workspace_id` and
//!   `endpoints` (service to URL). Keys that this program does not know are kept as they are. Of its own it has
//!   `api_key_file` and `api_key_command`, which the Python client does not read.
//!
//! A flag outranks a variable, a variable outranks a file; [`Settings::resolve`] applies that for one call.

mod command;
mod credential;
mod dir;
mod endpoints;
mod environment;
mod file;
pub mod import;
mod metadata;
mod name;
mod selection;
mod settings;
mod variables;
mod yaml;

pub use crate::endpoint::EndpointUrl;
pub use crate::invalid::Invalid;
pub use crate::secret::{MASK, Secret};
pub use credential::Credential;
pub use dir::{ConfigDir, Removed};
pub use environment::Environment;
pub use name::{BUILT_IN, EnvironmentName};
pub use selection::{Selected, Selection, Source};
pub use settings::{Destination, Endpoints, Settings};
pub use variables::Variables;
