//! Cells of rows, as a list holds them.

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// One cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    pub(super) kind: CellKind,
    /// UTF-8; control characters are not escaped.
    pub bytes: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    Null,
    Text,
    Number,
    /// Any other value, as compact JSON.
    Json,
}

pub(super) const KINDS: [CellKind; 4] = [CellKind::Null, CellKind::Text, CellKind::Number, CellKind::Json];

impl<'a> Cell<'a> {
    pub(in crate::output) const NULL: Self = Self { kind: CellKind::Null, bytes: b"" };

    pub fn is_number(&self) -> bool {
        self.kind == CellKind::Number
    }

    /// Whether it is a list or a mapping.
    pub fn is_nested(&self) -> bool {
        self.kind == CellKind::Json && matches!(self.bytes.first(), Some(b'[' | b'{'))
    }

    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    pub(super) fn to_value(self) -> Value {
        match self.kind {
            CellKind::Null => Value::Null,
            CellKind::Text => self.text().into(),
            CellKind::Number | CellKind::Json => {
                let mut json = serde_json::Deserializer::from_slice(self.bytes);
                // The decoder bounds the depth; an Any in a message may nest deeper than serde_json's own limit.
                json.disable_recursion_limit();
                serde::Deserialize::deserialize(&mut json).unwrap_or_default()
            }
        }
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.kind {
            CellKind::Text => serializer.serialize_str(&self.text()),
            _ => self.to_value().serialize(serializer),
        }
    }
}
