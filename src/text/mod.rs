//! Escapes for terminals, JSON text, questions about plain values.
//!
//! It knows no other module.

pub mod json;
pub mod sanitize;
pub mod value_ext;

use std::fmt::Display;

/// The first `max` characters of `text`; `None` if it has no more.
pub fn truncated(text: &str, max: usize) -> Option<&str> {
    text.char_indices().nth(max).map(|(end, _)| &text[..end])
}

/// The names as a list in a sentence, each quoted.
pub fn quoted_list(names: impl IntoIterator<Item = impl Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
