//! Manifests of `apply`: read with imports, checked, and rendered on values.
//!
//! Nothing here calls a service, runs a program or writes a file: `commands/apply` does.

pub mod check;
pub mod condition;
pub mod data;
pub mod engine;
pub mod form;
pub mod load;
pub mod module;
pub mod overrides;
pub mod placeholder;
pub mod resource_spec;
pub mod scope;
pub mod task;
pub mod template;
#[cfg(test)]
mod tests;
pub mod written;

pub use form::ManifestForm;
pub use load::Manifest;
pub use module::Module;
pub use overrides::VarOverrides;
pub use scope::Scope;
pub use task::{ManifestTask, Work};
