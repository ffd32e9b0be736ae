//! What the embedded service tells of itself, without asking it.

use prost_reflect::{DescriptorError, DescriptorPool};

use super::proto::{FILE_DESCRIPTOR_SET, FIRST_GENERATION_DESCRIPTOR_SET};

/// The descriptors of every service that the embedded one serves, reflection left out, with their comments.
///
/// # Errors
/// None, unless the program was built from broken descriptors.
pub fn descriptors() -> Result<DescriptorPool, DescriptorError> {
    let mut pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET)?;
    pool.decode_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)?;
    Ok(pool)
}

/// The same as encoded `FileDescriptorSet`s, with what reflection describes of itself: all that is offered.
pub fn descriptor_sets() -> [&'static [u8]; 4] {
    use tonic_reflection::pb::{v1, v1alpha};
    [FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET, v1::FILE_DESCRIPTOR_SET, v1alpha::FILE_DESCRIPTOR_SET]
}

/// The descriptors of `Plugin.register` in the API's first generation, 1.8.5 to 2.0.51. No service answers to them here:
/// they are for checking what is meant for one elsewhere.
///
/// # Errors
/// None, unless the program was built from broken descriptors.
pub fn first_generation() -> Result<DescriptorPool, DescriptorError> {
    DescriptorPool::decode(FIRST_GENERATION_DESCRIPTOR_SET)
}
