//! Many messages of one type, one after another.

use std::cell::OnceCell;
use std::rc::Rc;

use bytes::Bytes;
use serde_json::Value;

use super::{Odd, Plan, Scratch, ValueSink};
use crate::codec::descriptor::MessageDescriptor;
use crate::error::Result;

/// Makes values of messages of one type, by a plan that is made for the first. Clones share it.
#[derive(Clone, Debug)]
pub struct Decoder {
    message: MessageDescriptor,
    /// `None` for a type whose messages are read the other way.
    plan: Rc<OnceCell<Option<Plan>>>,
}

impl Decoder {
    pub fn new(message: MessageDescriptor) -> Self {
        Self { message, plan: Rc::default() }
    }

    /// What a message says.
    ///
    /// # Errors
    /// As [`super::decode`].
    pub fn decode(&self, bytes: Bytes) -> Result<Value> {
        self.decode_with(bytes, |plan, bytes, sink, scratch| plan.emit(0, bytes, sink, scratch))
    }

    /// What the fields of these `names` say, which takes less time than all; where none of them is set, all the same,
    /// and where the message is no mapping of its fields.
    ///
    /// # Errors
    /// As [`super::decode`], whichever field is broken.
    pub fn decode_some(&self, bytes: Bytes, names: &[&str]) -> Result<Value> {
        self.decode_with(bytes, |plan, bytes, sink, scratch| plan.emit_some(0, names, bytes, sink, scratch))
    }

    fn decode_with(
        &self,
        bytes: Bytes,
        emit: impl FnOnce(&Plan, &[u8], &mut ValueSink, &mut Scratch) -> Result<(), Odd>,
    ) -> crate::error::Result<Value> {
        let by_plan = |plan: &Plan| {
            let (mut sink, mut scratch) = (ValueSink::default(), Scratch::default());
            plan.check(0, &bytes, &mut scratch).ok()?;
            emit(plan, &bytes, &mut sink, &mut scratch).ok()?;
            sink.finish()
        };
        match self.plan.get_or_init(|| Plan::of(&self.message)).as_ref().and_then(by_plan) {
            Some(value) => Ok(value),
            None => super::decode(bytes, &self.message),
        }
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
            let decoder = Decoder::new((&message.descriptor()).into());
            let names: Vec<&str> = chosen.iter().map(String::as_str).collect();
            // An Any that cannot be read may be in a field that nobody asks for.
            let Ok(whole) = decoder.decode(bytes.clone()) else { return Ok(()) };
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
