//! Decodes messages of one type to plain values.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use bytes::Bytes;
use prost_reflect::MessageDescriptor;
use serde_json::Value;

use super::{DecodePlan, Malformed, RepairedTexts, ValueSink, Workspace};
use crate::error::{Error, Result};

/// Decodes messages of one type, by a plan that is made for the first. Clones share it.
#[derive(Clone, Debug)]
pub struct Decoder {
    message: MessageDescriptor,
    plan: Rc<OnceCell<DecodePlan>>,
}

/// Decodes one message; what is not UTF-8 in its texts becomes U+FFFD.
///
/// # Errors
/// `bytes` are not such a message.
pub fn decode(bytes: Bytes, message: &MessageDescriptor) -> Result<Value> {
    let decoder = Decoder::new(message.clone());
    decoder.decode(bytes.clone()).or_else(|error| match decoder.repair(&bytes) {
        Some(repaired) => decoder.decode(repaired.bytes),
        None => Err(error),
    })
}

impl Decoder {
    pub fn new(message: MessageDescriptor) -> Self {
        Self { message, plan: Rc::default() }
    }

    /// Whether messages can hold messages of any type.
    pub fn has_any(&self) -> bool {
        // Most pools hold only what a method needs, and a plan takes longer to make.
        self.message.parent_pool().get_message_by_name("google.protobuf.Any").is_some() && self.plan().has_any()
    }

    /// As [`DecodePlan::unknown_types`].
    pub fn unknown_types(&self, bytes: &[u8]) -> BTreeSet<String> {
        self.plan().unknown_types(bytes)
    }

    /// As [`DecodePlan::repair`].
    pub fn repair(&self, bytes: &[u8]) -> Option<RepairedTexts> {
        self.plan().repair(bytes)
    }

    fn plan(&self) -> &DecodePlan {
        self.plan.get_or_init(|| DecodePlan::new(&self.message))
    }

    /// The value of a message.
    ///
    /// # Errors
    /// As [`decode`], also for a text that is not UTF-8.
    pub fn decode(&self, bytes: Bytes) -> Result<Value> {
        self.decode_with(&bytes, |plan, sink, workspace| plan.emit(0, &bytes, sink, workspace))
    }

    /// The values of the fields with these `names`, which takes less time than all; all fields where none of them is
    /// set, and where the message is not a mapping of its fields.
    ///
    /// # Errors
    /// As [`Decoder::decode`], whichever field is malformed.
    pub fn decode_some(&self, bytes: Bytes, names: &[&str]) -> Result<Value> {
        self.decode_with(&bytes, |plan, sink, workspace| plan.emit_some(0, names, &bytes, sink, workspace))
    }

    fn decode_with(
        &self,
        bytes: &[u8],
        emit: impl FnOnce(&DecodePlan, &mut ValueSink, &mut Workspace) -> Result<(), Malformed>,
    ) -> Result<Value> {
        let plan = self.plan();
        let (mut sink, mut workspace) = (ValueSink::default(), Workspace::default());
        plan.check(0, bytes).and_then(|()| emit(plan, &mut sink, &mut workspace)).map_err(|malformed| {
            let hint = match malformed {
                Malformed::Depth => "ask who runs the service for less depth: protobuf's own libraries read no deeper",
                Malformed::Size => "ask for less at once",
                _ => "the service's descriptors and its answers do not fit together: ask who runs it",
            };
            Error::local(format!("the answer cannot be read as {}", self.message.full_name()))
                .cause(malformed)
                .hint(hint)
        })?;
        Ok(sink.finish().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost_reflect::ReflectMessage as _;
    use prost_reflect::prost::Message as _;

    use super::*;
    use crate::codec::decode::tests::made_up_message;

    proptest! {
        /// The whole is the oracle of the part.
        #[test]
        fn some_fields_say_what_they_say_among_all(seed: u64, chosen in prop::collection::vec("f[0-9]|nope", 0..4)) {
            let message = made_up_message(seed);
            let bytes = Bytes::from(message.encode_to_vec());
            let decoder = Decoder::new(message.descriptor());
            let names: Vec<&str> = chosen.iter().map(String::as_str).collect();
            let whole = decoder.decode(bytes.clone()).unwrap();
            let some = decoder.decode_some(bytes, &names).unwrap();
            if some != whole {
                let Value::Object(mut expected) = whole else { panic!("{whole}") };
                expected.retain(|key, _| names.contains(&key.as_str()));
                prop_assert!(!expected.is_empty());
                prop_assert_eq!(some, Value::Object(expected));
            }
        }
    }
}
