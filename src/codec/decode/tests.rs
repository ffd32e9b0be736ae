//! Tests the decoder against prost-reflect's `DynamicMessage`.

use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::prost::encoding::{WireType, encode_key};
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, MessageOptions, OneofDescriptorProto,
};
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value as Field};
use serde_json::Value;

use super::*;

#[path = "../../../tests/support/dynamic_value.rs"]
mod dynamic_value;
pub(crate) use dynamic_value::decode_dynamic;

/// The value that the plan decodes; `None` if the bytes are malformed.
fn by_plan(plan: &DecodePlan, bytes: &[u8]) -> Option<Value> {
    plan.check(0, bytes).ok()?;
    let mut sink = ValueSink::default();
    plan.emit(0, bytes, &mut sink, &mut Workspace::default()).expect("what was checked can be read");
    Some(sink.finish().expect("a message is one value"))
}

/// Numbers that look like chance and come again with their seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len() as u64) as usize]
    }
}

const SCALARS: [Type; 15] = [
    Type::Double,
    Type::Float,
    Type::Int64,
    Type::Uint64,
    Type::Int32,
    Type::Fixed64,
    Type::Fixed32,
    Type::Bool,
    Type::String,
    Type::Bytes,
    Type::Uint32,
    Type::Sfixed32,
    Type::Sfixed64,
    Type::Sint32,
    Type::Sint64,
];

const KEYS: [Type; 12] = [
    Type::Int64,
    Type::Uint64,
    Type::Int32,
    Type::Fixed64,
    Type::Fixed32,
    Type::Bool,
    Type::String,
    Type::Uint32,
    Type::Sfixed32,
    Type::Sfixed64,
    Type::Sint32,
    Type::Sint64,
];

const KNOWN: [&str; 14] = [
    "Struct",
    "Value",
    "ListValue",
    "Timestamp",
    "Duration",
    "FieldMask",
    "Any",
    "Empty",
    "Int64Value",
    "StringValue",
    "BytesValue",
    "DoubleValue",
    "BoolValue",
    "UInt32Value",
];

/// Three message types that hold each other, an enum and protobuf's own types, in every way.
fn made_up(dice: &mut Dice) -> MessageDescriptor {
    let is_proto2 = dice.roll(4) == 0;
    let mut messages: Vec<_> = (0..3).map(|number| message_type(dice, number, is_proto2)).collect();
    messages.push(list_type(dice));
    let value = |name: &str, number| EnumValueDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        ..EnumValueDescriptorProto::default()
    };
    let mut colors = vec![value("NONE", 0), value("RED", 1), value("DARK", -7), value("FAR", 1000)];
    // The first value is the default: only the older syntax lets it be another than 0.
    colors.rotate_left(if is_proto2 { dice.roll(4) as usize } else { 0 });
    let color = EnumDescriptorProto { name: Some("Color".into()), value: colors, ..EnumDescriptorProto::default() };
    let imports = ["struct", "timestamp", "duration", "field_mask", "any", "empty", "wrappers"];
    let file = FileDescriptorProto {
        name: Some("made_up.proto".into()),
        package: Some("made.up".into()),
        dependency: imports.map(|name| format!("google/protobuf/{name}.proto")).to_vec(),
        message_type: messages,
        enum_type: vec![color],
        syntax: (!is_proto2).then(|| "proto3".into()),
        ..FileDescriptorProto::default()
    };
    let mut pool = DescriptorPool::global();
    pool.add_file_descriptor_proto(file).unwrap();
    pool.get_message_by_name("made.up.M0").unwrap()
}

/// As [`made_up`], and one such message.
pub(super) fn made_up_message(seed: u64) -> DynamicMessage {
    let dice = &mut Dice(seed);
    let descriptor = made_up(dice);
    message(dice, &descriptor, 0)
}

/// As [`made_up`], for a list of such messages with what stands around it, and one such list.
pub(crate) fn made_up_list(seed: u64) -> DynamicMessage {
    let dice = &mut Dice(seed);
    let list = made_up(dice).parent_pool().get_message_by_name("made.up.Listed").unwrap();
    message(dice, &list, 0)
}

