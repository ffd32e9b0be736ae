//! Messages to bytes and back, by prost-reflect's descriptors.
//!
//! A request value becomes bytes in `encode`; a response's bytes become events for a sink in `decode`. Descriptors come
//! from `grpc::descriptors`.

pub mod decode;
pub mod encode;
mod scalar;
pub mod wire_format;
