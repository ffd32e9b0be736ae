//! Tests of filters: how they are read, sent, and checked on rows.

use proptest::prelude::*;
use prost_reflect::DescriptorPool;
use serde_json::json;

use super::*;
use crate::query::timestamp;

/// A type that has a field of every kind.
fn rows() -> MessageDescriptor {
    let source = r#"
        syntax = "proto3";
        package test;
        import "google/protobuf/struct.proto";
        import "google/protobuf/timestamp.proto";
        import "google/protobuf/wrappers.proto";
        enum State { NONE = 0; ENABLED = 1; DISABLED = 2; }
        message Part { string name = 1; string created_at = 2; repeated Part parts = 3; }
        message Row {
            string name = 1;
            string version = 2;
            int32 count = 3;
            uint64 size = 4;
            double share = 5;
            bool is_managed = 6;
            State state = 7;
            google.protobuf.Struct tags = 8;
            google.protobuf.ListValue labels = 9;
            map<string, int32> sizes = 10;
            Part part = 11;
            repeated Part parts = 12;
            repeated string words = 13;
            string created_at = 14;
            string created_date = 15;
            google.protobuf.Timestamp seen = 16;
            google.protobuf.StringValue note = 17;
            google.protobuf.Value anything = 18;
            int32 format = 19;
            repeated State states = 20;
        }"#;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.proto"), source).unwrap();
    let files = protox::compile(["t.proto"], [dir.path()]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    pool.get_message_by_name("test.Row").unwrap()
}

fn resolved(texts: &[&str], rows: Option<&MessageDescriptor>) -> Result<Vec<(String, &'static str, Value)>> {
    let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    let conditions = FilterSet::parse(&texts, &[], None)?.resolve(rows)?.all;
    Ok(conditions.into_iter().map(|QueryCondition { key, operator, value }| (key, operator.name(), value)).collect())
}

/// The only condition of a filter.
fn one(text: &str, rows: Option<&MessageDescriptor>) -> (String, &'static str, Value) {
    let mut conditions = resolved(&[text], rows).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(conditions.len(), 1, "{text}");
    conditions.remove(0)
}

#[test]
fn the_descriptor_says_what_a_word_is() {
    let rows = rows();
    for (text, key, operator, value) in [
        ("name=123", "name", "eq", json!("123")),
        ("version=1.10", "version", "eq", json!("1.10")),
        ("name=null", "name", "eq", json!("null")),
        ("name=", "name", "eq", json!("")),
        ("name!=x", "name", "not", json!("x")),
        ("name~sl ack", "name", "contain", json!("sl ack")),
        ("name!~x", "name", "not_contain", json!("x")),
        ("name>m", "name", "gt", json!("m")),
        ("count>=3", "count", "gte", json!(3)),
        ("count<'-3'", "count", "lt", json!(-3)),
        ("size<=5", "size", "lte", json!(5)),
        ("share>0.5", "share", "gt", json!(0.5)),
        ("count in 1, 2", "count", "in", json!([1, 2])),
        ("is_managed=true", "is_managed", "eq", json!(true)),
        ("state=enabled", "state", "eq", json!("ENABLED")),
        ("state not in Enabled,2", "state", "not_in", json!(["ENABLED", "DISABLED"])),
        ("state~ABLE", "state", "contain", json!("ABLE")),
        ("states=disabled", "states", "eq", json!("DISABLED")),
        ("words=1", "words", "eq", json!("1")),
        ("words.0=1", "words.0", "eq", json!("1")),
        ("part.name=1", "part.name", "eq", json!("1")),
        ("parts.name=1", "parts.name", "eq", json!("1")),
        ("parts.0.parts.12.name=1", "parts.0.parts.12.name", "eq", json!("1")),
        ("sizes.any=1", "sizes.any", "eq", json!(1)),
        ("note=1", "note", "eq", json!("1")),
        ("name?", "name", "exists", json!(true)),
        ("!tags?", "tags", "exists", json!(false)),
        ("tags.a?", "tags.a", "exists", json!(true)),
        ("created_at?", "created_at", "exists", json!(true)),
    ] {
        assert_eq!(one(text, Some(&rows)), (key.to_owned(), operator, value), "{text}");
    }
}

#[test]
fn where_the_type_is_open_words_are_what_they_are_for_parameters() {
    let rows = rows();
    for (text, value) in [
        ("tags.version=1.10", json!("1.10")),
        ("tags.n=110", json!(110)),
        ("tags.n='110'", json!("110")),
        ("tags.n=\"true\"", json!("true")),
        ("tags.b=true", json!(true)),
        ("tags.z!=null", json!(null)),
        ("tags.n=007", json!("007")),
        ("tags.l=[a]", json!("[a]")),
        ("tags.n~110", json!("110")),
        ("tags.created_at>=2026-01-01", json!("2026-01-01")),
        ("tags.n in 1,'1',a", json!([1, "1", "a"])),
        ("labels=5", json!(5)),
        ("labels.0=a", json!("a")),
        ("anything.x.y=5", json!(5)),
    ] {
        assert_eq!(one(text, Some(&rows)).2, value, "{text}");
        assert_eq!(one(text, None).2, value, "{text}");
    }
}

