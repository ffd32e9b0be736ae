//! A call by the part of a description that it needs is a call by the whole.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    MethodDescriptor, Value,
};
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use spacectl::codec::decode;
use spacectl::codec::encode;
use spacectl::grpc::descriptors::Description;

#[path = "support/dynamic_value.rs"]
mod dynamic_value;
use dynamic_value::decode_dynamic;

const NOWHERE: &str = "nowhere";

fn compile(dir: &str, files: &[&str]) -> FileDescriptorSet {
    protox::compile(files, [concat!(env!("CARGO_MANIFEST_DIR"), "/").to_owned() + dir]).unwrap()
}

/// Sources by their names, of which the first is compiled with all that it imports.
fn sources(files: &[(&str, &str)]) -> FileDescriptorSet {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, source)| std::fs::write(dir.path().join(name), source).unwrap());
    protox::compile([files[0].0], [dir.path()]).unwrap()
}

/// As a server sends it.
fn description(set: &FileDescriptorSet) -> Description {
    let files = set.file.iter().filter(|file| !file.name().starts_with("google/protobuf/"));
    Description { services: Vec::new(), files: files.map(|file| Bytes::from(file.encode_to_vec())).collect() }
}

fn pool(set: &FileDescriptorSet) -> DescriptorPool {
    DescriptorPool::from_file_descriptor_set(set.clone()).unwrap()
}

/// Whether the method's pool is not that of all that its service describes, which has all of protobuf's own types.
fn is_part(method: &MethodDescriptor) -> bool {
    method.parent_pool().get_message_by_name("google.protobuf.Api").is_none()
}

/// Each method by the whole and by the part that it needs.
fn both(set: &FileDescriptorSet) -> Vec<(MethodDescriptor, MethodDescriptor)> {
    let description = description(set);
    let methods = pool(set).services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect::<Vec<_>>();
    let by_part = |whole: MethodDescriptor| {
        let service = whole.parent_service().full_name().to_owned();
        let part = description.method(&service, whole.name(), NOWHERE).unwrap().unwrap();
        assert!(is_part(&part), "{} needs all", whole.full_name());
        (whole, part)
    };
    methods.into_iter().map(by_part).collect()
}

fn bundled() -> FileDescriptorSet {
    let files = ["core/v1/server_info.proto", "repository/v1/plugin.proto", "repository/v1/repository.proto"];
    compile("proto", &files.map(|file| format!("spaceone/api/{file}")).each_ref().map(String::as_str))
}

fn first_generation() -> FileDescriptorSet {
    let files = ["core/v1/server_info.proto", "repository/v1/plugin.proto", "repository/v1/repository.proto"];
    compile("tests/proto/generation1", &files.map(|file| format!("spaceone/api/{file}")).each_ref().map(String::as_str))
}

/// Every kind of field but that of any type.
fn kinds() -> FileDescriptorSet {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proto/kinds.proto")).unwrap();
    let source =
        source.replace("google.protobuf.Any any = 29;", "").replace("import \"google/protobuf/any.proto\";", "");
    sources(&[("kinds.proto", &source)])
}

