//! Text and plain values: escapes for terminals, JSON text, questions about values. It knows no other module.

pub mod json;
pub mod sanitize;
pub mod value_ext;
