//! The embedded Repository service on one SQLite file.
//!
//! It has `Plugin` and `Repository` of the 2.x API.
//!
//! It has the rules, messages and status codes of the real service. It serves the environment `local` inside the
//! process ([`routes`]) and `local serve` on a port ([`serve`]); several processes can share one file ([`Store`]).
//! Not here: authentication, `unwind`, `lookup` and `add_fields` in queries. Image tags are looked up only with an
//! [`ImageRegistry`]; without one, `register` accepts any image and `get_versions` is empty.
//!
//! A call passes `server` (routing), `plugin` or `repository_method` (methods), `registration` and `record` (checks),
//! or `query`, `condition`, `document` and `bson_value` (filters, with the operators and dates of [`crate::query`]),
//! then `table` (rows) and `store` (transactions). `managed` has the plugins of the managed repository, `plugin_list`
//! the response of a list, and `connections` what a port needs.

mod bson_value;
mod condition;
mod connections;
mod document;
mod images;
mod managed;
mod plugin;
mod plugin_list;
pub mod proto;
mod python;
mod query;
mod record;
mod registration;
mod repository_method;
mod server;
mod service_error;
mod store;
mod store_error;
mod table;
#[cfg(test)]
mod tests;
mod types;

pub use connections::serve;
pub use managed::managed_plugin;
pub use plugin_list::EncodedPlugins;
pub use proto::{descriptor_sets, descriptors, first_generation};
pub use server::{API_VERSION, routes};
use store::OpenStore;
pub use types::{ConnectionLimits, ImageRegistry, OnWarning, ServiceOptions, Store};
