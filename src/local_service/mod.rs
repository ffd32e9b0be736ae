//! The embedded Repository service: every `Plugin` and `Repository` method of the 2.x API with the real service's rules,
//! words and statuses, on one SQLite file.
//!
//! It serves the environment `local` inside the process, through [`routes`], and whoever asks on a port, through
//! [`serve`]. Several processes can use one file at once: see [`Store`].
//!
//! It does not do two things that the real service does: authenticate its callers, and query with `unwind`, `lookup` or
//! `add_fields`. A third it does only where it is given a registry ([`ImageRegistry`]): ask for the image's tags. Without one
//! `register` accepts an image that is nowhere, and `get_versions` has no versions.
//!
//! A call passes `server` (routing), `plugin` and `places` (the methods), `registration`, `record` and `images` (what
//! a plugin may be) or `query`, `condition`, `operator`, `document` and `datum` (which plugins are asked for), `table` (rows) and
//! `store` and `batch` (transactions). `managed` has the plugins of the managed repository, if there are any.

mod batch;
mod bson_value;
mod condition;
mod described;
mod document;
mod images;
mod managed;
mod operator;
mod plugin;
pub mod proto;
mod python;
mod query;
mod record;
mod reflection;
mod registration;
mod repository_method;
mod server;
mod service_error;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod timestamp;

pub use described::{descriptor_sets, descriptors, first_generation};
pub use images::ImageRegistry;
pub use managed::managed_plugin;
pub use plugin::{ServiceOptions, Warn};
pub use server::{API_VERSION, routes, serve};
pub use store::Store;
pub use timestamp::from_difference;
