//! The remote side: connections, descriptors by reflection, values to bytes and back, calls.
//!
//! Nothing here knows of configuration files, command lines or tables.

mod advice;
pub mod cache;
pub mod call;
mod certificate;
pub mod channel;
mod departure;
pub mod descriptors;
pub mod kept;
pub mod metadata;
mod not_grpc;
mod pem;
pub mod probe;
pub mod raw_codec;
pub mod reflection;
mod repair;
pub mod retry;
mod sent_status;
pub mod status;
mod tls;
pub mod trace;
mod unreadable;
mod wire;