/// What the platform does not have and others do.
fn odd() -> FileDescriptorSet {
    sources(&[
        (
            "odd.proto",
            r#"syntax = "proto2"; package odd; import "far.proto"; import "options.proto"; import "google/protobuf/empty.proto";
            message Outer {
              option (note) = "outer";
              reserved 50 to 60; extensions 100 to 199;
              message Around { message Inner { optional Level level = 1 [default = HIGH]; } optional int32 unused = 1; }
              message Unused { optional Around around = 1; }
              enum Level { option allow_alias = true; LOW = 1; LEAST = 1; HIGH = 2; }
              enum Unneeded { NONE = 0; }
            }
            message Request {
              required string name = 1 [(mark) = true, default = "x\"y"];
              repeated int32 packed = 2 [packed = true]; repeated int32 loose = 3 [deprecated = true];
              optional group Part = 4 { optional Outer.Around.Inner inner = 1; repeated Request requests = 2; }
              map<int64, far.Away> by_number = 5; map<string, Outer.Level> levels = 6;
              oneof either { option (choice) = 1; bytes raw = 7; float real = 8; }
              optional string renamed = 9 [json_name = "other"];
            }
            message Unrelated { optional far.Unneeded far = 1; }
            service Odd {
              option (kind) = "odd";
              rpc Do(Request) returns (far.Deep) { option (path) = "/x"; }
              rpc Other(Unrelated) returns (stream google.protobuf.Empty);
            }
            service More { rpc Do(Unrelated) returns (Unrelated); }"#,
        ),
        ("far.proto", r#"syntax = "proto3"; import public "deep.proto";"#),
        (
            "deep.proto",
            r#"syntax = "proto3"; package far; import "google/protobuf/timestamp.proto";
            message Away { google.protobuf.Timestamp at = 1; optional int32 maybe = 2; repeated fixed32 loose = 3 [packed = false]; }
            message Deep { Away away = 1; repeated Deep deeper = 2; repeated sint64 packed = 3; }
            message Unneeded { Deep deep = 1; }"#,
        ),
        (
            "options.proto",
            r#"syntax = "proto3"; package odd; import "google/protobuf/descriptor.proto";
            extend google.protobuf.MessageOptions { string note = 50001; }
            extend google.protobuf.FieldOptions { bool mark = 50001; }
            extend google.protobuf.OneofOptions { int32 choice = 50001; }
            extend google.protobuf.ServiceOptions { string kind = 50001; }
            extend google.protobuf.MethodOptions { string path = 50001; }"#,
        ),
    ])
}

/// All that a message's fields say, and those of the messages that they reach, by full names.
fn told(message: &MessageDescriptor, told_of: &mut BTreeMap<String, Vec<String>>) {
    if told_of.contains_key(message.full_name()) {
        return;
    }
    let field = |field: FieldDescriptor| {
        let oneof = field.containing_oneof().map(|oneof| (oneof.name().to_owned(), oneof.fields().len()));
        format!(
            "{} {} {:?} {:?} list {} map {} packed {} presence {} group {} default {:?} {oneof:?}",
            field.name(),
            field.number(),
            kind(&field.kind()),
            field.cardinality(),
            field.is_list(),
            field.is_map(),
            field.is_packed(),
            field.supports_presence(),
            field.is_group(),
            // Of messages it is one that is empty, whose pool the other's is not.
            Some(field.default_value()).filter(|value| value.as_message().is_none() && value.as_map().is_none()),
        )
    };
    let fields = message.fields().map(field).collect();
    told_of.insert(message.full_name().to_owned(), fields);
    for field in message.fields() {
        match field.kind() {
            Kind::Message(inner) => told(&inner, told_of),
            Kind::Enum(inner) => {
                told_of.insert(inner.full_name().to_owned(), values(&inner));
            }
            _ => {}
        }
    }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => format!("{} {}", message.full_name(), message.is_map_entry()),
        Kind::Enum(inner) => inner.full_name().to_owned(),
        other => format!("{other:?}"),
    }
}

fn values(of: &EnumDescriptor) -> Vec<String> {
    let default = format!("default {}", of.default_value().name());
    of.values().map(|value| format!("{} {}", value.name(), value.number())).chain([default]).collect()
}

#[test]
fn the_part_tells_of_its_messages_what_the_whole_does() {
    for set in [bundled(), first_generation(), kinds(), odd()] {
        for (whole, part) in both(&set) {
            let of = |method: &MethodDescriptor| {
                let mut of = BTreeMap::new();
                told(&method.input(), &mut of);
                told(&method.output(), &mut of);
                of
            };
            assert_eq!(of(&part), of(&whole), "{}", whole.full_name());
            let streams = |method: &MethodDescriptor| (method.is_client_streaming(), method.is_server_streaming());
            assert_eq!((part.full_name(), streams(&part)), (whole.full_name(), streams(&whole)));
        }
    }
}

#[test]
fn the_part_has_nothing_else() {
    let names = |method: &MethodDescriptor| {
        let pool = method.parent_pool();
        let enums = pool.all_enums().map(|inner| inner.full_name().to_owned());
        let messages = pool.all_messages().map(|message| format!("{} {}", message.full_name(), message.fields().len()));
        assert_eq!(pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).count(), 1);
        messages.chain(enums).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n")
    };
    let methods = both(&odd()).into_iter().map(|(_, part)| format!("{}:\n{}\n", part.full_name(), names(&part)));
    insta::assert_snapshot!(methods.collect::<Vec<_>>().join("\n"));
    let list = both(&bundled()).into_iter().find(|(whole, _)| whole.full_name().ends_with(".Plugin.list")).unwrap();
    insta::assert_snapshot!(names(&list.1));
    let options = list.1.parent_file().file_descriptor_proto().options.clone();
    assert_eq!((options, list.1.parent_file().file_descriptor_proto().source_code_info.clone()), (None, None));
}

