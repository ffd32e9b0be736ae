//! What is written of a list's bytes is what is written of its value, in every format.

use bytes::Bytes;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _};
use serde_json::{Value, json};

use super::{Format, Look, Writer};
use crate::codec::decode::tests::decode_dynamic;
use crate::codec::decode::tests::made_up_list;
use crate::output::view::{Columns, Document, Shape};

const FORMATS: [Format; 6] = [Format::Table, Format::Json, Format::JsonLines, Format::Yaml, Format::Csv, Format::Quiet];

/// Columns that some rows have: fields, what is below them, and what no row has.
const COLUMNS: [&str; 7] = [
    "f0|First,f1,f2",
    "f1.f0,f1.f0.f1,f3.0,f3.0.f1|x",
    "f2.?f0:=a=>f1,f4.name,f4.a.b",
    "nope,f0.nope,0,?f0:=a=>f1",
    "f5",
    r"f0.a.b,f1.a.b,f2.a\.b,f3.a.b.a,f4.?a.b:=name=>a.b",
    "f1.value,f2.seconds,f3.paths,f6.key.f0",
];

const FIELDS: [&[&str]; 3] = [&["f0", "f1", "f2", "f9"], &["f7"], &["nope"]];

fn written(document: Document, format: Format, look: Look) -> Result<String, String> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, format, look);
    // Columns are refused by quiet output, both ways.
    let done = writer.write(document).and_then(|()| writer.finish());
    done.map_err(|error| error.to_string()).map(|()| String::from_utf8(out).unwrap())
}

fn looks() -> [Look; 3] {
    let plain = Look::default();
    [plain, Look { terminal: true, styled: true, ..plain }, Look { width: Some(40), terminal: true, ..plain }]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_list_is_written_from_its_bytes_as_from_its_value(seed: u64) {
        let list = made_up_list(seed);
        let shape = Shape::of(&list.descriptor());
        let bytes = Bytes::from(list.encode_to_vec());
        let by_value = || shape.document(decode_dynamic(&bytes, &list.descriptor()).unwrap());
        let Some(by_bytes) = shape.wired(&bytes) else { return Ok(()) };
        let same = |ours: Document, theirs: Document| -> Result<(), TestCaseError> {
            for format in FORMATS {
                for look in looks() {
                    prop_assert_eq!(written(ours.clone(), format, look), written(theirs.clone(), format, look));
                }
            }
            Ok(())
        };
        same(by_bytes.clone(), by_value())?;
        for columns in COLUMNS {
            let columns = Columns::parse(columns).unwrap();
            same(by_bytes.clone().select(&columns), by_value().select(&columns))?;
        }
        for fields in FIELDS {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            let ((ours, ours_left), (theirs, theirs_left)) = (by_bytes.clone().narrow(&fields), by_value().narrow(&fields));
            prop_assert_eq!(ours_left, theirs_left);
            same(ours, theirs)?;
        }
        prop_assert_eq!(by_bytes.into_value(), by_value().into_value());
    }
}

/// Nearly all lists are read so: the test above compares something.
#[test]
fn lists_are_read_from_their_bytes() {
    let read = (0..200).filter(|seed| {
        let list = made_up_list(*seed);
        Shape::of(&list.descriptor()).wired(&list.encode_to_vec().into()).is_some()
    });
    let read = read.count();
    assert!(read > 50, "{read}");
}

/// A table goes through its rows twice, and holds some of what it made the first time: it is the same table whether all of
/// it was held, or some, or nothing.
#[test]
fn a_table_is_the_same_however_much_of_it_is_held() {
    let source = "syntax = \"proto3\"; package list;
        message List { repeated Row results = 1; int32 total_count = 2; }
        message Row { string id = 1; repeated int32 numbers = 2; string note = 3; }";
    let file = protox::file::File::from_source("list.proto", source).unwrap();
    let mut pool = DescriptorPool::global();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone()).unwrap();
    let list = pool.get_message_by_name("list.List").unwrap();
    // What is made of a row is a list's JSON, and what is held is measured by the whole response.
    for note in [1, 10, 40, 200] {
        let row = |n: usize| json!({"id": format!("row {n}"), "numbers": vec![n; 5 + n % 7], "note": "x".repeat(note)});
        let response = json!({"results": (0..50).map(row).collect::<Vec<_>>(), "total_count": 50});
        let message = DynamicMessage::deserialize(list.clone(), response.clone()).unwrap();
        let shape = Shape::of(&list);
        let by_bytes = shape.wired(&Bytes::from(message.encode_to_vec())).unwrap();
        for look in looks() {
            let by_value = written(shape.document(response.clone()), Format::Table, look);
            assert_eq!(written(by_bytes.clone(), Format::Table, look), by_value, "{note}");
        }
    }
}

/// Rows of protobuf's own types are what they say, and not their fields.
#[test]
fn rows_that_are_no_mappings_of_their_fields_are_shown_as_values() {
    let source = |row: &str| {
        format!(
            r#"syntax = "proto3"; package list;
            import "google/protobuf/{}.proto";
            message List {{ repeated google.protobuf.{row} results = 1; int32 total_count = 2; }}"#,
            match row {
                "StringValue" | "Int64Value" => "wrappers",
                "Timestamp" => "timestamp",
                "Duration" => "duration",
                "FieldMask" => "field_mask",
                _ => "struct",
            }
        )
    };
    let shown = |row: &str, rows: Value| {
        let file = protox::file::File::from_source("list.proto", &source(row)).unwrap();
        let mut pool = DescriptorPool::global();
        pool.add_file_descriptor_proto(file.file_descriptor_proto().clone()).unwrap();
        let list = pool.get_message_by_name("list.List").unwrap();
        let message = DynamicMessage::deserialize(list.clone(), json!({"results": rows})).unwrap();
        let bytes = Bytes::from(message.encode_to_vec());
        let shape = Shape::of(&list);
        // As a list is read whose rows are asked for.
        let document = || match shape.wired(&bytes) {
            Some(list) => list,
            None => shape.document(decode_dynamic(&bytes, &list).unwrap()),
        };
        let written = |format| written(document(), format, Look::default()).unwrap();
        assert_eq!(document().into_value()["results"], rows, "{row}");
        (shape.column_count(), written(Format::Csv), written(Format::Table))
    };
    for (row, rows, csv) in [
        ("StringValue", json!(["b", ""]), "Values\nb\n\"\"\n"),
        ("Int64Value", json!(["7", "0"]), "Values\n7\n0\n"),
        ("Timestamp", json!(["1970-01-01T00:00:00Z"]), "Values\n1970-01-01T00:00:00Z\n"),
        ("Duration", json!(["1.500s"]), "Values\n1.500s\n"),
        ("FieldMask", json!(["a,b"]), "Values\n\"a,b\"\n"),
    ] {
        let shown = shown(row, rows);
        assert_eq!((shown.0, &*shown.1), (Some(1), csv), "{row}");
        assert!(shown.2.starts_with(" Values\n----"), "{row}: {}", shown.2);
    }
    assert_eq!(shown("Struct", json!([{"b": 1}, {"a": "x"}])).1, "b,a\n1,\n,x\n");
    assert_eq!(shown("Value", json!(["x", null])).1, "Values\nx\n\"\"\n");
}
