//! Escapes for terminals, JSON text, questions about plain values.
//!
//! It knows no other module.

pub mod json;
pub mod sanitize;
pub mod value_ext;

use std::fmt::Display;

/// The names as a list in a sentence, each quoted.
pub fn quoted_list(names: impl IntoIterator<Item = impl Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
