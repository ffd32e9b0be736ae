//! Descriptors as text, skeletons and JSON Schema.
//!
//! [`Address`] finds what to explain, [`describe`] makes plain data of it, and [`text`], [`skeleton`] and [`schema`]
//! write that. Nothing here connects or calls.

mod address;
mod comments;
mod describe;
mod form;
mod lookup;
mod patterns;
pub mod schema;
pub mod skeleton;
pub mod text;
mod words;

pub use address::{Address, is_at_plugin_server};
pub use describe::{
    Describer, Explained, ExplainedField, ExplainedResource, ExplainedVerb, FieldDescription, FoundField,
    MessageDescription,
};
pub use lookup::find;
