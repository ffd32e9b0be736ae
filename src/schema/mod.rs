//! Names and types of the platform's API.
//!
//! Descriptors themselves are not here, but in codec and grpc.

pub mod did_you_mean;
pub mod field_path;
pub mod resource;
pub mod spaceone;
pub mod well_known;