#[test]
fn moments_are_compared_as_moments() {
    let rows = rows();
    let day = ["2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"].map(Value::from);
    let point = json!("2026-01-31T10:00:00.5Z");
    for (text, operator, value) in [
        ("created_at>=2026-01-31", "datetime_gte", day[0].clone()),
        ("created_at<2026-01-31", "datetime_lt", day[0].clone()),
        ("created_at>2026-01-31", "datetime_gte", day[1].clone()),
        ("created_at<='2026-01-31'", "datetime_lt", day[1].clone()),
        ("created_at=2026-01-31T10:00:00.5Z", "eq", point.clone()),
        ("created_at!=2026-01-31T19:00:00.5+09:00", "not", point.clone()),
        ("created_at>2026-01-31T10:00:00.5Z", "datetime_gt", point.clone()),
        ("created_at>=2026-01-31T10:00:00.5Z", "datetime_gte", point.clone()),
        ("created_at<2026-01-31T10:00:00.5Z", "datetime_lt", point.clone()),
        ("created_at<=2026-01-31T10:00:00.5Z", "datetime_lte", point.clone()),
        ("created_at in 2026-01-31T10:00:00.5Z", "in", json!([point])),
        ("created_at>-7d", "timediff_gt", json!("now-7d")),
        ("created_at>= now/d", "timediff_gte", json!("now/d")),
        ("created_at<now", "timediff_lt", json!("now")),
        ("created_at<=now - 1w", "timediff_lte", json!("now-1w")),
    ] {
        assert_eq!(one(text, Some(&rows)), ("created_at".to_owned(), operator, value.clone()), "{text}");
        assert_eq!(one(text, None), ("created_at".to_owned(), operator, value), "{text}");
    }
    for key in ["created_at", "part.created_at", "parts.0.created_at", "seen"] {
        let both = resolved(&[&format!("{key}=2026-01-31")], Some(&rows)).unwrap();
        let expected = ["datetime_gte", "datetime_lt"].into_iter().zip(day.clone());
        assert_eq!(both, expected.map(|(operator, value)| (key.to_owned(), operator, value)).collect::<Vec<_>>());
    }
    assert_eq!(one("created_date=2026-01-31", Some(&rows)), ("created_date".to_owned(), "eq", "2026-01-31".into()));
}

#[test]
fn what_the_rows_cannot_have_is_refused() {
    let rows = rows();
    let refusal = |text: &str| {
        let error = resolved(&[text], Some(&rows)).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    };
    for (text, expected) in [
        ("nmae~slack", "Row has no field nmae\nhint: did you mean name?"),
        ("part.nmae=x", "Part has no field nmae\nhint: did you mean name?"),
        ("parts.1.zzzz=x", "Part has no field zzzz\nhint: its fields are name, created_at, parts"),
        ("nmae?", "Row has no field nmae\nhint: did you mean name?"),
        ("name.x=1", "`x` cannot be below a field that is text"),
        (
            "part=1",
            "part has keys of its own, and no value to compare with\n\
                    hint: name one of them, e.g. part.KEY, or use part? to test whether it exists",
        ),
        (
            "tags in a",
            "tags has keys of its own, and no value to compare with\n\
                       hint: name one of them, e.g. tags.KEY, or use tags? to test whether it exists",
        ),
        ("count=many", "count: expected a whole number from -2147483648 to 2147483647"),
        ("count~1", "~ searches text, and count is not text\nhint: use = or !="),
        ("is_managed=yes", "is_managed: expected true or false"),
        ("is_managed!~t", "!~ searches text, and is_managed is not text\nhint: use = or !="),
        ("state=ENBLED", "state: unknown value of State\nhint: did you mean ENABLED?"),
        ("state>ENABLED", "> compares sizes, and state has no order\nhint: use = or !="),
        (
            "created_at~2026",
            "~ searches text, and this is a date and time\n\
                             hint: use = with a part of a date: 2026, 2026-01 or 2026-01-31",
        ),
        (
            "created_at>yesterday",
            "created_at is a date and time, and the value is not\n\
                                  hint: write 2026-01-31, 2026-01-31T10:00, 2026-01-31T10:00+09:00, \
                                  -7d (of s, m, h, d, w), or now",
        ),
        ("created_at!=2026-01-31", "services have no condition for outside of a span of time\nhint: use < or >"),
        (
            "created_at=-7d",
            "a distance from now is a point in time that no row is at\n\
                            hint: use > >= < <= with a distance, or = with a date",
        ),
        (
            "created_at in 2026-01-31",
            "in a list, a time needs the fraction of its second\n\
                                      hint: use = for a day, or >= and < for several",
        ),
    ] {
        assert_eq!(refusal(text), format!("error: --filter \"{text}\": {expected}"));
    }
}

