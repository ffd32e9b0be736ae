//! `explain --json-schema`: what an editor is told is what the codec takes.

mod support;

use insta::assert_snapshot;
use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value, json};
use spacectl::codec::encode;
use spacectl::explain;
use support::{Api, Server, Spacectl};

const REGISTER: &str = "explain repository.Plugin.register --json-schema";

fn pool(source: &str) -> DescriptorPool {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("test.proto"), source).unwrap();
    DescriptorPool::from_file_descriptor_set(protox::compile(["test.proto"], [dir.path()]).unwrap()).unwrap()
}

fn kinds() -> DescriptorPool {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proto");
    DescriptorPool::from_file_descriptor_set(protox::compile(["kinds.proto"], [dir]).unwrap()).unwrap()
}

fn method(pool: &DescriptorPool, service: &str, verb: &str) -> MethodDescriptor {
    pool.get_service_by_name(service).unwrap().methods().find(|method| method.name() == verb).unwrap()
}

fn schema(pool: &DescriptorPool, service: &str, verb: &str, needed: &[&str]) -> Value {
    explain::schema::of_request("test", &method(pool, service, verb), needed)
}

#[test]
fn of_a_register_request() {
    assert_snapshot!(Spacectl::local().run(REGISTER).quiet_success());
}

#[test]
fn a_message_inside_of_itself_is_defined_once() {
    let schema = schema(&kinds(), "test.kinds.Store", "put", &[]);
    let inner = &schema["definitions"]["test.kinds.Inner"];
    assert_eq!(inner["properties"]["children"]["items"]["$ref"], "#/definitions/test.kinds.Inner");
    assert_eq!(schema["properties"]["inner"]["anyOf"][0]["$ref"], "#/definitions/test.kinds.Inner");
}

/// Every kind of field, and the values that tell kinds apart. The schema and the codec's verdict about each pair are
/// held as snapshots, which `tests/interop/test_explain.py` gives to a validator of JSON Schema.
#[test]
fn what_the_codec_accepts() {
    let pool = kinds();
    let put = method(&pool, "test.kinds.Store", "put");
    let schema = schema(&pool, "test.kinds.Store", "put", &[]);
    assert_snapshot!("schema_of_kinds", serde_json::to_string_pretty(&schema).unwrap());
    let values = values();
    let request = put.input();
    let accepted = request.fields().map(|field| {
        let taken = values.iter().enumerate().filter(|(_, value)| takes(&request, &field, value));
        format!("\"{}\": {}", field.name(), taken.map(|(at, _)| at).collect::<Value>())
    });
    let requests = requests().into_iter().map(|value| {
        let accepted = encode::encode(value.as_object().unwrap(), &request).is_ok();
        json!({"accepted": accepted, "value": value}).to_string()
    });
    // An entry a line, so that a difference can be seen.
    let [values, accepted, requests] =
        [values.iter().map(Value::to_string).collect(), accepted.collect(), requests.collect::<Vec<_>>()]
            .map(|entries: Vec<String>| entries.join(",\n"));
    let text = format!(
        "{{\n\"values\": [\n{values}\n],\n\"accepted\": {{\n{accepted}\n}},\n\"requests\": [\n{requests}\n]\n}}"
    );
    assert_snapshot!("what_the_codec_accepts", text);
}

fn takes(message: &MessageDescriptor, field: &FieldDescriptor, value: &Value) -> bool {
    let request: Map<String, Value> = [(field.name().to_owned(), value.clone())].into_iter().collect();
    encode::encode(&request, message).is_ok()
}

