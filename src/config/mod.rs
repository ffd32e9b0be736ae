//! Where the configuration lies, what it says, and what outranks what.
//!
//! The files are those of the Python client, which stays able to read what is written here:
//!
//! - `~/.spaceone/environment.yml`: `environment: NAME`, the current environment;
//! - `~/.spaceone/environments/NAME.yml`: `api_key` or `token`, `x_domain_id`, `x_workspace_id` and
//!   `endpoints` (service to URL). Of its own this program has there `api_key_file` and `api_key_command`, and for TLS
//!   `ca`, `cert`, `key` and `tls_server_name`. Keys that it does not know are kept as they are;
//! - `~/.spaceone/template/SERVICE.RESOURCE.yml`: the columns of a resource's tables.
//!
//! Beside them lies what the Python client has not got: `alias.yml`, the user's own names for resources.
//!
//! A flag outranks a variable, a variable outranks a file; [`Settings::resolve`] applies that for one call.

mod alias;
mod command;
mod credential;
mod dir;
mod endpoints;
mod environment;
mod file;
pub mod import;
mod metadata;
mod name;
mod registry;
mod selection;
mod settings;
mod template;
mod tls;
mod variables;
mod yaml;

pub use crate::error::parse_error::ParseError;
pub use crate::net::endpoint::EndpointUrl;
pub use crate::secret::{MASK, Secret};
pub use credential::Credential;
pub use dir::ConfigDir;
pub use environment::Environment;
pub use name::{BUILT_IN, EnvironmentName};
pub use registry::registry_of_built_in;
pub use selection::{SelectedEnvironment, Selection, SelectionSource};
pub use settings::{Destination, Endpoints, KeyOrigin, Settings};
pub use template::TemplateName;
pub use variables::Variables;
