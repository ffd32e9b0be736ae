//! A plugin's spec, what a service has of it, and what is done with them: without command line, streams or network.

pub mod difference;
pub mod init;
pub mod keeper;
pub mod kept;
pub mod lint;
pub mod plan;
pub mod report;
pub mod resource_type;
