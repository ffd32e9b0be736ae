//! The way from inputs to a request, over the API's two generations.

use std::fs;
use std::io::Read;

use proptest::prelude::*;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use serde_json::{Value, json};

use super::*;
use crate::path::{FieldPath, Segment};

const API: &str = r#"
syntax = "proto3";
package test;
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum State { NONE = 0; ENABLED = 1; DISABLED = 2; }
message Query { bool count_only = 1; string keyword = 2; repeated string only = 3; }
message RegisterV1 {
  string name = 1; string service_type = 2; string image = 3; google.protobuf.Struct template = 12;
  string domain_id = 22;
}
message RegisterV2 {
  string name = 1; string resource_type = 2; string image = 3; google.protobuf.Struct tags = 9;
  google.protobuf.Struct docs = 11;
}
message ListV2 { Query query = 1; string resource_type = 5; State state = 4; }
message All {
  string text = 1; bool flag = 2; int32 i32 = 3; uint64 u64 = 4; double number = 5; float single = 6; bytes raw = 7;
  State state = 8; repeated string labels = 9; map<string, int32> counts = 10; All inner = 11; repeated All more = 12;
  google.protobuf.Struct tags = 13; google.protobuf.Value any = 14; google.protobuf.ListValue list = 15;
  google.protobuf.StringValue wrapped = 16; google.protobuf.Timestamp at = 17; map<int32, All> by_id = 18;
}
"#;

fn message(name: &str) -> MessageDescriptor {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("test.proto"), API).unwrap();
    let files = protox::compile(["test.proto"], [folder.path()]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    pool.get_message_by_name(&format!("test.{name}")).unwrap()
}