fn list_type(dice: &mut Dice) -> DescriptorProto {
    let field = |name: &str, number: u64, label, kind| FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number as i32),
        label: Some(label as i32),
        r#type: Some(kind as i32),
        ..FieldDescriptorProto::default()
    };
    let first = dice.roll(2);
    let mut results = field("results", 1 + first, Label::Repeated, Type::Message);
    results.type_name = Some(match dice.roll(4) {
        0 => format!(".google.protobuf.{}", dice.of(&KNOWN)),
        _ => ".made.up.M0".into(),
    });
    let total = field("total_count", 2 - first, Label::Optional, Type::Int32);
    let mut more = field("more", 70, Label::Optional, Type::Message);
    more.type_name = Some(".google.protobuf.Struct".into());
    DescriptorProto { name: Some("Listed".into()), field: vec![results, total, more], ..DescriptorProto::default() }
}

fn message_type(dice: &mut Dice, number: u64, is_proto2: bool) -> DescriptorProto {
    let mut message = DescriptorProto { name: Some(format!("M{number}")), ..DescriptorProto::default() };
    message.oneof_decl.push(OneofDescriptorProto { name: Some("choice".into()), ..OneofDescriptorProto::default() });
    let mut used = std::collections::BTreeSet::new();
    for at in 0..2 + dice.roll(9) {
        let number = loop {
            let number = if dice.roll(4) == 0 { 1 + dice.roll(70_000) } else { 1 + dice.roll(20) } as i32;
            // 19,000 to 19,999 are protobuf's own.
            if !(19_000..20_000).contains(&number) && used.insert(number) {
                break number;
            }
        };
        let mut field = typed(dice, SCALARS);
        if is_proto2 && field.r#type() == Type::Message && dice.roll(2) == 0 {
            field.set_type(Type::Group);
        }
        (field.name, field.number) = (Some(format!("f{at}")), Some(number));
        match dice.roll(7) {
            // A proto3 optional brings a oneof of its own.
            0 if !is_proto2 => {
                field.proto3_optional = Some(true);
                field.oneof_index = Some(message.oneof_decl.len() as i32);
                let name = Some(format!("_f{at}"));
                message.oneof_decl.push(OneofDescriptorProto { name, ..OneofDescriptorProto::default() });
            }
            1 | 2 => {
                field.label = Some(Label::Repeated as i32);
                if !matches!(field.r#type(), Type::String | Type::Bytes | Type::Message | Type::Group) {
                    let packed = Some(dice.roll(2) == 0);
                    field.options = Some(FieldOptions { packed, ..FieldOptions::default() });
                }
            }
            3 => {
                if field.r#type() == Type::Group {
                    field.set_type(Type::Message);
                }
                let mut key = typed(dice, SCALARS);
                (key.r#type, key.type_name) = (Some(dice.of(&KEYS) as i32), None);
                (key.name, key.number) = (Some("key".into()), Some(1));
                (field.name, field.number) = (Some("value".into()), Some(2));
                let options = Some(MessageOptions { map_entry: Some(true), ..MessageOptions::default() });
                let name = format!("F{at}Entry");
                let type_name = format!(".made.up.M{}.{name}", message.name().trim_start_matches('M'));
                let entry = DescriptorProto {
                    name: Some(name),
                    field: vec![key, field],
                    options,
                    ..DescriptorProto::default()
                };
                message.nested_type.push(entry);
                field = FieldDescriptorProto {
                    name: Some(format!("f{at}")),
                    number: Some(number),
                    label: Some(Label::Repeated as i32),
                    r#type: Some(Type::Message as i32),
                    type_name: Some(type_name),
                    ..FieldDescriptorProto::default()
                };
            }
            4 => field.oneof_index = Some(0),
            _ => {}
        }
        message.field.push(field);
    }
    if message.field.iter().all(|field| field.oneof_index != Some(0)) {
        message.oneof_decl.remove(0);
        let indices = message.field.iter_mut().filter_map(|field| field.oneof_index.as_mut());
        indices.for_each(|index| *index -= 1);
    }
    message
}

