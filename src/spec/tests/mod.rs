//! The way from inputs to a request, over the API's two generations.

use std::fs;
use std::io::Read;

use proptest::prelude::*;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use serde_json::{Value, json};

use super::*;
use crate::schema::field_path::{FieldPath, Segment};

mod params;

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

fn target(verb: &'static str, input: &str) -> RequestTarget<'static> {
    RequestTarget { service: "repository", resource: "Plugin", verb, input: message(input) }
}

fn from_stdin() -> Inputs {
    Inputs { files: vec!["-".into()], ..Inputs::default() }
}

fn resolve(yaml: &str, json: Option<&str>, params: &[&str], target: &RequestTarget<'_>) -> Result<Resolved> {
    let params = params.iter().map(|param| (*param).to_owned()).collect();
    let inputs = Inputs { json: json.map(str::to_owned), params, ..from_stdin() };
    read(&inputs, &mut yaml.as_bytes())?.remove(0).resolve(target, false)
}

fn path(names: &[&str]) -> FieldPath {
    FieldPath(names.iter().map(|name| Segment::Key((*name).to_owned())).collect())
}

#[test]
fn standard_input_is_read_once() {
    let inputs = Inputs { params: vec!["text=@-".into()], ..from_stdin() };
    let error = read(&inputs, &mut "a: 1".as_bytes()).unwrap_err();
    assert_eq!((error.exit_code(), error.problems()[0].message.as_str()), (2, "standard input can be read only once"));
}

#[test]
fn later_inputs_win() {
    let yaml = "name: file\nimage: file\ntags: {a: file, b: file}\n";
    let to = target("x", "RegisterV2");
    let resolved = resolve(yaml, Some(r#"{"image": "json"}"#), &["tags.a=param", "tags.a=last"], &to).unwrap();
    let value = Value::Object(resolved.request.value);
    assert_eq!(value, json!({"name": "file", "image": "json", "tags": {"a": "last", "b": "file"}}));
    let clash = resolve("tags: 3", None, &["tags.a=x"], &to).unwrap_err().to_string();
    assert!(clash.starts_with("error: -p tags.a: `tags` is not a mapping"), "{clash}");
}

#[test]
fn every_part_knows_where_it_came_from() {
    let yaml = "# spec\nname: x\nservice_type: y\ntags:\n  a: 1\n  b: 2\n";
    let to = target("register", "RegisterV2");
    let resolved = resolve(yaml, Some("{\"image\":\n 5}"), &["tags.a=param"], &to).unwrap();
    let request = resolved.request;
    let place = |names: &[&str], part| request.locate(&path(names), part).map(|at| at.to_string());
    assert_eq!(place(&["name"], SpanPart::Key), Some("stdin:2:1".into()));
    assert_eq!(place(&["name"], SpanPart::Value), Some("stdin:2:7".into()));
    assert_eq!(place(&["resource_type"], SpanPart::Key), Some("stdin:3:1".into()), "by the name it was given under");
    assert_eq!(place(&["image"], SpanPart::Value), Some("-j:2:2".into()));
    assert_eq!(place(&["tags", "b"], SpanPart::Key), Some("stdin:6:3".into()));
    assert_eq!(place(&["tags", "a"], SpanPart::Key), None);
    assert_eq!(request.describe_origin(&path(&["tags", "a"])), Some("-p tags.a".into()));
    assert_eq!(request.describe_origin(&path(&["tags", "b"])), None);
    assert_eq!(place(&["nowhere"], SpanPart::Key), Some("stdin:2:1".into()));
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
fn one_of_several_documents_begins_after_its_comments() {
    let places = |text: &str| -> Vec<Option<String>> {
        let drafts = read(&from_stdin(), &mut text.as_bytes()).unwrap();
        let requests = drafts.into_iter().map(|draft| draft.resolve(&target("x", "All"), false).unwrap().request);
        requests.map(|request| request.place().map(|(at, number)| format!("{at} is document {number}"))).collect()
    };
    assert_eq!(places("text: a"), [None]);
    let several = places("text: a\n---\n---\n# b\n\n  text: b\n--- {text: c}\n");
    let expected = ["stdin:1:1 is document 1", "stdin:6:3 is document 2", "stdin:7:5 is document 3"];
    assert_eq!(several, expected.map(|place| Some(place.to_owned())));
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
fn what_would_be_lost_is_refused_with_its_place() {
    let to = target("register", "RegisterV2");
    let refused = |yaml: &str, json: Option<&str>, params: &[&str]| -> Vec<(String, Option<String>)> {
        let request = resolve(yaml, json, params, &to).unwrap().request;
        let place = |refusal: &RejectedField| {
            let path = path(&[refusal.name]);
            request.locate(&path, SpanPart::Key).map(|at| at.to_string()).or(request.describe_origin(&path))
        };
        request.refusals().iter().map(|refusal| (refusal.name.to_owned(), place(refusal))).collect()
    };
    let at = |name: &str, place: &str| (name.to_owned(), Some(place.to_owned()));
    assert_eq!(
        refused("name: x\ntemplate: {a: 1}\ndomain_id: d\n", None, &[]),
        [at("template", "stdin:2:1"), at("domain_id", "stdin:3:1")]
    );
    assert_eq!(refused("template: {a: 1}", None, &["template="]), [], "the parameter empties it");
    assert_eq!(refused("name: x", None, &["template.a=1"]), [at("template", "-p template.a")]);
    assert_eq!(refused("name: x", Some(r#"{"template": {"a": 1}}"#), &[]), [at("template", "-j:1:2")]);
    let both = "service_type: x\nresource_type: y\n";
    assert_eq!(refused(both, None, &[]), [at("service_type", "stdin:1:1")]);
    let value = resolve("name: x\ntemplate: {a: 1}\n", None, &[], &to).unwrap().request.value;
    assert_eq!(Value::Object(value), json!({"name": "x"}), "the codec is not asked again about what is refused");
}

#[test]
fn a_later_input_overrides_an_earlier_one_under_either_name() {
    let to = target("register", "RegisterV2");
    for (yaml, json, params, expected, place) in [
        ("service_type: f", None, &["resource_type=p"][..], "p", None),
        ("resource_type: f", None, &["service_type=p"], "p", None),
        ("service_type: f", Some(r#"{"resource_type": "j"}"#), &[], "j", Some("-j:1:2")),
        ("resource_type: f", Some(r#"{"service_type": "j"}"#), &[], "j", Some("-j:1:2")),
        ("name: x", None, &["service_type=1", "resource_type=2"], "2", None),
        ("name: x", None, &["resource_type=1", "service_type=2"], "2", None),
        ("name: x\nservice_type: f", None, &[], "f", Some("stdin:2:1")),
    ] {
        let request = resolve(yaml, json, params, &to).unwrap().request;
        assert_eq!(request.refusals(), [], "{yaml} {json:?} {params:?}");
        assert_eq!(request.value["resource_type"], expected, "{yaml} {json:?} {params:?}");
        assert_eq!(request.value.get("service_type"), None);
        let found = request.locate(&path(&["resource_type"]), SpanPart::Key).map(|at| at.to_string());
        assert_eq!(found.as_deref(), place, "{yaml} {json:?} {params:?}");
    }
}

#[test]
fn a_decimal_that_loses_digits_is_warned_of_with_its_place() {
    let to = target("register", "RegisterV2");
    let warnings = |yaml: &str, json: Option<&str>, params: &[&str]| -> Vec<(String, String, String)> {
        let resolved = resolve(yaml, json, params, &to).unwrap();
        let place = |at: &FieldPath| resolved.request.locate(at, SpanPart::Value).unwrap().to_string();
        let shown = |warning: &SpecWarning| (warning.path.to_string(), place(&warning.path), warning.message.clone());
        resolved.warnings.iter().map(shown).collect()
    };
    let message = "a number that loses its last digits: quote it if it is a version";
    let one = |path: &str, place: &str, message: &str| vec![(path.to_owned(), place.to_owned(), message.to_owned())];
    assert_eq!(warnings("tags:\n  version: 1.10\n", None, &[]), one("tags.version", "stdin:2:12", message));
    assert_eq!(
        warnings("tags:\n  a: [x, {b: 1.0}]\n  c: 2.0\n", None, &[]),
        one("tags.a[1].b", "stdin:2:14", &format!("{message}; 1 more like it"))
    );
    assert_eq!(warnings("name: x", Some(r#"{"tags": {"v": 1.10}}"#), &[]), one("tags.v", "-j:1:16", message));
    for (yaml, json, params) in [
        ("tags: {version: '1.10', ratio: 0.5, n: 110}", None, &[][..]),
        ("tags: {version: 1.10}", Some(r#"{"tags": {}}"#), &[]),
        ("tags: {version: 1.10}", None, &["tags.version=1.10"]),
        ("tags: {version: 1.10}", None, &["tags={}"]),
        ("name: 1.10", None, &[]),
    ] {
        assert_eq!(warnings(yaml, json, params), [], "{yaml}");
    }
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
    let warnings = |image: &str| -> Vec<String> {
        let warnings = resolve(&format!("image: {image}"), None, &[], &to).unwrap().warnings;
        warnings.into_iter().map(|warning| format!("{}: {}", warning.path, warning.message)).collect()
    };
    let start = "image: current Repository services reject";
    let character = format!("{start} `_` in image names: use letters, digits and `-`");
    let tag = format!("{start} tags in image names: leave out the `:` and what follows it");
    let length = format!("{start} image names of 49 characters: shorten it to 48 or fewer");
    assert_eq!(warnings("a_b/plugin-x"), [""; 0]);
    assert_eq!(warnings("a/b_c"), [character.as_str()]);
    assert_eq!(warnings("a/b:1.0"), [tag.as_str()]);
    assert_eq!(warnings(&"x".repeat(49)), [length.as_str()]);
    assert_eq!(warnings(&format!("a/_{}:latest", "x".repeat(48))), [length, character, tag]);
    for host in ["ghcr.io", "localhost", "registry:5000"] {
        let warnings = warnings(&format!("{host}/a/plugin-x"));
        assert!(warnings.len() == 1 && warnings[0].contains("the service adds the registry's host"), "{warnings:?}");
    }
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
    let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(message(&deep(35)), "error: -j:1:35: nested more than 34 levels deep");
    assert!(message(&deep(100_000)).ends_with("nested more than 34 levels deep"));
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
    assert!(error("folder.d").contains("folder.d is a directory without .yml or .yaml files"));
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
    let texts: Vec<_> = drafts.iter().map(text_of).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn a_directory_of_plugins_gives_the_spec_of_each() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b/plugin.yml", "a/plugin.yml", "a/other.yml", "c/d/plugin.yml", ".git/plugin.yml"] {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, format!("text: {name}")).unwrap();
    }
    let inputs = Inputs { files: vec![folder.path().to_str().unwrap().into()], ..Inputs::default() };
    let drafts = read(&inputs, &mut std::io::empty()).unwrap();
    let texts: Vec<_> = drafts.iter().map(text_of).collect();
    assert_eq!(texts, ["a/plugin.yml", "b/plugin.yml"]);
    // Which of them are meant?
    fs::write(folder.path().join("c.yml"), "text: c").unwrap();
    let error = read(&inputs, &mut std::io::empty()).unwrap_err().to_string();
    assert!(error.contains("c.yml) and folders with specs ("), "{error}");
}

fn text_of(draft: &Draft) -> Value {
    draft.document.as_ref().unwrap().value["text"].clone()
}

#[test]
fn a_file_named_json_is_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    fs::write(&file, r#"{"text": "\ud83d\ude00"}"#).unwrap();
    let inputs = Inputs { files: vec![file.to_str().unwrap().into()], ..Inputs::default() };
    assert_eq!(text_of(&read(&inputs, &mut std::io::empty()).unwrap()[0]), "😀");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = read(&from_stdin(), &mut bytes.as_slice()) {
            prop_assert_eq!(error.exit_code(), 1);
        }
    }
}
