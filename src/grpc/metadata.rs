//! The metadata of calls: key, domain, workspace, and what users add.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tonic::metadata::{Ascii, Binary, KeyAndValueRef, MetadataKey, MetadataMap, MetadataValue};

use super::response::MARK as STATUS_WAS_SENT;
use crate::error::Result;
use crate::error::parse_error::ParseError;
use crate::secret::{self, MASK, Secret, mask};

/// The metadata that the platform's services read, and what the user adds.
#[derive(Clone, Default)]
pub struct Metadata(MetadataMap);

/// An entry that the user adds, by `-H` or in an environment. Its value may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataEntry {
    name: String,
    value: Secret,
}

/// The name under which a key or token is sent.
const TOKEN: &str = "token";
const NO_HEADER: &str = "HTTP/2 has no such header";

/// Names that cannot be added, and why or what to use instead.
const RESERVED: [(&str, &str); 13] = [
    (TOKEN, "set SPACECTL_API_KEY or `api_key` in the configuration"),
    ("x_domain_id", "use --domain-id"),
    ("x_workspace_id", "use --workspace-id"),
    ("content-type", "gRPC sets it"),
    ("te", "gRPC sets it"),
    ("user-agent", "gRPC sets it"),
    ("host", "use --endpoint"),
    ("content-length", "HTTP/2 sets it"),
    // RFC 9113, section 8.2.2.
    ("connection", NO_HEADER),
    ("keep-alive", NO_HEADER),
    ("proxy-connection", NO_HEADER),
    ("transfer-encoding", NO_HEADER),
    ("upgrade", NO_HEADER),
];

impl MetadataEntry {
    /// An entry to send; a binary one, whose name ends in `-bin`, has its value in base64.
    ///
    /// # Errors
    /// The name is not valid or reserved, or the value cannot be sent. The value is not shown.
    pub fn new(name: &str, value: &str) -> Result<Self, ParseError> {
        Self::check_name(name)?;
        let entry = Self { name: name.trim().to_ascii_lowercase(), value: Secret::new(value.trim()) };
        entry.add_to(&mut MetadataMap::new()).map(|()| entry)
    }

    /// Refuses a name that is reserved.
    pub fn check_name(name: &str) -> Result<(), ParseError> {
        let name = name.trim().to_ascii_lowercase();
        if let Some((_, advice)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
            return Err(ParseError::new(format!("{name} cannot be set as metadata")).hint(*advice));
        }
        match name.starts_with("grpc-") {
            true => Err(ParseError::new(format!("{name} cannot be set as metadata: gRPC itself uses grpc-..."))),
            false => Ok(()),
        }
    }

    /// Parses `NAME: VALUE`.
    ///
    /// # Errors
    /// As [`MetadataEntry::new`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let Some((name, value)) = text.split_once(':') else {
            // Not echoed: it may be a value whose name was forgotten.
            return Err(ParseError::new("metadata needs NAME: VALUE, and the `:` is missing")
                .hint("write it as in -H 'x-tenant: a'"));
        };
        Self::new(name, value)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn value(&self) -> &Secret {
        &self.value
    }

    fn add_to(&self, map: &mut MetadataMap) -> Result<(), ParseError> {
        let invalid_name = || ParseError::new(format!("`{}` is not a valid name of metadata", self.name));
        let text = self.value.expose();
        if let Some(stem) = self.name.strip_suffix("-bin").filter(|stem| !stem.is_empty()) {
            let key: MetadataKey<Binary> = self.name.parse().map_err(|_| invalid_name())?;
            let bytes = BASE64.decode(text).map_err(|_| {
                ParseError::new(format!("{}: the value is not base64", self.name))
                    .hint(format!("encode it, or send it as text under the name {stem}"))
            })?;
            map.insert_bin(key, MetadataValue::from_bytes(&bytes));
            return Ok(());
        }
        let key: MetadataKey<Ascii> = self.name.parse().map_err(|_| invalid_name())?;
        let mut value = ascii(&self.name, text)?;
        value.set_sensitive(true);
        map.insert(key, value);
        Ok(())
    }
}

/// An ASCII-Value is one or more of 0x20 to 0x7E (gRPC over HTTP/2, "Custom-Metadata").
fn ascii(name: &str, text: &str) -> Result<MetadataValue<Ascii>, ParseError> {
    let value = if text.chars().all(|c| matches!(c, ' '..='~')) { text.parse().ok() } else { None };
    value.ok_or_else(|| {
        ParseError::new(format!("invalid {name}: gRPC metadata is printable ASCII"))
            .hint("look for a line break or a stray character in it")
    })
}

impl Metadata {
    /// An error about a value that HTTP/2 cannot carry does not show it.
    pub fn new(token: Option<&str>, domain_id: Option<&str>, workspace_id: Option<&str>) -> Result<Self> {
        let mut metadata = Self::default();
        if let Some(token) = token {
            metadata.set_token(token)?;
        }
        for (key, text) in [("x_domain_id", domain_id), ("x_workspace_id", workspace_id)] {
            if let Some(text) = text {
                metadata.0.insert(key, ascii(key, text).map_err(ParseError::into_local)?);
            }
        }
        Ok(metadata)
    }

    /// Sets or replaces the token.
    ///
    /// # Errors
    /// As [`Metadata::new`].
    pub fn set_token(&mut self, token: &str) -> Result<()> {
        mask::remember(token);
        let mut value = ascii(TOKEN, token).map_err(ParseError::into_local)?;
        // Keeps it out of debug output and out of HPACK's compression tables.
        value.set_sensitive(true);
        self.0.insert(TOKEN, value);
        Ok(())
    }

    /// Adds `entries`; a later one replaces an earlier one of the same name.
    ///
    /// # Errors
    /// As [`MetadataEntry::new`].
    pub fn with_entries<'a>(mut self, entries: impl IntoIterator<Item = &'a MetadataEntry>) -> Result<Self> {
        for entry in entries {
            if secret::names_a_secret(&entry.name) {
                mask::remember(entry.value.expose());
            }
            entry.add_to(&mut self.0).map_err(ParseError::into_local)?;
        }
        Ok(self)
    }

    /// Whether a key goes with the call.
    pub fn has_key(&self) -> bool {
        self.0.contains_key(TOKEN)
    }

    /// The name of each entry.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.as_ref().keys().map(http::HeaderName::as_str)
    }

    /// Each name with its value; `None` for a secret.
    pub fn shown(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|entry| match entry {
            KeyAndValueRef::Ascii(name, value) => {
                (name.as_str(), value.to_str().ok().filter(|_| !value.is_sensitive()))
            }
            KeyAndValueRef::Binary(name, _) => (name.as_str(), None),
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