/// Alone, in a list, and as the value of keys of every kind.
fn values() -> Vec<Value> {
    let numbers = [
        "0",
        "-0",
        "1",
        "1.0",
        "-1",
        "1.5",
        "2.0",
        "3",
        "1e3",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "4294967295",
        "4294967296",
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        "1e16",
        "1e39",
        "-1e39",
        "3.4028235e38",
        "3.4028236e38",
        "1e-50",
        "3.402823567797336e38",
    ];
    let texts = [
        "",
        "0",
        "-0",
        "+0",
        "007",
        "1.0",
        "1e3",
        "-1",
        "+1",
        " 1",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "00018446744073709551615",
        "true",
        "True",
        "false",
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "+Infinity",
        "RED",
        "red",
        "COLOR_NONE",
        "NULL_VALUE",
        "A",
        "AA",
        "AB",
        "AA=",
        "AA==",
        "AA===",
        "AAA",
        "AAE",
        "AAB",
        "AAA=",
        "AAA==",
        "AAAA",
        "AAAA=",
        "AAAAA",
        "-_-_",
        "+/+/",
        "+_",
        "-_8=",
        "=",
        "====",
        "name,tags",
        "name_first",
        "nameFirst",
        "a,,b",
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00z",
        "2026-01-01 00:00:00Z",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2024-02-29T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T23:59:61Z",
        "2026-01-01T00:00:00.123456789Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+09:00",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+0900",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "12026-01-01T00:00:00Z",
        "1s",
        "1.5s",
        "-1.5s",
        "-0.5s",
        "1.s",
        ".5s",
        "+1s",
        "1",
        "1m",
        "1.1234567891s",
        "315576000000s",
        "315576000001s",
        "-315576000000.9s",
        "플러그인",
        "é",
        "\u{1f680}",
    ];
    let mut scalars: Vec<Value> = vec![json!(null), json!(true), json!(false)];
    scalars.extend(numbers.iter().map(|number| serde_json::from_str::<Value>(number).unwrap()));
    scalars.extend(texts.iter().map(|text| json!(text)));
    let mut values = scalars.clone();
    values.extend([json!([]), json!({}), json!([[]]), json!([{}]), json!({"a": {}}), json!({"a": [1, null, "x"]})]);
    values.extend([
        json!({"text": "a"}),
        json!({"text": 1}),
        json!({"text": null}),
        json!({"children": [{"children": [{"text": "a"}]}]}),
        json!({"children": [{"children": [{"text": 1}]}]}),
        json!({"txet": "a"}),
        json!([{"text": "a"}]),
        json!([{"text": "a"}, null]),
        json!({"a": {"text": "b"}}),
        json!({"a": {"text": 1}}),
        json!({"a": null}),
        json!({"": {"text": "b"}}),
        json!({"@type": 1}),
        json!({"@type": "type.googleapis.com/test.kinds.Inner", "text": "x"}),
    ]);
    values.extend(scalars.iter().map(|scalar| json!([scalar])));
    for key in [
        "1",
        "-1",
        "+1",
        "007",
        "-0",
        "1.0",
        "",
        "a",
        "true",
        "false",
        "True",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
    ] {
        values.extend([json!("x"), json!(1.5), json!(null), json!({})].map(|value| json!({ key: value })));
    }
    values
}

/// Requests of several fields: what can and what cannot be given together.
fn requests() -> Vec<Value> {
    vec![
        json!({}),
        json!({"key": "a"}),
        json!({"k": "a"}),
        json!({"key": "a", "k": "b"}),
        json!({"key": null, "k": "b"}),
        json!({"key": "a", "k": null}),
        json!({"key": null, "k": null}),
        json!({"key": "a", "text": "b", "maybe": "c"}),
        json!({"nothing": null}),
        json!({"Text": "a"}),
    ]
}

#[test]
fn what_is_needed_has_to_be_there() {
    let source = "syntax = \"proto3\"; package lab; message Q { string a = 1; int32 b = 2; R r = 3; } message R {}
        service S { rpc go(Q) returns (Q); }";
    let schema = schema(&pool(source), "lab.S", "go", &["a", "r"]);
    assert_eq!(schema["required"], json!(["a", "r"]));
    assert_eq!(schema["properties"]["a"], json!({"type": "string", "minLength": 1}));
    assert_eq!(schema["properties"]["r"], json!({"$ref": "#/definitions/lab.R"}));
    assert_eq!(schema["properties"]["b"]["type"], json!(["integer", "null"]));
}

#[test]
fn of_two_generations_each_has_its_own_names() {
    let (user, server) = (Spacectl::new(), Server::start(Api::generation1(), |_| Vec::new()));
    let of = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let first = of(user.run(&format!("--endpoint {} {REGISTER}", server.url())).quiet_success());
    let second = of(user.run(&format!("-e local {REGISTER}")).quiet_success());
    assert_eq!(first["required"], json!(["name", "service_type", "image"]));
    assert_eq!(second["required"], json!(["name", "resource_type", "image"]));
    assert!(second["properties"].get("service_type").is_none());
}
