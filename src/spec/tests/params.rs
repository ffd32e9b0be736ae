//! Parameters in a message that has every kind of field.

use super::*;
use crate::spec::source::MAX_DEPTH;

/// The value of one parameter in a message that has every kind of field.
fn param(param: &str) -> Result<Value> {
    let inputs = Inputs { params: vec![param.to_owned()], ..Inputs::default() };
    let draft = read(&inputs, &mut std::io::empty())?.remove(0);
    draft.resolve(&target("x", "All"), false).map(|resolved| Value::Object(resolved.request.value))
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
        ("tags.version=1.9", json!({"tags": {"version": "1.9"}})),
        ("tags.less=-5", json!({"tags": {"less": -5}})),
        ("tags.zeros=007", json!({"tags": {"zeros": "007"}})),
        (r#"tags={"ratio": 0.5}"#, json!({"tags": {"ratio": "0.5"}})),
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
        ("state=ENABLD", "error: -p state: unknown value of State\nhint: did you mean ENABLED?"),
        ("labels=s3cret", "error: -p labels: expected a list, e.g. [a,b], found a single value"),
        ("labels=[a,[s3cret]]", "error: -p labels[1]: expected text, found a list"),
        (
            "labels.0=x",
            "error: -p labels.0: the items of a list cannot be set one by one\nhint: write all its items: KEY=[a,b]",
        ),
        ("counts.a=s3cret", "error: -p counts.a: expected a whole number from -2147483648 to 2147483647"),
        ("by_id.x.text=1", "error: -p by_id.x.text: expected a whole number from -2147483648 to 2147483647"),
        ("txt=s3cret", "error: -p txt: All has no such field\nhint: did you mean text?"),
        ("inner.flg=s3cret", "error: -p inner.flg: All has no such field\nhint: did you mean flag?"),
        ("inner={flg: s3cret}", "error: -p inner.flg: All has no such field\nhint: did you mean flag?"),
        ("text.a=x", "error: -p text.a: `a` cannot be below a field that is text"),
        (
            "inner=[a: s3cret",
            "error: -p inner: not YAML: a list or mapping without an end\nhint: quote text that begins with [, { or \"",
        ),
        ("a..b=x", "error: -p a..b: a part of the key is empty\nhint: write \\. for a dot in it"),
        ("s3cret", "error: -p needs KEY=VALUE: the = is missing\nhint: write -p KEY= for an empty value"),
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
fn all_wrong_parameters_are_reported_at_once() {
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
        let to = RequestTarget { service: "repository", resource: "Plugin", verb: "register", input: all };
        // What names a file is not for random text.
        let value = value.trim_start_matches('@');
        let inputs = Inputs { params: vec![format!("{key}={value}")], ..Inputs::default() };
        if let Ok(mut drafts) = read(&inputs, &mut std::io::empty())
            && let Ok(resolved) = drafts.remove(0).resolve(&to, false)
        {
            prop_assert!(resolved.request.describe_origin(&path(&[])).is_none());
        }
    }
}

thread_local! {
    /// Compiled once for all the cases of a property.
    static ALL: MessageDescriptor = message("All");
}
