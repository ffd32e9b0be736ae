use proptest::prelude::*;
use prost_reflect::DescriptorPool;
use prost_reflect::prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};

use super::*;

/// A service whose one method takes and gives `test.M`, which has a field of an enum and one of itself.
fn described() -> FileDescriptorSet {
    let field = |name: &str, number, kind: Type, type_name: Option<&str>| FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        type_name: type_name.map(str::to_owned),
        ..FieldDescriptorProto::default()
    };
    let value = |name: &str, number| EnumValueDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        ..EnumValueDescriptorProto::default()
    };
    let level = EnumDescriptorProto {
        name: Some("Level".into()),
        value: vec![value("NONE", 0), value("HIGH", 7), value("LOW", -1)],
        ..EnumDescriptorProto::default()
    };
    let message = DescriptorProto {
        name: Some("M".into()),
        field: vec![
            field("level", 5, Type::Enum, Some(".test.M.Level")),
            field("inner", 2, Type::Message, Some(".test.M")),
            field("text", 1, Type::String, None),
        ],
        enum_type: vec![level],
        ..DescriptorProto::default()
    };
    let method = MethodDescriptorProto {
        name: Some("get".into()),
        input_type: Some(".test.M".into()),
        output_type: Some(".test.M".into()),
        server_streaming: Some(true),
        ..MethodDescriptorProto::default()
    };
    let service = ServiceDescriptorProto { name: Some("S".into()), method: vec![method], ..Default::default() };
    let file = FileDescriptorProto {
        name: Some("test.proto".into()),
        package: Some("test".into()),
        message_type: vec![message],
        service: vec![service],
        syntax: Some("proto3".into()),
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }
}

fn read(set: &FileDescriptorSet) -> Option<MethodDescriptor> {
    method_of_set(&set.encode_to_vec().into(), "test.S", "get")
}

#[test]
fn a_method_is_read_with_all_that_its_messages_reach() {
    let method = read(&described()).unwrap();
    assert_eq!((method.name(), method.service_name(), method.service_full_name()), ("get", "S", "test.S"));
    assert!(method.is_server_streaming() && !method.is_client_streaming());
    let message = method.input();
    assert_eq!((message.name(), message.full_name()), ("M", "test.M"));
    assert_eq!(message, method.output());
    let names: Vec<String> = message.fields().map(|field| format!("{} {:?}", field.name(), field.kind())).collect();
    assert_eq!(names, ["text string", "inner test.M", "level test.M.Level"]);
    let Kind::Enum(level) = message.get_field_by_name("level").unwrap().kind() else { panic!("an enum") };
    let values: Vec<(String, i32)> = level.values().map(|value| (value.name().to_owned(), value.number())).collect();
    assert_eq!(values, [("LOW".into(), -1), ("NONE".into(), 0), ("HIGH".into(), 7)]);
    assert_eq!(level.get_value(7).unwrap().name(), "HIGH");
    assert_eq!(level.get_value_by_name("LOW").unwrap().number(), -1);
    assert!(level.get_value(1).is_none() && message.get_field_by_name("nope").is_none());
    assert!(message.get_field_by_name("inner").unwrap().supports_presence());
    assert_eq!(message.reflected().unwrap().full_name(), "test.M");
    for (service, method) in [("test.S", "put"), ("test.T", "get"), ("S", "get")] {
        assert!(method_of_set(&described().encode_to_vec().into(), service, method).is_none());
    }
}

