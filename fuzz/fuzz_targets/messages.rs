//! Messages against a plan: the first byte chooses the type. The library's reader is the oracle.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use spacectl::codec::decode::{Decoder, decode};

#[path = "../../tests/support/dynamic_value.rs"]
mod dynamic_value;

const TYPES: [&str; 8] = [
    "test.kinds.Kinds",
    "test.kinds.Inner",
    "google.protobuf.Struct",
    "google.protobuf.Any",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
    "google.protobuf.FieldMask",
    "google.protobuf.Int64Value",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, message)) = data.split_first() else { return };
    let name = TYPES[usize::from(*first) % TYPES.len()];
    let descriptor = spacectl_fuzz::KINDS.get_message_by_name(name).expect("a type of kinds.proto");
    let value = Decoder::new(descriptor.clone()).decode(Bytes::copy_from_slice(message)).ok();
    assert_eq!(value, dynamic_value::decode_dynamic(message, &descriptor));
    // This repairs text that is not UTF-8.
    let repaired = decode(Bytes::copy_from_slice(message), &descriptor);
    assert!(value.is_none() || repaired.is_ok());
});
