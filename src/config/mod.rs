//! The configuration: environments, keys, endpoints, aliases.
//!
//! [`Settings`] are those of one call. Nothing here connects.
//!
//! The files are those of the Python client, which can read what is written here:
//!
//! - `~/.spaceone/environment.yml`: `environment: NAME`, the current environment;
//! - `~/.spaceone/environments/NAME.yml`: `api_key` or `token`, `x_domain_id`, `x_workspace_id` and `endpoints`
//!   (service to URL). Only this program knows `api_key_file`, `api_key_command`, `ca`, `cert`, `key`,
//!   `tls_server_name` and `registry`. Unknown keys are preserved;
//! - `~/.spaceone/template/SERVICE.RESOURCE.yml`: the columns of a resource's tables.
//!
//! Only this program has `alias.yml`, the user's own names for resources, and `sessions/NAME.json`, the tokens of
//! `spacectl login`.

mod alias;
mod command;
mod credential;
mod dir;
mod edited;
mod endpoints;
mod environment;
mod file;
pub mod import;
mod key_file;
mod keys;
mod login_session;
mod metadata;
mod name;
mod registry;
mod selection;
mod session_in_use;
mod settings;
mod template;
mod tls;
mod variables;
mod yaml;

pub use crate::error::parse_error::ParseError;
pub use crate::net::endpoint::EndpointUrl;
pub use crate::secret::{MASK, Secret};
pub use credential::Credential;
pub use dir::{ConfigDir, check_built_in, how_to_create, reads_registry_only};
pub use environment::{Environment, service_of};
pub use login_session::{LoginSession, StoredToken, TokenScope};
pub use name::{BUILT_IN, EnvironmentName};
pub use registry::registry_of_built_in;
pub use selection::{SelectedEnvironment, Selection, SelectionSource};
pub use session_in_use::{IDENTITY, UsedSession};
pub use settings::{Destination, ENDPOINT_VARIABLE, Endpoints, KeyOrigin, Settings};
pub use template::TemplateName;
pub use variables::{IN_MANIFEST, Variables};