fn typed(dice: &mut Dice, scalars: [Type; 15]) -> FieldDescriptorProto {
    let (kind, name) = match dice.roll(8) {
        0 => (Type::Enum, Some(".made.up.Color".to_owned())),
        1 => (Type::Message, Some(format!(".made.up.M{}", dice.roll(3)))),
        2 | 3 => (Type::Message, Some(format!(".google.protobuf.{}", dice.of(&KNOWN)))),
        _ => (dice.of(&scalars), None),
    };
    FieldDescriptorProto {
        label: Some(Label::Optional as i32),
        r#type: Some(kind as i32),
        type_name: name,
        ..FieldDescriptorProto::default()
    }
}

fn message(dice: &mut Dice, descriptor: &MessageDescriptor, depth: u32) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    if descriptor.full_name() == "google.protobuf.Any" && dice.roll(4) > 0 {
        let inner = descriptor.parent_pool().get_message_by_name("made.up.M1").unwrap();
        let value = self::message(dice, &inner, depth + 2).encode_to_vec();
        message.set_field_by_name("type_url", Field::String("type.googleapis.com/made.up.M1".into()));
        message.set_field_by_name("value", Field::Bytes(value.into()));
        return message;
    }
    for field in descriptor.fields() {
        if depth > 4 || dice.roll(3) == 0 {
            continue;
        }
        let value = if field.is_map() {
            let Kind::Message(entry) = field.kind() else { unreachable!() };
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            Field::Map(
                (0..dice.of(&[0, 1, 2, 3, 14]))
                    .map(|_| (map_key(dice, &key.kind()), single(dice, &value, depth)))
                    .collect(),
            )
        } else if field.is_list() {
            Field::List((0..dice.roll(4)).map(|_| single(dice, &field, depth)).collect())
        } else {
            single(dice, &field, depth)
        };
        message.set_field(&field, value);
    }
    message
}

