//! What a plugin's spec says and may say, what a service has, and what its image is built by: pure rules, without command
//! line, streams or network.

pub mod backup;
pub mod backup_store;
pub mod builder;
pub mod field_change;
pub mod init;
pub mod lint;
pub mod plan;
pub mod report;
pub mod resource_type;
