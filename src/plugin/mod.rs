//! Rules for specs and running plugins, plans, backups, new specs, builders.
//!
//! Pure but for the files of backups: no command line, no streams, no network. The commands are in `commands/plugin`.

pub mod backup;
pub mod backup_store;
pub mod builder;
pub mod conformance;
pub mod export;
pub mod field_change;
pub mod init;
mod json_schema;
pub mod lint;
pub mod plan;
pub mod report;
pub mod resource_type;
mod rule_table;
