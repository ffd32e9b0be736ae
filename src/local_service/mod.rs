//! The embedded Repository service: every `Plugin` and `Repository` method of the 2.x API with the real service's rules,
//! words and statuses, on one SQLite file.
//!
//! It serves the environment `local` inside the process, through [`routes`], and whoever asks on a port, through
//! [`serve`]. Several processes can use one file at once: see [`Store`].
//!
//! It does not do two things that the real service does: authenticate its callers, and query with `unwind`, `lookup` or
//! `add_fields`. A third it does only where it is given a registry ([`Images`]): ask for the image's tags. Without one
//! `register` accepts an image that is nowhere, and `get_versions` has no versions.
//!
//! A call passes `server` (routing), `plugin` and `places` (the methods), `registration`, `record` and `images` (what
//! a plugin may be) or `query`, `condition`, `operator`, `document` and `datum` (which plugins are asked for), `table` (rows) and
//! `store` and `batch` (transactions). `managed` has the plugins of the managed repository, if there are any.

mod batch;
mod condition;
mod datum;
mod described;
mod document;
mod fault;
mod images;
mod managed;
mod moment;
mod operator;
mod places;
mod plugin;
pub mod proto;
mod python;
mod query;
mod record;
mod reflection;
mod registration;
mod server;
mod store;
mod table;
#[cfg(test)]
mod tests;

pub use described::{descriptor_sets, descriptors, first_generation};
pub use images::Images;
pub use managed::managed_plugin;
pub use moment::from_difference;
pub use plugin::{Rules, Warn};
pub use server::{API_VERSION, routes, serve};
pub use store::Store;
