//! Hosts, endpoints and TLS settings as users write them, and the system's authorities. Nothing here connects.

pub mod endpoint;
pub mod host;
pub mod root_store;
pub mod tls;