#[test]
fn where_the_part_cannot_be_told_the_whole_serves() {
    let whole = |set: &FileDescriptorSet, service: &str, method: &str| {
        let description = description(set);
        let found = description.method(service, method, NOWHERE);
        assert!(!found.as_ref().is_ok_and(|found| found.as_ref().is_some_and(is_part)));
        found
    };
    let any = compile("tests/proto", &["kinds.proto"]);
    let put = whole(&any, "test.kinds.Store", "put").unwrap().unwrap();
    assert_eq!(put.full_name(), "test.kinds.Store.put");
    assert!(is_part(&description(&any).method("test.kinds.Store", "watch", NOWHERE).unwrap().unwrap()));
    // Descriptors of descriptors: the stand-in for options has their names.
    const META: &str = r#"syntax = "proto3"; import "google/protobuf/descriptor.proto";
        message M { map<string, google.protobuf.FileDescriptorProto> files = 1; } service S { rpc get(M) returns (M); }"#;
    assert!(whole(&sources(&[("a.proto", META)]), "S", "get").unwrap().is_some());
    // What is not there.
    assert!(whole(&bundled(), "S", "get").unwrap().is_none());
    assert!(whole(&bundled(), "spaceone.api.repository.v1.Plugin", "lists").unwrap().is_none());
}

/// As of files of editions, which prost-reflect panics over.
#[test]
fn a_file_of_an_unknown_syntax_is_told_only_where_it_is_needed() {
    let mut description = description(&bundled());
    let unknown = |name: &str| {
        let file =
            FileDescriptorProto { name: Some(name.into()), syntax: Some("editions".into()), ..Default::default() };
        Bytes::from(file.encode_to_vec())
    };
    description.files.push(unknown("newer.proto"));
    let method = |description: &Description| {
        let service = "spaceone.api.repository.v1.Plugin";
        description.method(service, "list", NOWHERE).map(|method| method.is_some()).map_err(|error| error.to_string())
    };
    assert_eq!(method(&description), Ok(true));
    for file in &mut description.files {
        let mut decoded = FileDescriptorProto::decode(file.as_ref()).unwrap();
        if decoded.name().ends_with("query.proto") {
            decoded.syntax = Some("editions".into());
            // The field `edition`, which prost's type lacks.
            *file = [decoded.encode_to_vec(), vec![0x70, 0xea, 0x07]].concat().into();
        }
    }
    let error = method(&description).unwrap_err();
    assert!(error.contains("spaceone/api/core/v2/query.proto is in an edition after 2024: only proto2"), "{error}");
}

#[test]
fn what_does_not_fit_together_is_told_as_such() {
    let set = bundled();
    let service = "spaceone.api.repository.v1.Plugin";
    let told = |change: &dyn Fn(&mut FileDescriptorSet)| {
        let mut set = set.clone();
        change(&mut set);
        let description = description(&set);
        let error = description.method(service, "list", NOWHERE).unwrap_err();
        assert_eq!(error.exit_code(), 77);
        error.to_string()
    };
    let is_plugin = |file: &&mut prost_types::FileDescriptorProto| file.name().ends_with("plugin.proto");
    insta::assert_snapshot!(told(&|set| set.file.retain(|file| !file.name().ends_with("query.proto"))));
    insta::assert_snapshot!(told(&|set| {
        let file = set.file.iter_mut().find(is_plugin).unwrap();
        let query = file.message_type.iter_mut().find(|message| message.name() == "PluginQuery").unwrap();
        query.field[0].type_name = Some(".spaceone.api.core.v2.Nothing".into());
    }));
    insta::assert_snapshot!(told(&|set| {
        let file = set.file.iter_mut().find(is_plugin).unwrap();
        let info = file.message_type.iter_mut().find(|message| message.name() == "PluginInfo").unwrap();
        let mut entry = prost_types::DescriptorProto { name: Some("LabelsEntry".into()), ..Default::default() };
        entry.options = Some(prost_types::MessageOptions { map_entry: Some(true), ..Default::default() });
        let key = info.field.iter().find(|field| field.name() == "name").unwrap().clone();
        entry.field.push(prost_types::FieldDescriptorProto { name: Some("key".into()), number: Some(1), ..key });
        info.nested_type.push(entry);
        let labels = info.field.iter_mut().find(|field| field.name() == "labels").unwrap();
        labels.type_name = Some(".spaceone.api.repository.v1.PluginInfo.LabelsEntry".into());
        labels.set_label(prost_types::field_descriptor_proto::Label::Repeated);
        labels.set_type(prost_types::field_descriptor_proto::Type::Message);
    }));
    // Compilers write full names; others are made full.
    let mut relative = set.clone();
    let file = relative.file.iter_mut().find(is_plugin).unwrap();
    let query = file.message_type.iter_mut().find(|message| message.name() == "PluginQuery").unwrap();
    query.field[0].type_name = Some("core.v2.Query".into());
    let description = description(&relative);
    assert!(is_part(&description.method(service, "list", NOWHERE).unwrap().unwrap()));
}

/// Extensions are not shown: a message is read without them.
#[test]
fn an_extension_changes_nothing() {
    let set = sources(&[(
        "a.proto",
        r#"syntax = "proto2"; message Text { optional string text = 1; extensions 5; }
        message Other { extend Text { optional int32 five = 5; } } service S { rpc say(Text) returns (Text); }"#,
    )]);
    let (whole, part) = both(&set).remove(0);
    let bytes = Bytes::from_static(&[0x0a, 1, b'x', 0x28, 1]);
    for message in [whole.input(), part.input()] {
        assert_eq!(decode::decode(bytes.clone(), &message).unwrap(), serde_json::json!({"text": "x"}));
        assert_eq!(decode_dynamic(&bytes, &message), Some(serde_json::json!({"text": "x"})));
    }
}

