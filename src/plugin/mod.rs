//! What a plugin's spec says and what a service has: pure rules, without command line, streams or network.

pub mod difference;
pub mod keeper;
pub mod kept;
pub mod plan;
pub mod report;
