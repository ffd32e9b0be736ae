//! YAML and JSON texts: one reader and one writer for specs, configurations and output.
//!
//! [`Documents`] and [`parse_json`] read a text into [`Node`]s, which know their places; [`value`] makes plain data of
//! them. Both hold [`Limits`], so that no text takes more memory than its reader allows. What they say of a fault
//! names keys at most, for values may be secrets.

mod documents;
mod json;
mod lines;
mod tree;
pub mod value;
mod write;

pub use documents::Documents;
pub use json::parse as parse_json;
pub use tree::{Content, Fault, FaultKind, Limits, Mark, Node};
pub use write::{to_text, write_document};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A file's bytes as text, without a byte order mark.
///
/// # Errors
/// Bytes that are not UTF-8.
pub fn decode(mut bytes: Vec<u8>) -> Result<String, Fault> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]);
        Fault::new(Mark::of_offset(&text, text.len()), "not UTF-8 text").hint("save it in UTF-8")
    })
}
