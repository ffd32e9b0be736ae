//! A request value becomes a message and comes back; what does not fit is refused with its path.

use proptest::collection::{btree_map, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::prost::encoding::encode_varint;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::{Map, Value, json};
use spacectl::codec::decode;
use spacectl::codec::encode;
use spacectl::error::Error;

#[path = "support/dynamic_value.rs"]
mod dynamic_value;
use dynamic_value::decode_dynamic;

fn kinds() -> MessageDescriptor {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proto");
    let files = protox::compile(["kinds.proto"], [dir]).unwrap();
    DescriptorPool::from_file_descriptor_set(files).unwrap().get_message_by_name("test.kinds.Kinds").unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("an object") };
    object
}

/// There and back over the wire.
fn through(value: &Value) -> Result<Value, Vec<encode::Fault>> {
    let kinds = kinds();
    let message = encode::encode(&object(value.clone()), &kinds)?;
    Ok(decode::decode(message.into(), &kinds).unwrap())
}

fn faults(value: Value) -> Vec<String> {
    let faults = through(&value).expect_err("refused");
    faults
        .into_iter()
        .map(|fault| {
            let hint = fault.advice().map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{}: {}{hint}", fault.path, fault.message)
        })
        .collect()
}

/// What the program makes of them.
fn decoded(bytes: &[u8]) -> Result<Value, Error> {
    decode::Decoder::new(kinds()).decode(bytes.to_vec().into())
}

/// Fields of any number and type, with more such fields or text in them.
fn wire_bytes() -> impl Strategy<Value = Vec<u8>> {
    let key = |number: u32, wire_type: u8| {
        let mut key = Vec::new();
        encode_varint(u64::from(number << 3 | u32::from(wire_type)), &mut key);
        key
    };
    let ends = prop::sample::select(vec![i64::MIN, i64::MAX, i64::from(i32::MIN), i64::from(i32::MAX)]);
    let varint = prop_oneof![0..3_u64, any::<u64>(), ends.prop_map(i64::cast_unsigned)].prop_map(|value| {
        let mut bytes = Vec::new();
        encode_varint(value, &mut bytes);
        bytes
    });
    let leaf = prop_oneof![
        (1..33_u32, varint).prop_map(move |(number, value)| [key(number, 0), value].concat()),
        (1..33_u32, any::<[u8; 8]>()).prop_map(move |(number, value)| [key(number, 1), value.to_vec()].concat()),
        (1..33_u32, any::<[u8; 4]>()).prop_map(move |(number, value)| [key(number, 5), value.to_vec()].concat()),
        (1..33_u32, prop_oneof![vec(any::<u8>(), 0..9), "[a-z]{0,4}".prop_map(String::into_bytes)])
            .prop_map(move |(number, bytes)| [key(number, 2), vec![bytes.len() as u8], bytes].concat()),
    ];
    let fields = leaf.prop_recursive(4, 24, 4, move |inner| {
        (1..33_u32, vec(inner, 0..4)).prop_map(move |(number, fields)| {
            let bytes = fields.concat();
            let mut length = Vec::new();
            encode_varint(bytes.len() as u64, &mut length);
            [key(number, 2), length, bytes].concat()
        })
    });
    vec(fields, 0..5).prop_map(|fields| fields.concat())
}

/// Any JSON that a `Struct` can hold, in the form in which it comes back.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1i64 << 53)..=(1i64 << 53)).prop_map(Value::from),
        // Not whole: a whole double comes back as an integer.
        any::<i32>().prop_map(|n| Value::from(f64::from(n) + 0.5)),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".*", inner, 0..4).prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn inner() -> impl Strategy<Value = Value> {
    let leaf = ".+".prop_map(|text| json!({ "text": text }));
    leaf.prop_recursive(3, 8, 3, |inner| {
        (".+", vec(inner, 1..3)).prop_map(|(text, children)| json!({"text": text, "children": children}))
    })
}

