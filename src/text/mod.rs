//! Escapes for terminals, JSON text, questions about plain values.
//!
//! It knows no other module.

pub mod json;
pub mod sanitize;
pub mod value_ext;
