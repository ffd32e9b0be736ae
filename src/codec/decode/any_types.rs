//! Finds the unknown types of `google.protobuf.Any` in a message.

use std::collections::BTreeSet;

use super::plan::{DecodePlan, JsonForm, MessageIndex, MessagePlan, Multiplicity, ValueKind};
use crate::codec::wire_format::{MAX_DEPTH, Malformed, Reader};

/// The full name of the type at a URL such as `type.googleapis.com/a.b.C`.
pub fn type_name(url: &str) -> Option<&str> {
    url.rsplit_once('/').map(|(_, name)| name).filter(|name| !name.is_empty())
}

impl DecodePlan {
    /// Whether the messages of the plan's type can hold a message of any type.
    pub fn has_any(&self) -> bool {
        self.messages().any(|message| message.form == JsonForm::Any)
    }

    /// The full names of types in a message of the plan's type that the plan does not know.
    pub fn unknown_types(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        // What is malformed is reported when it is decoded.
        let _ = self.find_unknown(0, bytes, 0, &mut names);
        names
    }

    fn find_unknown(
        &self,
        index: MessageIndex,
        bytes: &[u8],
        depth: usize,
        names: &mut BTreeSet<String>,
    ) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed::Depth);
        }
        let message = self.message(index);
        if message.form == JsonForm::Any {
            let Content { url, value } = any_content(bytes)?;
            let Some(name) = str::from_utf8(url).ok().and_then(type_name) else { return Ok(()) };
            match self.index_of(name) {
                Some(inner) => return self.find_unknown(inner, value, depth + 1, names),
                None => drop(names.insert(name.to_owned())),
            }
            return Ok(());
        }
        let mut reader = Reader::new(bytes);
        while let Some(entry) = reader.entry()? {
            let Some(field) = message.index_of(entry.number, 0).map(|at| &message.fields[at]) else { continue };
            let ValueKind::Message(inner) = field.kind else { continue };
            let value = &bytes[entry.value];
            if !matches!(field.multiplicity, Multiplicity::Map { .. }) {
                self.find_unknown(inner, value, depth + 1, names)?;
                continue;
            }
            let mut parts = Reader::new(value);
            while let Some(part) = parts.entry()? {
                if part.number == 2 {
                    self.find_unknown(inner, &value[part.value], depth + 1, names)?;
                }
            }
        }
        Ok(())
    }

    /// The type of the message in an `Any`, if `message` is one and the type is known.
    pub(super) fn any_type(&self, message: &MessagePlan, bytes: &[u8]) -> Option<MessageIndex> {
        let content = (message.form == JsonForm::Any).then(|| any_content(bytes).ok()).flatten()?;
        self.index_of(type_name(str::from_utf8(content.url).ok()?)?)
    }
}

/// The fields of an `Any`.
#[derive(Default)]
struct Content<'a> {
    url: &'a [u8],
    value: &'a [u8],
}

fn any_content(bytes: &[u8]) -> Result<Content<'_>, Malformed> {
    let (mut content, mut reader) = (Content::default(), Reader::new(bytes));
    while let Some(entry) = reader.entry()? {
        match entry.number {
            1 => content.url = &bytes[entry.value],
            2 => content.value = &bytes[entry.value],
            _ => {}
        }
    }
    Ok(content)
}
