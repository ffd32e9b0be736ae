//! A plugin's spec and what is done with it, without a command line, streams or a network.

pub mod init;
pub mod lint;
pub mod resource_type;