fn map_key(dice: &mut Dice, kind: &Kind) -> MapKey {
    match kind {
        Kind::Bool => MapKey::Bool(dice.roll(2) == 0),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => MapKey::I32(integer(dice) as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => MapKey::I64(integer(dice)),
        Kind::Uint32 | Kind::Fixed32 => MapKey::U32(integer(dice) as u32),
        Kind::Uint64 | Kind::Fixed64 => MapKey::U64(integer(dice) as u64),
        _ => MapKey::String(text(dice)),
    }
}

fn integer(dice: &mut Dice) -> i64 {
    let any = dice.roll(u64::MAX) as i64;
    dice.of(&[0, 0, 1, -1, 127, 128, i64::MAX, i64::MIN, i64::from(i32::MIN), i64::from(u32::MAX), any])
}

fn text(dice: &mut Dice) -> String {
    dice.of(&[
        "",
        "",
        "a",
        "b",
        "a.b",
        "name",
        "두 글자",
        "line\nbreak",
        "\u{1b}[2J",
        "\"q\\",
        "🚀",
        "\u{202e}",
        "\u{7f}",
    ])
    .to_owned()
}

fn single(dice: &mut Dice, field: &FieldDescriptor, depth: u32) -> Field {
    let float = dice.of(&[0.0, -0.0, 1.0, 0.1, -2.5, 1e300, 9e15, 1e16, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    match field.kind() {
        Kind::Double => Field::F64(float),
        Kind::Float => Field::F32(float as f32),
        Kind::Bool => Field::Bool(dice.roll(2) == 0),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            // Parts of a second, where it is one.
            Field::I32(if field.name() == "nanos" {
                dice.of(&[0, 1, 5_000_000, 999_999_999, -1, 1_000_000_000, i32::MIN, i32::MAX])
            } else {
                integer(dice) as i32
            })
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Field::I64(if field.name() == "seconds" {
            dice.of(&[0, 1, -5, 1_700_000_000, 1 << 40, i64::MIN, i64::MAX])
        } else {
            integer(dice)
        }),
        Kind::Uint32 | Kind::Fixed32 => Field::U32(integer(dice) as u32),
        Kind::Uint64 | Kind::Fixed64 => Field::U64(integer(dice) as u64),
        Kind::String => Field::String(text(dice)),
        Kind::Bytes => Field::Bytes(text(dice).into_bytes().into()),
        Kind::Enum(_) => Field::EnumNumber(dice.of(&[0, 1, -7, 1000, 5])),
        Kind::Message(inner) => Field::Message(message(dice, &inner, depth + 1)),
    }
}

fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..dice.roll(3) {
        if bytes.is_empty() {
            return;
        }
        let at = dice.roll(bytes.len() as u64) as usize;
        match dice.roll(4) {
            0 => bytes.truncate(at),
            1 => bytes[at] = dice.roll(256) as u8,
            2 => bytes.insert(at, dice.roll(256) as u8),
            _ => drop(bytes.remove(at)),
        }
    }
}

fn unknown_fields(dice: &mut Dice) -> Vec<u8> {
    dice.of(&[
        &[0x80, 0xfa, 0x7f, 0x05][..],
        &[0x82, 0xfa, 0x7f, 0x02, 0xff, 0xfe],
        &[0x85, 0xfa, 0x7f, 1, 2, 3, 4],
        &[0x81, 0xfa, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8],
        &[],
    ])
    .to_vec()
}

/// Entries of mappings without a key or a value, as serializers write them that leave defaults out.
fn bare_entries(dice: &mut Dice, descriptor: &MessageDescriptor) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in descriptor.fields().filter(FieldDescriptor::is_map) {
        for _ in 0..dice.roll(3) {
            encode_key(field.number(), WireType::LengthDelimited, &mut bytes);
            bytes.push(0);
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn messages_are_decoded_as_by_the_library(seed: u64) {
        let dice = &mut Dice(seed);
        let descriptor = made_up(dice);
        let message = message(dice, &descriptor, 0).encode_to_vec();
        // In front, so that they take no other entry's place.
        let mut bytes = bare_entries(dice, &descriptor);
        bytes.extend(message);
        bytes.extend(unknown_fields(dice));
        let decoded = by_plan(&DecodePlan::new(&descriptor), &bytes);
        prop_assert!(decoded.is_some());
        prop_assert_eq!(decoded, decode_dynamic(&bytes, &descriptor));
    }

    /// Fields out of order and several times, so that messages are merged and members of a oneof replace each other.
    #[test]
    fn merged_and_damaged_messages_are_decoded_as_by_the_library(seed: u64) {
        let dice = &mut Dice(seed);
        let descriptor = made_up(dice);
        let mut bytes = Vec::new();
        for _ in 0..=dice.roll(3) {
            bytes.extend(message(dice, &descriptor, 0).encode_to_vec());
        }
        damage(dice, &mut bytes);
        prop_assert_eq!(by_plan(&DecodePlan::new(&descriptor), &bytes), decode_dynamic(&bytes, &descriptor));
    }

    #[test]
    fn any_bytes_are_decoded_as_by_the_library(bytes in prop::collection::vec(any::<u8>(), 0..64), seed: u64) {
        let descriptor = made_up(&mut Dice(seed));
        prop_assert_eq!(by_plan(&DecodePlan::new(&descriptor), &bytes), decode_dynamic(&bytes, &descriptor));
    }
}

/// More fields than a machine word has bits.
#[test]
fn a_message_may_have_any_number_of_fields() {
    let fields: String = (1..=300).map(|at| format!("optional int32 f{at} = {};", at * 3)).collect();
    let source = format!("syntax = \"proto3\"; message Wide {{ {fields} }}");
    let file = protox::file::File::from_source("wide.proto", &source).unwrap();
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone()).unwrap();
    let descriptor = pool.get_message_by_name("Wide").unwrap();
    let mut message = DynamicMessage::new(descriptor.clone());
    descriptor.fields().step_by(2).for_each(|field| message.set_field(&field, Field::I32(7)));
    let bytes = message.encode_to_vec();
    let decoded = by_plan(&DecodePlan::new(&descriptor), &bytes);
    assert_eq!(decoded.as_ref().and_then(Value::as_object).map(serde_json::Map::len), Some(150));
    assert_eq!(decoded, decode_dynamic(&bytes, &descriptor));
}