/// A value in the form in which it comes back: no defaults, sorted maps, 64 bits as text.
fn message() -> impl Strategy<Value = Value> {
    let some = |name: &'static str, value: BoxedStrategy<Value>| {
        weighted(0.5, value).prop_map(move |value| value.map(|value| (name.to_owned(), value))).boxed()
    };
    let fields = vec![
        some("flag", Just(json!(true)).boxed()),
        some("whole", (1..i32::MAX).prop_map(Value::from).boxed()),
        some("long", (i64::MIN..0).prop_map(|n| n.to_string().into()).boxed()),
        some("count", (1..u32::MAX).prop_map(Value::from).boxed()),
        some("big", (1..u64::MAX).prop_map(|n| n.to_string().into()).boxed()),
        some("real", any::<f64>().prop_filter("finite, not 0", |n| n.is_normal()).prop_map(Value::from).boxed()),
        some("text", ".+".prop_map(Value::from).boxed()),
        some("color", prop_oneof![Just(json!("RED")), Just(json!("GREEN"))].boxed()),
        some("inner", inner().boxed()),
        some("texts", vec(".*", 1..4).prop_map(Value::from).boxed()),
        some("longs", vec(any::<i64>(), 1..4).prop_map(|ns| ns.iter().map(ToString::to_string).collect()).boxed()),
        some("inners", vec(inner(), 1..3).prop_map(Value::from).boxed()),
        some("by_name", btree_map(".*", inner(), 1..3).prop_map(|m| Value::Object(m.into_iter().collect())).boxed()),
        some("by_number", (any::<i32>(), ".*").prop_map(|(n, text)| json!({ n.to_string(): text })).boxed()),
        some("k", ".*".prop_map(Value::from).boxed()),
        some("maybe", ".*".prop_map(Value::from).boxed()),
        some(
            "object",
            btree_map(".*", json_value(), 0..4).prop_map(|m| Value::Object(m.into_iter().collect())).boxed(),
        ),
        some("anything", json_value().boxed()),
        some("list", vec(json_value(), 0..4).prop_map(Value::from).boxed()),
        some("wrapped_text", ".*".prop_map(Value::from).boxed()),
        some(
            "colors",
            vec(prop_oneof![Just(json!("RED")), Just(json!("COLOR_NONE"))], 1..4).prop_map(Value::from).boxed(),
        ),
    ];
    fields.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_sent_comes_back(value in message()) {
        prop_assert_eq!(through(&value).unwrap(), value);
    }

    /// The library's own reader of JSON and writer of messages agree, to the byte but for the order of fields.
    #[test]
    fn what_is_written_is_what_the_library_writes(value in message()) {
        let kinds = kinds();
        let bytes = encode::encode(&object(value.clone()), &kinds).unwrap();
        let expected = DynamicMessage::deserialize(kinds.clone(), &value).unwrap();
        prop_assert_eq!(bytes.len(), expected.encode_to_vec().len());
        prop_assert_eq!(DynamicMessage::decode(kinds, &*bytes).unwrap(), expected);
    }

    /// The library's own reader says what a message is; here its parts come in any order and in several pieces.
    #[test]
    fn what_is_read_is_what_the_library_reads(values in vec(message(), 1..3), cut in any::<prop::sample::Index>()) {
        let kinds = kinds();
        let bytes = values.iter().flat_map(|value| encode::encode(&object(value.clone()), &kinds).unwrap());
        let mut bytes: Vec<u8> = bytes.collect();
        prop_assert_eq!(decode_dynamic(&bytes, &kinds), Some(decoded(&bytes).unwrap()));
        bytes.truncate(cut.index(bytes.len() + 1));
        prop_assert_eq!(decode_dynamic(&bytes, &kinds), decoded(&bytes).ok());
    }

    #[test]
    fn what_is_read_of_damaged_bytes_is_what_the_library_reads(
        value in message(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let kinds = kinds();
        let mut bytes = encode::encode(&object(value), &kinds).unwrap();
        for (at, byte) in damage.into_iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        prop_assert_eq!(decode_dynamic(&bytes, &kinds), decoded(&bytes).ok());
    }

    #[test]
    fn what_is_read_of_any_bytes_is_what_the_library_reads(bytes in wire_bytes()) {
        let kinds = kinds();
        prop_assert_eq!(decode_dynamic(&bytes, &kinds), decoded(&bytes).ok());
    }

    #[test]
    fn any_value_is_either_sent_or_refused(value in btree_map("[a-z_]{1,9}", json_value(), 0..6)) {
        let _ = through(&Value::Object(value.into_iter().collect()));
    }

    #[test]
    fn any_bytes_are_either_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode::decode(bytes.into(), &kinds());
    }
}