/// What the library refuses, and what only it is to say.
#[test]
fn what_is_out_of_the_ordinary_is_left_to_the_library() {
    type Change = fn(&mut FileDescriptorProto);
    let changes: [(&str, Change); 20] = [
        ("a type that is not there", |file| file.message_type[0].field[1].type_name = Some(".test.N".into())),
        ("a name that is not full", |file| file.message_type[0].field[1].type_name = Some("M".into())),
        ("an enum as a message", |file| file.message_type[0].field[1].type_name = Some(".test.M.Level".into())),
        ("a message as an enum", |file| file.message_type[0].field[0].type_name = Some(".test.M".into())),
        ("no type", |file| file.message_type[0].field[2].r#type = None),
        ("an unknown type", |file| file.message_type[0].field[2].r#type = Some(19)),
        ("an unknown label", |file| file.message_type[0].field[2].label = Some(4)),
        ("a number twice", |file| file.message_type[0].field[1].number = Some(1)),
        ("a name twice", |file| file.message_type[0].field[1].name = Some("text".into())),
        ("more fields than are compared", |file| {
            let field = file.message_type[0].field[2].clone();
            let named = |at| FieldDescriptorProto { name: Some(format!("f{at}")), number: Some(at), ..field.clone() };
            file.message_type[0].field.extend((10..1010).map(named));
        }),
        ("more values than are compared", |file| {
            let value =
                |at| EnumValueDescriptorProto { name: Some(format!("V{at}")), number: Some(at), ..Default::default() };
            file.message_type[0].enum_type[0].value.extend((10..1010).map(value));
        }),
        ("number 0", |file| file.message_type[0].field[1].number = Some(0)),
        ("a negative number", |file| file.message_type[0].field[1].number = Some(-1)),
        ("no such oneof", |file| file.message_type[0].field[1].oneof_index = Some(0)),
        ("an enum without values", |file| file.message_type[0].enum_type[0].value.clear()),
        ("an alias", |file| file.message_type[0].enum_type[0].value[1].number = Some(0)),
        ("a default", |file| file.message_type[0].field[2].default_value = Some("x".into())),
        ("a type twice", |file| file.message_type.push(file.message_type[0].clone())),
        ("an unknown syntax", |file| file.syntax = Some("editions".into())),
        ("a map's entry without a value", |file| {
            let options = prost_types::MessageOptions { map_entry: Some(true), ..Default::default() };
            let key = file.message_type[0].field[2].clone();
            let entry = DescriptorProto {
                name: Some("Entry".into()),
                field: vec![key],
                options: Some(options),
                ..DescriptorProto::default()
            };
            file.message_type.push(entry);
        }),
    ];
    for (what, change) in changes {
        let mut set = described();
        change(&mut set.file[0]);
        assert!(read(&set).is_none(), "{what}");
    }
}

#[test]
fn lists_are_packed_by_their_syntax_or_as_they_say() {
    for (syntax, packed, expected) in [
        (Some("proto3"), None, true),
        (Some("proto3"), Some(false), false),
        (Some("proto2"), None, false),
        (None, Some(true), true),
    ] {
        let mut set = described();
        set.file[0].syntax = syntax.map(str::to_owned);
        let field = &mut set.file[0].message_type[0].field[0];
        field.label = Some(Label::Repeated.into());
        field.options = packed.map(|packed| FieldOptions { packed: Some(packed), ..FieldOptions::default() });
        let field = read(&set).unwrap().input().get_field_by_name("level").unwrap();
        assert_eq!((field.is_packed(), field.is_list()), (expected, true), "{syntax:?} {packed:?}");
    }
}

proptest! {
    /// Where a byte is another one, what is read is what the library would make of it, or nothing.
    #[test]
    fn what_is_spoilt_is_refused_or_as_the_library_has_it(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = described().encode_to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let Some(read) = method_of_set(&bytes.clone().into(), "test.S", "get") else { return Ok(()) };
        let Ok(pool) = DescriptorPool::decode(bytes.as_slice()) else { return Ok(()) };
        let method = pool.get_service_by_name("test.S").unwrap().methods().next().unwrap();
        let of = |method: &MethodDescriptor| {
            let field = |field: FieldDescriptor| {
                let flags = [field.is_list(), field.is_map(), field.is_packed(), field.supports_presence(), field.is_group()];
                let (kind, cardinality) = (format!("{:?}", field.kind()), field.cardinality());
                format!("{} {} {kind} {cardinality:?} {flags:?} {}", field.name(), field.number(), field.default_number())
            };
            (format!("{method:?}"), method.is_server_streaming(), method.input().fields().map(field).collect::<Vec<_>>())
        };
        prop_assert_eq!(of(&read), of(&MethodDescriptor::from(&method)));
    }

    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = method_of_set(&bytes.into(), "test.S", "get");
    }
}