#[test]
fn all_that_is_wrong_is_reported_at_once() {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let error = FilterSet::parse(&texts(&["name", "a=b"]), &texts(&["=x"]), Some(" ")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: --filter \"name\": character 5: the operator is missing\n\
         hint: write KEY=VALUE, KEY~PART or KEY?\n\
         error: --filter-any \"=x\": character 1: the key is missing\n\
         hint: write KEY=VALUE, KEY~PART or KEY?\n\
         error: --search: the word is empty"
    );
    let filters = FilterSet::parse(&texts(&["nmae=x"]), &texts(&["name=x", "created_at=2026"]), None).unwrap();
    assert_eq!(
        filters.resolve(Some(&rows())).unwrap_err().to_string(),
        "error: --filter \"nmae=x\": Row has no field nmae\n\
         hint: did you mean name?\n\
         error: --filter-any \"created_at=2026\": a span of time is two conditions, and the service would \
         match either\n\
         hint: use --filter, or one of >= and <"
    );
}

#[test]
fn an_error_does_not_show_what_a_secret_is_compared_with() {
    for text in [
        "api_key=hunter2",
        " ! token == hunter2",
        "tags.password in 'hunter2",
        "tags.'my token' in hunter2",
        "token hunter2",
        "url=http://u:hunter2@h/ x'",
    ] {
        assert!(!shown(text).contains("hunter2"), "{}", shown(text));
    }
    assert_eq!(shown("api_key!=hunter2"), "api_key!=********");
    for text in ["name=hunter2", "!name?", " name in a, b", "name", "", "!", "é~é"] {
        assert_eq!(shown(text), text);
    }
}

proptest! {
    #[test]
    fn any_filter_is_resolved_or_refused(
        key in "(name|count|state|created_at|tags\\.a|part\\.name|words\\.0|.{0,5})",
        operator in "(=|!=|~|!~|<|<=|>|>=| in | not in |\\?)",
        value in "(.{0,8}|[0-9T:.+Z-]{0,12}|true|2026-01-31)",
    ) {
        let rows = rows_once();
        let _ = resolved(&[&format!("{key}{operator}{value}")], Some(rows));
    }
}

fn rows_once() -> &'static MessageDescriptor {
    static ROWS: std::sync::LazyLock<MessageDescriptor> = std::sync::LazyLock::new(rows);
    &ROWS
}

/// What a row comes to.
fn verdict(text: &str, row: Value) -> Verdict {
    let filters = FilterSet::parse(&[text.to_owned()], &[], None).unwrap();
    filters.row_filter(Some(&rows()), false).unwrap_or_else(|error| panic!("{text}: {error}")).verdict(&row)
}