/// Numbers that a test case is made of.
struct Dice(u64);

impl Dice {
    /// One of `sides`, from 0.
    fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn message(&mut self, of: &MessageDescriptor, depth: u64) -> DynamicMessage {
        let mut message = DynamicMessage::new(of.clone());
        for field in of.fields() {
            if field.cardinality() == Cardinality::Required || self.roll(3 + depth) < 2 {
                let value = self.field(&field, depth + 1);
                message.set_field(&field, value);
            }
        }
        message
    }

    fn field(&mut self, field: &FieldDescriptor, depth: u64) -> Value {
        let kind = field.kind();
        if field.is_map() {
            let entry = kind.as_message().unwrap();
            let (key, value) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
            let count = self.roll(3);
            return Value::Map((0..count).map(|_| (self.key(&key), self.single(&value, depth))).collect());
        }
        if field.is_list() {
            let count = self.roll(3);
            return Value::List((0..count).map(|_| self.single(&kind, depth)).collect());
        }
        self.single(&kind, depth)
    }

    fn key(&mut self, kind: &Kind) -> MapKey {
        let number = self.roll(1 << 20);
        match kind {
            Kind::Bool => MapKey::Bool(number & 1 == 0),
            Kind::String => MapKey::String(number.to_string()),
            Kind::Int64 => MapKey::I64(number as i64),
            Kind::Int32 => MapKey::I32(number as i32),
            other => panic!("{other:?}"),
        }
    }

    fn single(&mut self, kind: &Kind, depth: u64) -> Value {
        let number = self.roll(u64::MAX);
        match kind {
            Kind::Double => Value::F64(number as f64 / 7.0),
            Kind::Float => Value::F32(number as f32 / 7.0),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number as i64),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(number as u32),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(number),
            Kind::Bool => Value::Bool(number & 1 == 0),
            Kind::String => Value::String(format!("{number:x}")),
            Kind::Bytes => Value::Bytes(Bytes::copy_from_slice(&number.to_be_bytes())),
            Kind::Enum(of) => Value::EnumNumber((number % (of.values().len() as u64 + 1)) as i32),
            Kind::Message(of) => Value::Message(self.message(of, depth + 1)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_message_is_read_and_written_the_same(seed: u64) {
        for set in [bundled(), first_generation(), kinds(), odd()] {
            for (whole, part) in both(&set) {
                let mut dice = Dice(seed);
                for (whole, part) in [(whole.input(), part.input()), (whole.output(), part.output())] {
                    let bytes = Bytes::from(dice.message(&whole, 0).encode_to_vec());
                    let by_whole = decode_dynamic(&bytes, &whole).unwrap();
                    prop_assert_eq!(&decode_dynamic(&bytes, &part).unwrap(), &by_whole);
                    prop_assert_eq!(&decode::decode(bytes, &part).unwrap(), &by_whole);
                    let Some(object) = by_whole.as_object() else { continue };
                    match (encode::encode(object, &whole), encode::encode(object, &part)) {
                        (Ok(by_whole), Ok(by_part)) => {
                            // The entries of a map are in no order: what was written is read again.
                            prop_assert_eq!(by_part.len(), by_whole.len());
                            let again = decode_dynamic(&by_part, &whole).unwrap();
                            prop_assert_eq!(again, decode_dynamic(&by_whole, &whole).unwrap());
                        }
                        (Err(by_whole), Err(by_part)) => {
                            let told = |faults: &[encode::Fault]| faults.iter().map(|f| format!("{} {} {:?}", f.path, f.message, f.advice())).collect::<Vec<_>>();
                            prop_assert_eq!(told(&by_part), told(&by_whole));
                        }
                        (by_whole, by_part) => prop_assert!(false, "{:?} {:?}", by_whole, by_part),
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_a_description_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let description = Description { services: Vec::new(), files: vec![bytes.into()] };
        let _ = description.methods("S", NOWHERE);
        let _ = description.method("S", "get", NOWHERE);
    }

    #[test]
    fn a_spoilt_description_is_an_error_or_stands(at in any::<prop::sample::Index>(), byte: u8) {
        let mut description = description(&bundled());
        let file = description.files.iter().position(|file| file.windows(6).any(|part| part == b"Plugin")).unwrap();
        let mut bytes = description.files[file].to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        description.files[file] = bytes.into();
        let service = "spaceone.api.repository.v1.Plugin";
        let _ = description.method(service, "list", NOWHERE);
    }
}