fn target(verb: &'static str, input: &str) -> Target<'static> {
    Target { service: "repository", resource: "Plugin", verb, input: message(input) }
}

fn from_stdin() -> Inputs {
    Inputs { files: vec!["-".into()], ..Inputs::default() }
}

fn resolve(yaml: &str, json: Option<&str>, params: &[&str], target: &Target<'_>) -> Result<Resolved> {
    let params = params.iter().map(|param| (*param).to_owned()).collect();
    let inputs = Inputs { json: json.map(str::to_owned), params, ..from_stdin() };
    read(&inputs, &mut yaml.as_bytes())?.remove(0).resolve(target, false)
}

/// The value of one parameter in a message that has every kind of field.
fn param(param: &str) -> Result<Value> {
    let inputs = Inputs { params: vec![param.to_owned()], ..Inputs::default() };
    let draft = read(&inputs, &mut std::io::empty())?.remove(0);
    draft.resolve(&target("x", "All"), false).map(|resolved| Value::Object(resolved.request.value))
}

fn path(names: &[&str]) -> FieldPath {
    FieldPath(names.iter().map(|name| Segment::Key((*name).to_owned())).collect())
}

#[test]
fn the_descriptor_types_a_parameter() {
    for (given, expected) in [
        ("text=a=b", json!({"text": "a=b"})),
        ("text=123", json!({"text": "123"})),
        ("text=true", json!({"text": "true"})),
        ("text=[x", json!({"text": "[x"})),
        ("text=", json!({"text": ""})),
        ("text=@@x", json!({"text": "@x"})),
        ("flag=true", json!({"flag": true})),
        ("i32=-5", json!({"i32": -5})),
        ("u64=18446744073709551615", json!({"u64": u64::MAX})),
        ("number=1e3", json!({"number": 1000.0})),
        ("state=ENABLED", json!({"state": "ENABLED"})),
        ("state=2", json!({"state": "DISABLED"})),
        ("labels=[1.10,no, 'a, b']", json!({"labels": ["1.10", "no", "a, b"]})),
        ("labels=", json!({"labels": []})),
        ("counts.a=1", json!({"counts": {"a": 1}})),
        ("counts={a: 1, b: 2}", json!({"counts": {"a": 1, "b": 2}})),
        ("inner.inner.text=x", json!({"inner": {"inner": {"text": "x"}}})),
        (
            "more=[{text: 1.10, flag: true}, {text: null}]",
            json!({"more": [{"text": "1.10", "flag": true}, {"text": null}]}),
        ),
        ("tags.version=1.10", json!({"tags": {"version": "1.10"}})),
        ("tags.version=1.0", json!({"tags": {"version": "1.0"}})),
        ("tags.version=110", json!({"tags": {"version": 110}})),
        ("tags.ratio=0.5", json!({"tags": {"ratio": 0.5}})),
        ("tags.id=9007199254740993", json!({"tags": {"id": "9007199254740993"}})),
        ("tags.word=inf", json!({"tags": {"word": "inf"}})),
        ("tags.on=true", json!({"tags": {"on": true}})),
        ("tags.text=\"110\"", json!({"tags": {"text": "110"}})),
        (r"tags.a\.b=x", json!({"tags": {"a.b": "x"}})),
        (
            "tags={v: 1.10, n: 5, deep: [a, {b: no}]}",
            json!({"tags": {"v": "1.10", "n": 5, "deep": ["a", {"b": "no"}]}}),
        ),
        (r#"tags={"face":"\ud83d\ude00"}"#, json!({"tags": {"face": "😀"}})),
        ("any=[1,a]", json!({"any": [1, "a"]})),
        ("list=[a,1.10]", json!({"list": ["a", "1.10"]})),
        ("wrapped=123", json!({"wrapped": "123"})),
        ("at=2026-11-22T00:00:00Z", json!({"at": "2026-11-22T00:00:00Z"})),
        ("by_id.7.text=x", json!({"by_id": {"7": {"text": "x"}}})),
    ] {
        assert_eq!(param(given), Ok(expected), "{given}");
    }
}

#[test]
fn a_wrong_parameter_is_named_but_never_its_value() {
    for (given, expected) in [
        ("flag=s3cret", "error: -p flag: expected true or false"),
        ("i32=2147483648", "error: -p i32: expected a whole number from -2147483648 to 2147483647"),
        ("single=1e39", "error: -p single: expected a number"),
        ("state=ENABLD", "error: -p state: no such value of State\nhint: did you mean ENABLED?"),
        ("labels=s3cret", "error: -p labels: expected a list, as [a,b], found a single value"),
        ("labels=[a,[s3cret]]", "error: -p labels[1]: expected text, found a list"),
        ("labels.0=x", "error: -p labels.0: a list is set whole\nhint: write all its items: KEY=[a,b]"),
        ("counts.a=s3cret", "error: -p counts.a: expected a whole number from -2147483648 to 2147483647"),
        ("by_id.x.text=1", "error: -p by_id.x.text: expected a whole number from -2147483648 to 2147483647"),
        ("txt=s3cret", "error: -p txt: no such field\nhint: did you mean `text`?"),
        ("inner.flg=s3cret", "error: -p inner.flg: no such field\nhint: did you mean `flag`?"),
        ("inner={flg: s3cret}", "error: -p inner.flg: no such field\nhint: did you mean `flag`?"),
        ("text.a=x", "error: -p text.a: `a` has no place below a field that is text"),
        (
            "inner=[a: s3cret",
            "error: -p inner: not YAML: a list or mapping without an end: neither `,` nor a closing bracket stands at 2:1\nhint: quote text that begins with [, { or \"",
        ),
        ("a..b=x", "error: -p a..b: a part of the key is empty\nhint: write \\. for a dot in it"),
        ("s3cret", "error: -p takes KEY=VALUE, and there is no =\nhint: write -p KEY= for an empty value"),
    ] {
        let error = param(given).unwrap_err();
        assert_eq!(error.to_string(), expected, "{given}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn a_parameter_cannot_nest_deeper_than_a_file_can() {
    let below = |levels: usize| format!("tags{}", ".a".repeat(levels));
    let deepest = MAX_DEPTH - 1;
    assert!(param(&format!("{}=1", below(deepest))).is_ok());
    for (given, message) in [
        (format!("{}=1", below(deepest + 1)), format!("-p: a key of {} parts", MAX_DEPTH + 1)),
        (format!("{}=1", below(60_000)), "-p: a key of 60001 parts".to_owned()),
        (format!("{}=[s3cret]", below(deepest)), format!("-p {}: nested more than", below(deepest))),
    ] {
        let error = param(&given).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.problems()[0].message.starts_with(&message), "{error}");
        assert!(!error.to_string().contains("s3cret"));
    }
}

#[test]
fn all_wrong_parameters_are_told_at_once() {
    let inputs = Inputs { params: vec!["txt=1".into(), "flag=2".into()], ..Inputs::default() };
    let draft = read(&inputs, &mut std::io::empty()).unwrap().remove(0);
    assert_eq!(draft.resolve(&target("x", "All"), false).unwrap_err().problems().len(), 2);
}

#[test]
fn a_parameter_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let text = file("a.txt", b"no: yaml\n");
    let yaml = file("a.yml", b"v: 1.5\n");
    let raw = file("raw", &[0, 255]);
    let flag = file("flag", b"true\n");
    assert_eq!(param(&format!("text=@{text}")), Ok(json!({"text": "no: yaml\n"})));
    assert_eq!(param(&format!("tags=@{yaml}")), Ok(json!({"tags": {"v": 1.5}})));
    assert_eq!(param(&format!("tags.readme=@{text}")), Ok(json!({"tags": {"readme": "no: yaml\n"}})));
    assert_eq!(param(&format!("tags.deep=@{yaml}")), Ok(json!({"tags": {"deep": {"v": 1.5}}})));
    assert_eq!(param(&format!("raw=@{raw}")), Ok(json!({"raw": "AP8="})));
    assert_eq!(param(&format!("flag=@{flag}")), Ok(json!({"flag": true})));
    let missing = param("text=@/nowhere/x").unwrap_err().to_string();
    assert!(missing.starts_with("error: -p text: cannot read /nowhere/x\ncause: No such file"), "{missing}");
    let binary = param(&format!("text=@{raw}")).unwrap_err();
    assert_eq!(binary.problems()[0].location.as_ref().map(|at| (at.line, at.column)), Some((1, 2)));
}

#[test]
fn standard_input_is_read_once() {
    let inputs = Inputs { params: vec!["text=@-".into()], ..from_stdin() };
    let error = read(&inputs, &mut "a: 1".as_bytes()).unwrap_err();
    assert_eq!((error.exit_code(), error.problems()[0].message.as_str()), (2, "standard input is asked for twice"));
}

#[test]
fn later_inputs_win() {
    let yaml = "name: file\nimage: file\ntags: {a: file, b: file}\n";
    let to = target("x", "RegisterV2");
    let resolved = resolve(yaml, Some(r#"{"image": "json"}"#), &["tags.a=param", "tags.a=last"], &to).unwrap();
    let value = Value::Object(resolved.request.value);
    assert_eq!(value, json!({"name": "file", "image": "json", "tags": {"a": "last", "b": "file"}}));
    let clash = resolve("tags: 3", None, &["tags.a=x"], &to).unwrap_err().to_string();
    assert!(clash.starts_with("error: -p tags.a: `tags` is no mapping"), "{clash}");
}

#[test]
fn every_part_knows_where_it_came_from() {
    let yaml = "# spec\nname: x\nservice_type: y\ntags:\n  a: 1\n  b: 2\n";
    let to = target("register", "RegisterV2");
    let resolved = resolve(yaml, Some("{\"image\":\n 5}"), &["tags.a=param"], &to).unwrap();
    let request = resolved.request;
    let place = |names: &[&str], part| request.locate(&path(names), part).map(|at| at.to_string());
    assert_eq!(place(&["name"], Part::Key), Some("stdin:2:1".into()));
    assert_eq!(place(&["name"], Part::Value), Some("stdin:2:7".into()));
    assert_eq!(place(&["resource_type"], Part::Key), Some("stdin:3:1".into()), "by the name it was given under");
    assert_eq!(place(&["image"], Part::Value), Some("-j:2:2".into()));
    assert_eq!(place(&["tags", "b"], Part::Key), Some("stdin:6:3".into()));
    assert_eq!(place(&["tags", "a"], Part::Key), None);
    assert_eq!(request.describe_origin(&path(&["tags", "a"])), Some("-p tags.a".into()));
    assert_eq!(request.describe_origin(&path(&["tags", "b"])), None);
    assert_eq!(place(&["nowhere"], Part::Key), Some("stdin:2:1".into()));
}

#[test]
fn a_document_is_called_by_its_file_and_number() {
    let label = |text: &str| -> Vec<String> {
        let drafts = read(&from_stdin(), &mut text.as_bytes()).unwrap();
        drafts.into_iter().map(|draft| draft.resolve(&target("x", "All"), false).unwrap().request.label()).collect()
    };
    assert_eq!(label("text: a"), ["stdin"]);
    assert_eq!(label("text: a\n---\n---\ntext: b\n"), ["stdin (document 1)", "stdin (document 2)"]);
}

#[test]
fn names_of_the_other_generation_are_translated_and_empty_strangers_left_out() {
    let to_v2 = target("register", "RegisterV2");
    let yaml = "name: x\nservice_type: y\ntemplate: {}\n";
    let resolved = resolve(yaml, None, &["domain_id="], &to_v2).unwrap();
    assert_eq!(Value::Object(resolved.request.value), json!({"name": "x", "resource_type": "y"}));
    assert_eq!(
        resolved.notes,
        [
            "service_type is called resource_type by this service: translated",
            "template is empty and unknown to this service: left out",
            "domain_id is empty and unknown to this service: left out",
        ]
    );
    let to_v1 = target("register", "RegisterV1");
    let resolved = resolve("resource_type: y\ndocs:\n", None, &["resource_type=z"], &to_v1).unwrap();
    assert_eq!(Value::Object(resolved.request.value), json!({"service_type": "z"}));
    let listed =
        resolve("{}", None, &["service_type=x", "keyword=slack", "count_only=true"], &target("list", "ListV2"));
    let listed = Value::Object(listed.unwrap().request.value);
    assert_eq!(listed, json!({"resource_type": "x", "query": {"keyword": "slack", "count_only": true}}));
}

#[test]
fn what_would_be_lost_is_refused_where_it_stands() {
    let to = target("register", "RegisterV2");
    let error = resolve("name: x\ntemplate: {a: 1}\ndomain_id: d\n", None, &[], &to).unwrap_err();
    assert_eq!(error.problems().len(), 2);
    assert!(error.to_string().starts_with("error: stdin:2:1: template is unknown to this service"), "{error}");
    let both = resolve("service_type: x\nresource_type: y\n", None, &[], &to).unwrap_err().to_string();
    assert!(both.contains("both are given") && both.contains("stdin:1:1"), "{both}");
    assert!(resolve("template: {a: 1}", None, &["template="], &to).is_ok(), "the parameter empties it");
    assert!(resolve("{}", None, &["template.a=1"], &to).is_err());
}

#[test]
fn strict_leaves_every_name_as_it_is() {
    let yaml = "service_type: y\ntemplate: {}\n";
    let draft = read(&from_stdin(), &mut yaml.as_bytes()).unwrap().remove(0);
    let resolved = draft.resolve(&target("register", "RegisterV2"), true).unwrap();
    assert_eq!(Value::Object(resolved.request.value), json!({"service_type": "y", "template": {}}));
    assert!(resolved.notes.is_empty());
}

#[test]
fn fields_of_other_resources_and_verbs_are_left_to_the_codec() {
    let yaml = "template: {}\n";
    let resolved = resolve(yaml, None, &[], &target("list", "ListV2")).unwrap();
    assert_eq!(Value::Object(resolved.request.value), json!({"template": {}}));
}

#[test]
fn an_image_name_that_services_refuse_is_warned_of() {
    let to = target("register", "RegisterV2");
    let warnings = |image: &str| resolve(&format!("image: {image}"), None, &[], &to).unwrap().warnings;
    let start = "image: behind the last `/`, a current Repository service refuses";
    assert_eq!(warnings("a_b/plugin-x"), [""; 0]);
    assert_eq!(warnings("a/b_c"), [format!("{start} the `_`: name the image with letters, digits and `-` only")]);
    assert_eq!(warnings("a/b:1.0"), [format!("{start} a tag: leave out the `:` and what follows it")]);
    let long = "x".repeat(49);
    assert_eq!(warnings(&long), [format!("{start} a name of 49 characters: shorten it to 48 or fewer")]);
}

#[test]
fn json_is_strict() {
    let message = |json: &str| {
        let inputs = Inputs { json: Some(json.to_owned()), ..Inputs::default() };
        let error = read(&inputs, &mut std::io::empty()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    };
    assert_eq!(message("{\"a\": 1,\n \"a\": 2}"), "error: -j:2:2: the key `a` is given twice");
    assert_eq!(message("[1]"), "error: -j:1:1: expected a mapping, found a list");
    assert!(message("{a: 1}").starts_with("error: -j:1:2: not JSON: key must be a string"));
    assert!(message("{\"a\": 18446744073709551616}").starts_with("error: -j:1:7: a number beyond"));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(message(&deep), "error: -j:1:35: nested more than 34 levels deep");
}

#[test]
fn files_end_in_an_error_that_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let error = |name: &str| {
        let inputs = Inputs { files: vec![at(name)], ..Inputs::default() };
        read(&inputs, &mut std::io::empty()).unwrap_err().to_string()
    };
    assert!(error("missing.yml").contains("missing.yml\ncause: No such file"));
    fs::write(at("empty.yml"), "# nothing\n---\n").unwrap();
    assert!(error("empty.yml").ends_with("empty.yml holds no document: it is empty or has only comments"));
    fs::write(at("latin.yml"), b"a: b\nc: \xe9").unwrap();
    assert!(error("latin.yml").contains("latin.yml:2:4: not UTF-8 text"));
    fs::write(at("list.yml"), "- a").unwrap();
    assert!(error("list.yml").ends_with("list.yml:1:1: expected a mapping, found a list"));
    fs::create_dir(at("folder.d")).unwrap();
    assert!(error("folder.d").ends_with("folder.d is a directory without .yml or .yaml files"));
    fs::File::create(at("huge.yml")).unwrap().set_len(1 << 30).unwrap();
    assert!(error("huge.yml").contains("huge.yml is larger than 32 MiB"));
}

#[test]
fn what_never_ends_is_not_read_to_its_end() {
    let error = read(&from_stdin(), &mut std::io::repeat(b'x').take(1 << 40)).unwrap_err();
    assert!(error.to_string().starts_with("error: stdin is larger than 32 MiB"));
}

#[test]
fn a_directory_gives_its_yaml_files_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in
        [("b.yaml", "\u{feff}text: b"), ("a.yml", "text: a"), (".hidden.yml", "text: h"), ("c.txt", "text: c")]
    {
        fs::write(folder.path().join(name), content).unwrap();
    }
    fs::create_dir(folder.path().join("d.yml")).unwrap();
    let inputs = Inputs { files: vec![folder.path().to_str().unwrap().into()], ..Inputs::default() };
    let drafts = read(&inputs, &mut std::io::empty()).unwrap();
    let texts: Vec<_> = drafts.iter().map(|draft| draft.value["text"].clone()).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn a_file_named_json_is_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    fs::write(&file, r#"{"text": "\ud83d\ude00"}"#).unwrap();
    let inputs = Inputs { files: vec![file.to_str().unwrap().into()], ..Inputs::default() };
    assert_eq!(read(&inputs, &mut std::io::empty()).unwrap()[0].value["text"], "😀");
}

proptest! {
    #[test]
    fn no_parameter_makes_it_panic(
        key in prop_oneof!["[a-z0-9_.\\\\]{0,12}", prop::sample::select(vec![
            "text", "flag", "i32", "u64", "number", "single", "raw", "state", "labels", "counts", "counts.a", "inner",
            "inner.more", "more", "tags", "tags.a.b", "any", "list", "wrapped", "at", "by_id", "by_id.1",
        ]).prop_map(str::to_owned), (0..50_000_usize).prop_map(|steps| format!("tags{}", ".a".repeat(steps)))],
        value in prop_oneof![any::<String>(), "[\\[\\]{}:,\"'a1.&*<!~ -]{0,24}"],
    ) {
        let all = ALL.with(Clone::clone);
        let to = Target { service: "repository", resource: "Plugin", verb: "register", input: all };
        // What names a file is not for random text.
        let value = value.trim_start_matches('@');
        let inputs = Inputs { params: vec![format!("{key}={value}")], ..Inputs::default() };
        if let Ok(mut drafts) = read(&inputs, &mut std::io::empty())
            && let Ok(resolved) = drafts.remove(0).resolve(&to, false)
        {
            prop_assert!(resolved.request.describe_origin(&path(&[])).is_none());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = read(&from_stdin(), &mut bytes.as_slice()) {
            prop_assert_eq!(error.exit_code(), 1);
        }
    }
}

thread_local! {
    /// Compiled once for all the cases of a property.
    static ALL: MessageDescriptor = message("All");
}
