//! Messages to bytes and back, by descriptors.

pub mod decode;
pub mod descriptor;
pub mod encode;
mod protobuf;
mod scalar;
pub mod wire_format;
