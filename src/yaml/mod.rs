//! YAML and JSON text: one reader and one writer.
//!
//! [`YamlDocuments`] and [`parse_json`] read text into [`Node`]s with places, within [`Limits`]; [`value`] makes plain
//! data of them. Errors name keys at most: values may be secrets.

mod documents;
mod tree;
pub mod value;
mod write;

pub use documents::{QUOTE_THE_VALUE, YamlDocuments, parse_json};
pub use tree::{Content, Limits, Mark, Node, YamlError, YamlErrorKind};
pub use write::{to_text, write_document};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A file's bytes as text, without a byte order mark.
pub fn decode(mut bytes: Vec<u8>) -> Result<String, YamlError> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]);
        YamlError::new(Mark::from_offset(&text, text.len()), "not UTF-8 text").hint("save it in UTF-8")
    })
}
