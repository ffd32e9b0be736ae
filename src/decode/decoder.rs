//! Many messages of one type, one after another.

use std::cell::OnceCell;
use std::rc::Rc;

use bytes::Bytes;
use prost_reflect::MessageDescriptor;
use serde_json::Value;

use super::{Odd, Plan, Scratch, ValueSink};
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
        let plan = self.plan.get_or_init(|| Plan::of(&self.message));
        match plan.as_ref().and_then(|plan| by_plan(plan, &bytes).ok().flatten()) {
            Some(value) => Ok(value),
            None => super::decode(bytes, &self.message),
        }
    }
}

fn by_plan(plan: &Plan, bytes: &[u8]) -> Result<Option<Value>, Odd> {
    let (mut sink, mut scratch) = (ValueSink::default(), Scratch::default());
    plan.check(0, bytes, &mut scratch)?;
    plan.emit(0, bytes, &mut sink, &mut scratch)?;
    Ok(sink.finish())
}
