//! Hosts, endpoints and TLS settings; the system's authorities.
//!
//! They are as users write them. Nothing here connects.

pub mod endpoint;
pub mod host;
pub mod root_store;
pub mod tls;
