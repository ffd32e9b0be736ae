//! The metadata of every call: the key, the domain and the workspace.

use std::fmt;

use tonic::metadata::{Ascii, KeyAndValueRef, MetadataMap, MetadataValue};

use super::sent_status::MARK as STATUS_WAS_SENT;
use crate::error::{Error, Result};
use crate::secret::{self, MASK, mask};

/// The metadata that the platform's services read.
#[derive(Clone, Default)]
pub struct Metadata(MetadataMap);

impl Metadata {
    /// An error about a value that HTTP/2 cannot carry does not show it.
    pub fn new(token: Option<&str>, domain_id: Option<&str>, workspace_id: Option<&str>) -> Result<Self> {
        token.into_iter().for_each(mask::remember);
        let mut map = MetadataMap::new();
        for (key, text) in [("token", token), ("x_domain_id", domain_id), ("x_workspace_id", workspace_id)] {
            if let Some(text) = text {
                let mut value: MetadataValue<Ascii> = text.parse().map_err(|_| {
                    Error::local(format!("invalid {key}: gRPC metadata is printable ASCII"))
                        .hint("look for a line break or a stray character in it")
                })?;
                // Keeps it out of debug output and out of HPACK's compression tables.
                value.set_sensitive(key == "token");
                map.insert(key, value);
            }
        }
        Ok(Self(map))
    }

    /// Whether a key goes with the call.
    pub fn has_key(&self) -> bool {
        self.0.contains_key("token")
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.as_ref().keys().map(http::HeaderName::as_str)
    }

    /// Each name with its value; `None` for a secret.
    pub fn shown(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().filter_map(|entry| match entry {
            KeyAndValueRef::Ascii(name, value) => {
                Some((name.as_str(), value.to_str().ok().filter(|_| !value.is_sensitive())))
            }
            // None of these is ever set.
            KeyAndValueRef::Binary(..) => None,
        })
    }

    pub(super) fn apply<T>(&self, request: &mut tonic::Request<T>) {
        *request.metadata_mut() = self.0.clone();
    }
}

/// Metadata of a response on one line, with secrets masked and binary values as their size.
pub(super) fn to_text(metadata: &MetadataMap) -> String {
    let entries = metadata.iter().filter_map(|entry| match entry {
        KeyAndValueRef::Ascii(name, _) if name.as_str() == STATUS_WAS_SENT => None,
        KeyAndValueRef::Ascii(name, _) if secret::names_a_secret(name.as_str()) => Some(format!("{name}: {MASK}")),
        KeyAndValueRef::Ascii(name, value) => {
            Some(format!("{name}: {}", mask::mask_known(&String::from_utf8_lossy(value.as_encoded_bytes()))))
        }
        KeyAndValueRef::Binary(name, value) => {
            let size = value.to_bytes().map_or(0, |bytes| bytes.len());
            Some(format!("{name}: {size} bytes"))
        }
    });
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() { "none".to_owned() } else { entries.join(", ") }
}

/// Names only: the values may be secret.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Metadata;

    #[test]
    fn a_secret_is_shown_neither_by_debug_nor_by_an_error() {
        let metadata = Metadata::new(Some("s3cret"), Some("domain-1"), None).unwrap();
        assert_eq!(format!("{metadata:?}"), r#"["token", "x_domain_id"]"#);
        let shown: Vec<_> = metadata.shown().collect();
        assert_eq!(shown, [("token", None), ("x_domain_id", Some("domain-1"))]);
        let error = Metadata::new(Some("s3cret\n"), None, None).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
