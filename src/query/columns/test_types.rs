//! Message types for the tests of columns.

use prost_reflect::{DescriptorPool, MessageDescriptor};

/// A type of the bundled API.
pub(crate) fn bundled(name: &str) -> MessageDescriptor {
    let pool = DescriptorPool::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"))[..]).unwrap();
    pool.get_message_by_name(name).unwrap()
}

pub(crate) fn plugin_info() -> MessageDescriptor {
    bundled("spaceone.api.repository.v1.PluginInfo")
}
