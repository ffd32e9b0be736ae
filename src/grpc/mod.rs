//! gRPC: connections, TLS, reflection, calls, retries, diagnostics.
//!
//! Messages are bytes here: `codec` encodes and decodes them. Nothing knows of configuration files, command lines or
//! tables.

mod body;
pub mod cache;
pub mod call;
mod certificate;
pub mod channel;
mod connection;
mod departure;
pub mod descriptor_cache;
pub mod descriptors;
mod diagnostics;
pub mod metadata;
mod non_grpc_response;
mod pem;
pub mod raw_codec;
pub mod reflection;
pub mod resolve;
mod response;
pub mod retry;
pub mod status;
pub mod status_details;
mod tls;
pub mod token_source;
pub mod trace;
mod unreadable;
