//! Messages that are made to do harm, or are only long, and descriptors that are made to do harm: they are refused or
//! read, without a panic, and with no more memory than they take themselves.

use bytes::Bytes;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use serde_json::{Number, json};
use spacectl::codec::decode::{DecodePlan, Decoder, Sink, Workspace};
use spacectl::grpc::descriptors::Description;
use spacectl::output::view::ResponseKind;
use spacectl::query::Columns;

#[path = "support/dynamic_value.rs"]
mod dynamic_value;
use dynamic_value::decode_dynamic;

/// What reading needs besides: places for fields at every depth, and a text.
const ROOM: usize = 64 * 1024;

/// Takes everything and keeps nothing.
#[derive(Default)]
struct Nobody {
    values: usize,
}

impl Sink for Nobody {
    fn null(&mut self) {
        self.values += 1;
    }

    fn bool(&mut self, _: bool) {
        self.values += 1;
    }

    fn number(&mut self, _: Number) {
        self.values += 1;
    }

    fn text(&mut self, _: &str) {
        self.values += 1;
    }

    fn begin_list(&mut self) {}

    fn end_list(&mut self) {}

    fn begin_mapping(&mut self) {}

    fn key(&mut self, _: &str) {}

    fn end_mapping(&mut self) {}
}

fn kinds() -> MessageDescriptor {
    let files = protox::compile(["kinds.proto"], ["tests/proto"]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    pool.get_message_by_name("test.kinds.Kinds").unwrap()
}

/// The type `name` of a file of this text.
fn described(name: &str, source: &str) -> MessageDescriptor {
    let file = protox::file::File::from_source("described.proto", source).unwrap();
    let files = prost_types::FileDescriptorSet { file: vec![file.file_descriptor_proto().clone()] };
    DescriptorPool::from_file_descriptor_set(files).unwrap().get_message_by_name(name).unwrap()
}

/// The peak of the memory that `work` allocates, in bytes.
fn peak_memory(work: impl FnOnce()) -> usize {
    usize::try_from(allocation_counter::measure(work).bytes_max).unwrap()
}

/// How many values are in `bytes`; `None` if they are refused. Fails if reading takes more memory than they do.
fn read(plan: &DecodePlan, bytes: &[u8]) -> Option<usize> {
    let mut values = None;
    let most = peak_memory(|| {
        let (mut workspace, mut nobody) = (Workspace::default(), Nobody::default());
        let done = plan.check(0, bytes).and_then(|()| plan.emit(0, bytes, &mut nobody, &mut workspace));
        values = done.ok().map(|()| nobody.values);
    });
    assert!(most <= bytes.len() + ROOM, "{most} bytes for {}", bytes.len());
    values
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field that holds bytes.
fn field(number: usize, bytes: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(bytes.len()), bytes.to_vec()].concat()
}

/// A message in a message of the same form, `depth` times: each has the bytes `before`, and then the field `number`.
fn nested(number: usize, before: &[u8], depth: usize) -> Vec<u8> {
    // Lengths are known from the end on.
    let mut backwards = Vec::new();
    for _ in 0..depth {
        let length = varint(backwards.len());
        let head = [before, &varint(number << 3 | 2), &length].concat();
        backwards.extend(head.into_iter().rev());
    }
    backwards.reverse();
    backwards
}

const MANY: usize = 200_000;

#[test]
fn nothing_takes_more_memory_than_it_is_long() {
    let plan = DecodePlan::new(&kinds());
    let text = |number: usize| [varint(number << 3 | 2), varint(1 << 40)].concat();
    // Lengths that are not there.
    for number in [8, 9, 11, 12, 13, 15, 21, 23, 31] {
        assert_eq!(read(&plan, &text(number)), None, "{number}");
    }
    // The least entries that there are, all of one key, and of as many.
    assert_eq!(read(&plan, &field(15, &[]).repeat(MANY)), Some(0));
    assert_eq!(read(&plan, &field(16, &field(1, &[])).repeat(MANY)), None, "a text is no number");
    assert_eq!(read(&plan, &field(15, &field(1, b"")).repeat(MANY)), Some(0));
    let entries: Vec<u8> =
        (0..MANY).rev().flat_map(|n| field(16, &[vec![0x08], varint(n), vec![0x12, 0x00]].concat())).collect();
    assert_eq!(read(&plan, &entries), Some(MANY));
    // Lists, packed and not.
    assert_eq!(read(&plan, &field(13, &vec![1; MANY])), Some(MANY));
    assert_eq!(read(&plan, &[0x68, 1].repeat(MANY)), Some(MANY));
    assert_eq!(read(&plan, &field(12, b"").repeat(MANY)), Some(MANY));
    assert_eq!(read(&plan, &field(14, b"").repeat(MANY)), Some(0));
    // Fields in turn, so that each list is all over the message.
    let turns: Vec<u8> =
        (0..MANY / 10).flat_map(|_| [field(12, b"a"), field(14, b""), field(30, &[1])].concat()).collect();
    assert_eq!(read(&plan, &turns), Some(2 * (MANY / 10)));
    // Unknown ones.
    assert_eq!(read(&plan, &field(3000, b"x").repeat(MANY)), Some(0));
}

#[test]
fn depth_ends_somewhere() {
    let plan = DecodePlan::new(&kinds());
    let nested = |depth: usize| (0..depth).fold(field(1, b"deep"), |inner, _| field(2, &inner));
    assert_eq!(read(&plan, &field(11, &nested(10))), Some(1));
    for depth in [100, 5_000] {
        assert_eq!(read(&plan, &field(11, &nested(depth))), None, "{depth}");
    }
    // A list in a list in a list, in a Value.
    let lists = |depth: usize| (0..depth).fold(vec![0x20, 1], |inner, _| field(6, &field(1, &inner)));
    assert_eq!(read(&plan, &field(22, &lists(20))), Some(1));
    assert_eq!(read(&plan, &field(22, &lists(3_000))), None);
    // A group that is never ended.
    assert_eq!(read(&plan, &[0x5b].repeat(MANY)), None);
}

#[test]
fn a_list_takes_as_much_memory_as_its_message() {
    let source = r#"syntax = "proto3"; package list;
        message List { repeated Row results = 1; }
        message Row { string name = 1; map<string, string> tags = 2; repeated int32 numbers = 3; }"#;
    let kind = ResponseKind::new(&described("list.List", source));
    let tag = field(2, &[field(1, b"icon"), field(2, &[b'x'; 1000])].concat());
    let row = field(1, &[field(1, b"name"), tag, field(3, &[1, 2, 3])].concat());
    let response = row.repeat(2_000).into();
    let mut document = None;
    let most = peak_memory(|| document = kind.read_list(&response));
    assert!(most <= response.len() * 3 / 2 + ROOM, "{most} bytes for {}", response.len());
    for columns in ["tags.icon", "name,numbers,tags.icon|a,tags,tags.icon|b", "numbers.0,tags.nope,numbers"] {
        let list = document.clone().unwrap().select(&Columns::parse(columns).unwrap()).into_list();
        let mut seen = 0;
        let most = peak_memory(|| {
            let count = list.each(|_| {
                seen += 1;
                Ok(())
            });
            count.unwrap();
        });
        assert!(seen == 2_000 && most <= ROOM, "{columns}: {most} bytes");
    }
}

#[test]
fn types_that_stand_in_each_other_are_refused_where_they_are_too_deep() {
    let of = |depth: usize| {
        let method = [field(1, b"call"), field(2, b".deep.A"), field(3, b".deep.A")].concat();
        let service = [field(1, b"Service"), field(2, &method)].concat();
        let message = nested(3, &field(1, b"A"), depth);
        let file = [field(1, b"deep.proto"), field(2, b"deep"), field(4, &message), field(6, &service)].concat();
        Description { services: vec!["deep.Service".into()], files: vec![Bytes::from(file)] }
    };
    assert!(of(20).method("deep.Service", "call", "nowhere").unwrap().is_some());
    for depth in [200, 20_000] {
        let refusal = of(depth).method("deep.Service", "call", "nowhere").unwrap_err().to_string();
        assert!(refusal.contains("the descriptors do not fit together"), "{refusal}");
    }
}

#[test]
fn a_chain_of_types_may_have_any_length() {
    const LENGTH: usize = 20_000;
    let message = |at: usize| DescriptorProto {
        name: Some(format!("R{at}")),
        field: vec![FieldDescriptorProto {
            name: Some("next".into()),
            number: Some(1),
            label: Some(Label::Optional as i32),
            r#type: Some(Type::Message as i32),
            type_name: Some(format!(".chain.R{}", (at + 1).min(LENGTH - 1))),
            ..FieldDescriptorProto::default()
        }],
        ..DescriptorProto::default()
    };
    let file = FileDescriptorProto {
        name: Some("chain.proto".into()),
        package: Some("chain".into()),
        message_type: (0..LENGTH).map(message).collect(),
        syntax: Some("proto3".into()),
        ..FileDescriptorProto::default()
    };
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_proto(file).unwrap();
    let first = pool.get_message_by_name("chain.R0").unwrap();
    let decoder = Decoder::new(first.clone());
    let two = json!({"next": {"next": {}}});
    assert_eq!(decoder.decode(nested(1, &[], 2).into()).unwrap(), two);
    // By the plan, the other way, and by neither.
    for depth in [50, 90, 200, LENGTH] {
        let bytes = Bytes::from(nested(1, &[], depth));
        assert_eq!(decoder.decode(bytes.clone()).is_ok(), depth < 100, "{depth}");
        assert_eq!(decoder.decode(bytes.clone()).ok(), decode_dynamic(&bytes, &first), "{depth}");
    }
}

#[test]
fn messages_of_any_type_that_hold_each_other_are_opened_to_a_depth() {
    const TYPE: &str = "type.googleapis.com/google.protobuf.Any";
    let kinds = kinds();
    for depth in [2, 50, 101, 102, 500, 20_000] {
        let bytes = Bytes::from(field(29, &nested(2, &field(1, TYPE.as_bytes()), depth)));
        let value = decode_dynamic(&bytes, &kinds).unwrap();
        assert!(Decoder::new(kinds.clone()).decode(bytes).unwrap() == value, "{depth}");
        let (mut opened, mut inner) = (0, &value["any"]);
        while inner["@type"] == TYPE {
            (opened, inner) = (opened + 1, &inner["value"]);
        }
        // What is deeper is shown as what it was sent as.
        assert_eq!(opened, depth.min(101));
        assert_eq!(inner["type_url"] == TYPE, depth > 101, "{depth}");
    }
}
