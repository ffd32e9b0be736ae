//! Hosts, endpoints and TLS options as texts, before anything connects.

pub mod endpoint;
pub mod host;
pub mod root_store;
pub mod tls;