/// Each part of a value has to be whole, and entries are read as nothing else.
#[test]
fn malformed_entries_of_maps_are_refused() {
    let inner = [&[0x12, 3, 0x0a, 1, b'x'][..], &[0x12, 0]].concat();
    let parts = [&[0x12, 1, 0x0a][..], &[0x12, 2, 1, b'x']].concat();
    let entry = |content: &[u8]| [&[0x7a, content.len() as u8], content].concat();
    assert_eq!(decoded(&entry(&inner)).unwrap(), json!({"by_name": {"": {"text": "x"}}}));
    for malformed in [entry(&parts), vec![0x78, 0]] {
        assert!(decoded(&malformed).is_err(), "{malformed:?}");
        assert_eq!(decode_dynamic(&malformed, &kinds()), None);
    }
}

#[test]
fn well_known_types_have_their_json_form() {
    let value = json!({
        "data": "AP8=", "small": 0.1, "at": "2026-01-01T00:00:00Z", "took": "1.500s", "mask": "name,tags",
        "wrapped_long": "-5", "by_flag": {"false": 1.0, "true": 2.5},
        "any": {"@type": "type.googleapis.com/test.kinds.Inner", "text": "x"},
    });
    let back = through(&value).unwrap();
    for (key, value) in object(value) {
        assert_eq!(back[&key], value, "{key}");
    }
}

/// A moment without a text is shown by its parts, the last numbers that there are included.
#[test]
fn moments_that_no_text_tells_are_shown_by_their_parts() {
    let shown = |field: u32, seconds: i64, nanos: i32| {
        let mut inner = Vec::new();
        for (number, part) in [(1, seconds), (2, nanos.into())] {
            encode_varint(number << 3, &mut inner);
            encode_varint(part.cast_unsigned(), &mut inner);
        }
        let mut bytes = Vec::new();
        encode_varint(u64::from(field << 3 | 2), &mut bytes);
        bytes.push(inner.len() as u8);
        bytes.extend(inner);
        let value = decoded(&bytes).unwrap();
        assert_eq!(decode_dynamic(&bytes, &kinds()), Some(value.clone()), "{seconds} {nanos}");
        value
    };
    let (first, last) = (i64::MIN.to_string(), i64::MAX.to_string());
    assert_eq!(shown(25, i64::MIN, 0), json!({"took": {"seconds": first}}));
    assert_eq!(shown(25, i64::MAX, 0), json!({"took": {"seconds": last}}));
    assert_eq!(shown(25, 0, i32::MIN), json!({"took": {"nanos": i32::MIN}}));
    // Its signs say two things.
    assert_eq!(shown(25, 1, -1), json!({"took": {"seconds": "1", "nanos": -1}}));
    assert_eq!(shown(25, -1, 1), json!({"took": {"seconds": "-1", "nanos": 1}}));
    assert_eq!(shown(25, -1, -1), json!({"took": "-1.000000001s"}));
    assert_eq!(shown(24, i64::MIN, 0), json!({"at": {"seconds": first}}));
    for seconds in [i64::MIN, -62_135_596_800, -1, 0, 1, 253_402_300_799, i64::MAX] {
        for nanos in [i32::MIN, -1, 0, 1, i32::MAX] {
            shown(24, seconds, nanos);
            shown(25, seconds, nanos);
        }
    }
}

#[test]
fn defaults_are_not_sent_where_nobody_can_tell_them_from_nothing() {
    let kinds = kinds();
    let size = |value: Value| encode::encode(&object(value), &kinds).unwrap().len();
    let unset =
        json!({"flag": false, "whole": 0, "big": "0", "real": 0, "text": "", "data": "", "color": "COLOR_NONE"});
    assert_eq!(size(unset), 0);
    // An entry of no bytes, one whose message has none, and a list of one.
    assert_eq!(size(json!({"by_number": {"0": ""}})), 3);
    assert_eq!(size(json!({"by_name": {"": {}}, "inners": [], "longs": [0]})), 4 + 3);
    assert_eq!(size(json!({"k": ""})), 3);
    assert_eq!(size(json!({"maybe": "", "inner": {}, "wrapped_text": ""})), 3 + 2 + 3);
}