#[test]
fn a_row_decides_as_the_services_would() {
    let minutes_ago = |minutes: i64| (timestamp::now() - jiff::SignedDuration::from_mins(minutes)).to_string();
    for (text, row) in [
        ("name=a", json!({"name": "a"})),
        ("name!=a", json!({"name": "A"})),
        ("name!=a", json!({})),
        ("name~ÄB", json!({"name": "xäbx"})),
        ("name~a.c", json!({"name": "A.C"})),
        ("name>a", json!({"name": "b"})),
        ("name<=b", json!({"name": "B"})),
        ("count>=2", json!({"count": 2})),
        ("count=0", json!({})),
        ("count!=1", json!({})),
        ("count!=0", json!({})),
        ("name=", json!({})),
        ("labels!=x", json!({})),
        ("is_managed=false", json!({})),
        ("size>9", json!({"size": "10"})),
        ("size=18446744073709551615", json!({"size": "18446744073709551615"})),
        ("share<0.5", json!({"share": 0.25})),
        ("state in enabled,disabled", json!({"state": "DISABLED"})),
        ("tags.n=1", json!({"tags": {"n": 1.0}})),
        ("tags.n=null", json!({"tags": {}})),
        ("tags.a.b=x", json!({"tags": {"a": [{"b": "y"}, {"b": ["x"]}]}})),
        ("tags.a.1=x", json!({"tags": {"a": ["y", "x"]}})),
        ("tags.a?", json!({"tags": {"a": null}})),
        ("!tags.a?", json!({"tags": {}})),
        ("labels=x", json!({"labels": ["y", "x"]})),
        ("labels!=x", json!({"labels": []})),
        ("part.name~x", json!({"part": {"name": "xy"}})),
        ("parts.name=x", json!({"parts": [{"name": "y"}, {"name": "x"}]})),
        ("created_at=2026-01-31", json!({"created_at": "2026-01-31T23:59:59.999Z"})),
        ("created_at=2026-01-31T00:00:00.100+09:00", json!({"created_at": "2026-01-30T15:00:00.1Z"})),
        ("seen>2026", json!({"seen": "2027-01-01T00:00:00Z"})),
        ("created_at<-1h", json!({"created_at": minutes_ago(61)})),
    ] {
        assert_eq!(verdict(text, row.clone()), Verdict::Matches, "{text} {row}");
    }
    for (text, row) in [
        ("name=a", json!({"name": "A"})),
        ("name!~a", json!({"name": "bAb"})),
        ("name not in a,b", json!({"name": "b"})),
        ("name>a", json!({"name": "B"})),
        ("count>2", json!({"count": 2})),
        ("size>9", json!({"size": "9"})),
        ("tags.n=1", json!({"tags": {"n": "1"}})),
        ("tags.n>1", json!({"tags": {"n": true}})),
        ("tags.n=null", json!({"tags": {"n": 0}})),
        ("tags.a.b=x", json!({"tags": {"a": "x"}})),
        ("tags.a?", json!({"tags": {}})),
        ("!tags.a?", json!({"tags": {"a": false}})),
        ("!name?", json!({"name": "a"})),
        ("labels=x", json!({"labels": ["y"]})),
        ("labels.1=x", json!({"labels": ["y"]})),
        ("labels.0=x", json!({"labels": []})),
        ("labels!=x", json!({"labels": ["y", "x"]})),
        ("labels not in x,y", json!({"labels": ["y"]})),
        ("created_at=2026-01-31", json!({"created_at": "2026-02-01T00:00:00.000Z"})),
        ("created_at>2026-01", json!({"created_at": "2026-01-31T23:59:59.999Z"})),
        ("created_at>-1h", json!({"created_at": minutes_ago(62)})),
    ] {
        assert_eq!(verdict(text, row.clone()), Verdict::Fails(ALL_FLAG), "{text} {row}");
    }
    for (text, row) in [
        ("tags.n>1", json!({"tags": {"n": {"deep": 2}}})),
        ("labels=x", json!({"labels": [["x"]]})),
        ("created_at>2026", json!({"created_at": "yesterday"})),
        ("name?", json!({})),
        ("!part.name?", json!({"part": {}})),
        // A message leaves out what is empty, and what the service does not tell.
        ("name=a", json!({})),
        ("count>2", json!({})),
        ("state=enabled", json!({})),
        ("created_at>2026", json!({})),
        ("part.name=a", json!({"part": {}})),
        ("tags.n=1", json!({})),
        ("labels=x", json!({})),
        // By the clock of the service it may be so.
        ("created_at>-1h", json!({"created_at": minutes_ago(60)})),
    ] {
        assert_eq!(verdict(text, row.clone()), Verdict::Undecided(ALL_FLAG), "{text} {row}");
    }
}

#[test]
fn one_of_several_has_to_hold() {
    let filters = |text: &str| {
        let filters = FilterSet::parse(&[], &[text.to_owned(), "tags.n=1".to_owned()], None).unwrap();
        filters.row_filter(Some(&rows()), false).unwrap()
    };
    let verdict = |text: &str, row: &Value| filters(text).verdict(row);
    assert_eq!(verdict("name=x", &json!({"tags": {}})), Verdict::Undecided(ANY_FLAG));
    assert_eq!(verdict("name=x", &json!({"tags": {"n": 1}})), Verdict::Matches);
    assert_eq!(verdict("name=x", &json!({"name": "y", "tags": {}})), Verdict::Fails(ANY_FLAG));
    assert_eq!(filters("parts.0.name=x").only_keys().collect::<Vec<_>>(), ["parts", "tags.n"]);
}

proptest! {
    /// Of any value, one of a condition and its opposite holds, or neither is decided.
    #[test]
    fn a_condition_and_its_opposite_exclude_each_other(
        value in prop_oneof![
            Just(Value::Null), any::<bool>().prop_map(Value::from), (-2_i32..3).prop_map(Value::from),
            "[ab1]{0,2}".prop_map(Value::from), prop::collection::vec("[ab1]{0,1}", 0..3).prop_map(|list| json!(list)),
        ],
        word in "[ab1]{1,2}",
    ) {
        for (condition, opposite) in [("=", "!="), ("~", "!~"), (" in ", " not in ")] {
            let row = json!({"tags": {"x": value.clone()}});
            let of = |operator: &str| verdict(&format!("tags.x{operator}{word}"), row.clone());
            let both = (of(condition), of(opposite));
            let (holds, fails) = (Verdict::Matches, Verdict::Fails(ALL_FLAG));
            prop_assert!(both == (holds, fails) || both == (fails, holds), "{both:?}");
        }
    }
}
