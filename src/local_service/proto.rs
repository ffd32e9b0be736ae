//! The compiled API, in modules that mirror the protobuf packages because generated code refers to them by
//! `super::super::`.
#![allow(
    non_camel_case_types,
    clippy::all,
    clippy::pedantic,
    reason = "generated: a method's name becomes part of a type's name"
)]

pub mod core {
    pub mod v1 {
        tonic::include_proto!("spaceone.api.core.v1");
    }

    pub mod v2 {
        tonic::include_proto!("spaceone.api.core.v2");
    }
}

pub mod repository {
    pub mod v1 {
        tonic::include_proto!("spaceone.api.repository.v1");
    }
}

/// The encoded `FileDescriptorSet` of all of the above: what reflection answers from.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("descriptors");

/// The encoded `FileDescriptorSet` of what the API's first generation takes for a plugin.
pub const FIRST_GENERATION_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/generation1.bin"));