/// What only the older syntax of protobuf has.
#[test]
fn groups_and_unpacked_lists_are_written_as_they_are_described() {
    let source = r#"syntax = "proto2"; package old;
        message Old {
          repeated int32 plain = 1;
          repeated sfixed64 packed = 2 [packed = true];
          optional group One = 3 { optional int32 n = 1 [default = 5]; }
          repeated group Many = 4 { required string text = 1; }
          map<string, fixed32> numbers = 5;
        }"#;
    let file = protox::file::File::from_source("old.proto", source).unwrap();
    let files = prost_types::FileDescriptorSet { file: vec![file.file_descriptor_proto().clone()] };
    let old = DescriptorPool::from_file_descriptor_set(files).unwrap().get_message_by_name("old.Old").unwrap();
    let value = json!({
        "plain": [0, -1], "packed": ["0", "-7"], "one": {"n": 5}, "many": [{"text": ""}, {"text": "x"}],
        "numbers": {"": 0},
    });
    let bytes = encode::encode(&object(value.clone()), &old).unwrap();
    let expected = DynamicMessage::deserialize(old.clone(), &value).unwrap();
    assert_eq!(bytes.len(), expected.encode_to_vec().len());
    assert_eq!(DynamicMessage::decode(old.clone(), &*bytes).unwrap(), expected);
    assert_eq!(decode::decode(bytes.into(), &old).unwrap(), value);
}

/// An entry without a value has the first one of its enum, which in the older syntax need not be 0, or what a server
/// says that it has.
#[test]
fn an_entry_without_a_value_has_the_default_of_its_type() {
    let source = r#"syntax = "proto2"; package old;
        enum Level { LOW = 1; HIGH = 2; }
        message Old { map<string, Level> levels = 1; }
        message Said { map<string, Level> levels = 1; map<string, int32> numbers = 2; }"#;
    let file = protox::file::File::from_source("old.proto", source).unwrap();
    let mut file = file.file_descriptor_proto().clone();
    let said = &mut file.message_type[1].nested_type;
    said[0].field[1].default_value = Some("HIGH".to_owned());
    said[1].field[1].default_value = Some("5".to_owned());
    let pool = DescriptorPool::from_file_descriptor_set(prost_types::FileDescriptorSet { file: vec![file] }).unwrap();
    for (name, bytes, expected) in [
        ("old.Old", b"\x0a\x03\x0a\x01k".as_slice(), json!({"levels": {"k": "LOW"}})),
        ("old.Said", b"\x0a\x00\x12\x00", json!({"levels": {"": "HIGH"}, "numbers": {"": 5}})),
    ] {
        let message = pool.get_message_by_name(name).unwrap();
        assert_eq!(decode_dynamic(bytes, &message), Some(expected.clone()), "{name}");
        assert_eq!(decode::Decoder::new(message).decode(bytes.into()).unwrap(), expected, "{name}");
    }
}

#[test]
fn null_leaves_a_field_out_and_is_a_value_in_json() {
    assert_eq!(
        through(&json!({"text": null, "texts": null, "object": {"a": null}, "anything": null})).unwrap(),
        json!({
            "object": {"a": null}, "anything": null
        })
    );
}

#[test]
fn a_struct_shows_whole_numbers_as_they_were_written() {
    let value = json!({"object": {"one": 1, "version": "1.10", "half": 0.5}});
    assert_eq!(through(&value).unwrap().to_string(), r#"{"object":{"half":0.5,"one":1,"version":"1.10"}}"#);
}

#[test]
fn everything_wrong_is_told_with_its_path() {
    let told = faults(json!({
        "txet": 1, "flag": "yes", "whole": 3_000_000_000u32, "text": 1, "color": "REDD", "texts": "a", "longs": [1, "x"],
        "inners": [{"text": "a"}, {"text": true}], "object": {"n": [9_007_199_254_740_993i64]}, "k": "a", "key": "b",
        "by_number": {"x": "y"}, "at": "yesterday", "inner": [],
    }));
    insta::assert_snapshot!(told.join("\n"), @r#"
    txet: Kinds has no such field; did you mean text?
    flag: expected true or false, found text
    whole: expected a whole number of 32 bits, found a number out of range
    text: expected text, found a number; put it in quotes to make it text
    color: Color has no such value; did you mean RED?
    texts: expected a list, found text
    longs[1]: expected a whole number of 64 bits, found text
    inners[1].text: expected text, found true or false; put it in quotes to make it text
    object.n[0]: an integer beyond 2^53 would be rounded by the service; put it in quotes to make it text
    key: cannot be given together with k; leave out k or key
    by_number.x: expected a whole number of 32 bits as key
    at: expected a time such as "2026-01-01T00:00:00Z", found text
    inner: expected a mapping, found a list
    "#);
}

#[test]
fn no_value_of_the_request_is_repeated_by_its_errors() {
    let told =
        faults(json!({"flag": "s3cret", "whole": "s3cret", "inner": "s3cret", "at": "s3cret", "color": "s3cret"}));
    assert!(!told.concat().contains("s3cret"), "{told:?}");
}
