//! The compiled API and its descriptors.
//!
//! Modules mirror the protobuf packages because generated code refers to them by `super::super::`.
#![allow(
    non_camel_case_types,
    clippy::all,
    clippy::pedantic,
    reason = "generated: a method's name becomes part of a type's name"
)]

use prost_reflect::{DescriptorError, DescriptorPool};

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

        /// The response of `Plugin.list`, for clients: the service sends it as
        /// [`EncodedPlugins`](crate::local_service::EncodedPlugins).
        #[derive(Clone, PartialEq, prost::Message)]
        pub struct PluginsInfo {
            #[prost(message, repeated, tag = "1")]
            pub results: Vec<PluginInfo>,
            #[prost(int32, tag = "2")]
            pub total_count: i32,
        }
    }
}

/// The encoded `FileDescriptorSet` of the modules above.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("descriptors");

pub(super) const HEALTH_DESCRIPTOR_SET: &[u8] = tonic_health::pb::FILE_DESCRIPTOR_SET;

/// Descriptors of the embedded services, with comments and without reflection.
///
/// # Errors
/// None, unless the program was built from broken descriptors.
pub fn descriptors() -> Result<DescriptorPool, DescriptorError> {
    let mut pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET)?;
    pool.decode_file_descriptor_set(HEALTH_DESCRIPTOR_SET)?;
    Ok(pool)
}

/// Encoded `FileDescriptorSet`s of everything that is served, reflection included.
pub fn descriptor_sets() -> [&'static [u8]; 4] {
    use tonic_reflection::pb::{v1, v1alpha};
    [FILE_DESCRIPTOR_SET, HEALTH_DESCRIPTOR_SET, v1::FILE_DESCRIPTOR_SET, v1alpha::FILE_DESCRIPTOR_SET]
}

/// Descriptors of `Plugin.register` in the API's first generation (1.8.5 to 2.0.51), for checking specs.
///
/// # Errors
/// None, unless the program was built from broken descriptors.
pub fn first_generation() -> Result<DescriptorPool, DescriptorError> {
    DescriptorPool::decode(include_bytes!(concat!(env!("OUT_DIR"), "/generation1.bin")).as_slice())
}
