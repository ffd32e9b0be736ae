//! The remote side: connections, descriptors by reflection, values to bytes and back, calls.
//!
//! Nothing here knows of configuration files, command lines or tables.

pub mod call;
pub mod channel;
pub mod decode;
pub mod encode;
pub mod metadata;
pub mod probe;
pub mod raw_codec;
pub mod reflection;
mod retry;
mod scalar;
pub mod status;
mod tls;
mod well_known;
