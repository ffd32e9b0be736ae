//! What an environment sends as gRPC metadata.

use serde_json::{Map, Value};

use super::keys::METADATA;
use super::{Environment, ParseError};
use crate::error::{Error, Result};
use crate::grpc::metadata::MetadataEntry;
use crate::text::value_ext::kind_of;

/// Trims `text` and checks that it can be sent; `None` if nothing is left. An error names `key` only: the value may be
/// a secret.
///
/// An ASCII-Value is one or more of 0x20 to 0x7E (gRPC over HTTP/2, "Custom-Metadata").
pub(super) fn value<'a>(key: &str, text: &'a str) -> Result<Option<&'a str>, ParseError> {
    let text = text.trim();
    if let Some(wrong) = text.chars().find(|c| !matches!(c, ' '..='~')) {
        let what = if wrong.is_control() {
            "a line break or another control character"
        } else {
            "a character that is not ASCII"
        };
        return Err(ParseError::new(format!("{key} holds {what}, which cannot be sent"))
            .hint("copy it again, on one line and without anything around it"));
    }
    Ok((!text.is_empty()).then_some(text))
}

impl Environment {
    /// What is sent with each call besides: `metadata`, a mapping of names to texts.
    pub fn metadata(&self) -> Result<Vec<MetadataEntry>> {
        let entries = match self.values.get(METADATA) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Object(entries)) => entries,
            Some(other) => {
                return Err(Error::local(format!("`{METADATA}` must be a mapping, and is {}", kind_of(other)))
                    .hint("write one line of `NAME: VALUE` for each entry, indented"));
            }
        };
        let entry = |(name, value): (&String, &Value)| {
            let Value::String(text) = value else {
                let found = kind_of(value);
                return Err(Error::local(format!("`{METADATA}.{name}` must be text, and is {found}"))
                    .hint("put it into quotes"));
            };
            let entry = MetadataEntry::new(name, text);
            entry.map_err(|error| error.into_local().context(format_args!("`{METADATA}`")))
        };
        entries.iter().map(entry).collect()
    }

    /// Sets what is sent with each call besides.
    pub fn set_metadata(&mut self, entry: &MetadataEntry) -> Result<()> {
        // Anything but a mapping is an error, and stays.
        self.metadata()?;
        if let Value::Object(entries) = self.values.entry(METADATA).or_insert_with(|| Map::new().into()) {
            entries.insert(entry.name().to_owned(), entry.value().expose().into());
        }
        Ok(())
    }
}

/// The name of the entry that a key `metadata.NAME` sets.
pub(super) fn name_of(key: &str) -> Option<&str> {
    key.strip_prefix(METADATA)?.strip_prefix('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_around_a_key_is_no_part_of_it() {
        assert_eq!(value("api_key", " \teyJ.a-b_c=\r\n").unwrap(), Some("eyJ.a-b_c="));
        assert_eq!(value("api_key", " \n").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_being_shown() {
        for text in ["hunter\n2", "hunter\x002", "hunter\x7f2", "hunter2é", "hunter\u{fffd}"] {
            let error = value("api_key", text).unwrap_err().into_local().to_string();
            assert!(error.contains("api_key") && !error.contains("hunter"), "{error}");
        }
    }
}
