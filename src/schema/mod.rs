//! Names and types of the platform's API, as the descriptors and the services' conventions have them.

pub mod nearest;
pub mod path;
pub mod platform;
pub mod resource;
pub mod value;
pub mod well_known;
