//! Names and types of the platform's API, as the descriptors and the services' conventions have them.

pub mod did_you_mean;
pub mod field_path;
pub mod platform;
pub mod resource;
pub mod value_ext;
pub mod well_known;
