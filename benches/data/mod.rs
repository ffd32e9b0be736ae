//! What the benches work on: plugins as a service sends them and as people write them.

pub mod registrations;
pub mod rows;
