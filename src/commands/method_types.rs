//! The types of a method's messages, those in `google.protobuf.Any` included.
//!
//! The service is asked for the latter when a message names them.

use std::cell::RefCell;
use std::collections::BTreeSet;

use bytes::Bytes;
use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value};

use crate::codec::decode::{Decoder, type_name};
use crate::grpc::call::Caller;
use crate::grpc::resolve::ResolvedMethod;

/// The most types that are asked for in one run.
const MAX_TYPES: usize = 64;

/// The types of one method, as far as they are known.
pub struct MethodTypes {
    known: RefCell<(ResolvedMethod, Decoder)>,
    /// The types that were asked for; none is asked for twice.
    asked: RefCell<BTreeSet<String>>,
}

impl MethodTypes {
    pub fn new(resolved: &ResolvedMethod) -> Self {
        let decoder = Decoder::new(resolved.descriptor.output());
        Self { known: RefCell::new((resolved.clone(), decoder)), asked: RefCell::default() }
    }

    /// The method among all types that are known.
    pub fn descriptor(&self) -> MethodDescriptor {
        self.known.borrow().0.descriptor.clone()
    }

    pub fn decoder(&self) -> Decoder {
        self.known.borrow().1.clone()
    }

    /// Whether types are known that the service did not describe with the method.
    pub fn is_extended(&self) -> bool {
        !self.asked.borrow().is_empty()
    }

    /// Asks for the types that a response names, and for those that messages of these types name.
    pub async fn learn_from_response(&self, response: &Bytes, caller: &Caller) {
        loop {
            let decoder = self.decoder();
            if !decoder.has_any() || !self.learn(decoder.unknown_types(response), caller).await {
                return;
            }
        }
    }

    /// Asks for the types that a request names.
    pub async fn learn_from_request(&self, request: &Map<String, Value>, caller: &Caller) {
        let mut names = BTreeSet::new();
        request.values().for_each(|value| find_types(value, &mut names));
        let input = self.descriptor().input();
        names.retain(|name| input.parent_pool().get_message_by_name(name).is_none());
        if !names.is_empty() && Decoder::new(input).has_any() {
            self.learn(names, caller).await;
        }
    }

    /// Asks for types that were not asked for; returns whether one is known now. A failure leaves them unknown.
    async fn learn(&self, mut names: BTreeSet<String>, caller: &Caller) -> bool {
        {
            let mut asked = self.asked.borrow_mut();
            names.retain(|name| asked.len() < MAX_TYPES && asked.insert(name.clone()));
        }
        if names.is_empty() {
            return false;
        }
        let resolved = self.known.borrow().0.clone();
        let Some(extended) = resolved.with_types(&names, caller).await else { return false };
        let decoder = Decoder::new(extended.descriptor.output());
        self.known.replace((extended, decoder));
        true
    }
}

/// The types that `@type` names anywhere in a value.
fn find_types(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let url = fields.get("@type").and_then(Value::as_str);
            names.extend(url.and_then(type_name).map(str::to_owned));
            fields.values().for_each(|value| find_types(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| find_types(item, names)),
        _ => {}
    }
}
