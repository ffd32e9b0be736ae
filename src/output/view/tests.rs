//! Lists read from bytes hold what their values hold.

use bytes::Bytes;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _};
use serde_json::{Value, json};

use super::{Document, ResponseKind, RowList};
use crate::codec::decode;
use crate::codec::decode::tests::made_up_list;
use crate::output::{OutputFormat, OutputStyle, Writer};
use crate::query::Columns;
use crate::query::columns::test_types::bundled;

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

fn written(document: Document, format: OutputFormat) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, format, OutputStyle::default());
    writer.write(document).and_then(|()| writer.finish()).unwrap();
    String::from_utf8(out).unwrap()
}

fn rows(document: Document) -> Vec<Value> {
    let Document::List(list) = document else { panic!("not a list: {document:?}") };
    list.rows().map(|row| serde_json::to_value(row).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_list_holds_the_same_from_its_bytes_and_from_its_value(seed: u64) {
        let list = made_up_list(seed);
        let kind = ResponseKind::new(&list.descriptor());
        let bytes = Bytes::from(list.encode_to_vec());
        let value = decode::decode(bytes.clone(), &list.descriptor()).unwrap();
        let document = kind.document(value.clone());
        let Some(Value::Array(values)) = value.get("results") else { return Ok(()) };
        prop_assert_eq!(document.clone().into_value(), value.clone());
        prop_assert_eq!(rows(document.clone()), values.clone());
        if let Some(read) = kind.read_list(&bytes) {
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), value.to_string());
            prop_assert_eq!(read, document.clone());
        }
        for columns in COLUMNS {
            let columns = Columns::parse(columns).unwrap();
            let select = |row| columns.iter().map(|column| (column.header().to_owned(), column.select(row))).collect();
            prop_assert_eq!(rows(document.clone().select(&columns)), values.iter().map(select).collect::<Vec<Value>>());
        }
        for fields in FIELDS {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            let (narrow, left_out) = document.clone().narrow(&fields);
            let objects = || values.iter().filter_map(Value::as_object);
            let has = objects().any(|row| fields.iter().any(|field| row.contains_key(field)));
            prop_assert_eq!(left_out, has && objects().any(|row| row.keys().any(|key| !fields.contains(key))));
            prop_assert!(has || narrow == document);
        }
        let backwards: Vec<usize> = (0..values.len()).rev().collect();
        let picked: Vec<Value> = values.iter().rev().cloned().collect();
        prop_assert_eq!(rows(document.pick(&backwards)), picked);
    }
}

/// Nearly all lists are read so: the test above compares something.
#[test]
fn lists_are_read_from_their_bytes() {
    let read = (0..200).filter(|seed| {
        let list = made_up_list(*seed);
        ResponseKind::new(&list.descriptor()).read_list(&list.encode_to_vec().into()).is_some()
    });
    let read = read.count();
    assert!(read > 50, "{read}");
}

#[test]
fn pages_become_one_list() {
    let kind = ResponseKind::new(&bundled("spaceone.api.repository.v1.PluginsInfo"));
    let page = |rows: Value, total| kind.document(json!({"results": rows, "total_count": total}));
    let mut all = page(json!([{"name": "a"}]), 3);
    all.append(page(json!([{"plugin_id": "b", "name": "b"}]), 3));
    all.append(page(json!([]), 0));
    assert_eq!(all.counts(), Some((2, Some(3))));
    let expected = json!({"results": [{"name": "a"}, {"plugin_id": "b", "name": "b"}], "total_count": 3});
    assert_eq!(serde_json::to_string(&all).unwrap(), expected.to_string());
}

#[test]
fn rows_may_be_of_any_kind_and_depth() {
    let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
    let values = vec![json!({"a": 1, "Values": "v"}), json!("x"), json!(null), json!([1, {"b": 1.0}]), json!({}), deep];
    let list = RowList::from_values(values.clone());
    assert_eq!(list.headers(), ["a", "Values"]);
    assert_eq!(rows(Document::List(list)), values);
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
        let kind = ResponseKind::new(&list);
        // As a list is read whose rows are asked for.
        let document = || match kind.read_list(&bytes) {
            Some(list) => list,
            None => kind.document(decode::decode(bytes.clone(), &list).unwrap()),
        };
        let written = |format| written(document(), format);
        assert_eq!(document().into_value()["results"], rows, "{row}");
        (kind.column_count(), written(OutputFormat::Csv), written(OutputFormat::Table))
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
