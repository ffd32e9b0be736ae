//! YAML text from plain values, by serde-saphyr.
//!
//! Its quotes hold for YAML 1.1, which PyYAML and thus the services read, and for 1.2: `no`, `1.10`, `014`,
//! `2026-01-01` and `12:30:45` are quoted. Compared with PyYAML 6.0.3 on 100,000 values, version 2.2 failed for one
//! kind only, blocks whose first line begins with a tab; it also leaves marks of direction as they are. Texts with
//! either are forced into double quotes here.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::{DoubleQuoted, ser_options, to_string_with_options};

use crate::text::{json, sanitize};

/// Writes one document, begun by `---`.
pub fn write_document(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    write!(out, "---\n{}", to_text(value))
}

/// The text of a file that holds `value`.
pub fn to_text(value: &Value) -> String {
    // Long lines are not folded: people search and copy them.
    let options = ser_options! { folded_wrap_chars: usize::MAX };
    // serde-saphyr cannot force quotes on a key. JSON is YAML, too.
    let text = if has_hostile_key(value) { None } else { to_string_with_options(&Yaml(value), options).ok() };
    let text = text.unwrap_or_else(|| json::compact(value) + "\n");
    if !text.contains(must_be_escaped) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len() + 8), |mut escaped, c| {
        match c {
            c if must_be_escaped(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
        escaped
    })
}

struct Yaml<'a>(&'a Value);

impl Serialize for Yaml<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) if text.contains(must_be_escaped) => DoubleQuoted(text).serialize(serializer),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Yaml)),
            Value::Object(object) => serializer.collect_map(object.iter().map(|(key, value)| (key, Yaml(value)))),
            plain => plain.serialize(serializer),
        }
    }
}

fn has_hostile_key(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_hostile_key),
        // Controls are quoted and escaped in keys, too.
        Value::Object(object) => object.iter().any(|(key, value)| {
            key.contains(|c: char| must_be_escaped(c) && !c.is_control()) || has_hostile_key(value)
        }),
        _ => false,
    }
}

/// Whether a terminal would obey `c`.
fn must_be_escaped(c: char) -> bool {
    c != '\n' && sanitize::is_hostile(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write_document(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_keep_their_order() {
        let value = json!({"z": {"list": [1, {"b": "c", "a": [[true, null], []]}], "x": {}}, "a": "text"});
        let expected =
            "---\nz:\n  list:\n  - 1\n  - b: c\n    a:\n    - - true\n      - null\n    - []\n  x: {}\na: text\n";
        assert_eq!(written(&value), expected);
        assert_eq!(written(&json!({})), "---\n{}\n");
        assert_eq!(written(&json!("a\nb")), "---\n|-\n  a\n  b\n");
    }

    /// PyYAML 6.0.3 reads each of these as something else, or not at all, where it is not quoted.
    #[test]
    fn what_a_parser_could_take_for_something_else_is_quoted() {
        let odd = [
            "",
            "~",
            "no",
            "No",
            "ON",
            "y",
            "null",
            "True",
            "1.10",
            "014",
            "0o14",
            "0x1f",
            "1_000",
            "1e3",
            "+1",
            "-1",
            ".inf",
            ".5",
            "12:30:45",
            "2026-01-01",
            "2026-11-22T06:15:15.035Z",
            "=",
            "<<",
            "- a",
            "? a",
            "a: b",
            "a #b",
            "a:",
            "a ",
            " a",
            "#a",
            "@a",
            "`a",
            "%a",
            "!a",
            "&a",
            "*a",
            "[a",
            "{a",
            "|a",
            ">a",
            "'a",
            "---",
            "...",
        ];
        for text in odd {
            assert_eq!(to_text(&json!(text)), format!("\"{text}\"\n"));
        }
        for plain in ["plugin-x", "cloudforet/plugin", "플러그인", "a:b#c", "notes", "/x", "it's", "a, [b] {c} \"d\""]
        {
            assert_eq!(to_text(&json!(plain)), format!("{plain}\n"));
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let hostile = "a\x1b\u{85}\u{2028}\u{feff}\"\\\t\r\u{202e}";
        let escaped = r#""a\e\N\L\uFEFF\"\\\t\r\u202e""#;
        assert_eq!(to_text(&json!({"a": hostile})), format!("a: {escaped}\n"));
        assert_eq!(to_text(&json!({"\x1b[2J": 1})), "\"\\e[2J\": 1\n");
        assert_eq!(to_text(&json!({"a\u{202e}": ["no"]})), "{\"a\\u202e\":[\"no\"]}\n");
        assert_eq!(to_text(&json!(["\ta\nb"])), "- \"\\ta\\nb\"\n");
    }

    #[test]
    fn several_lines_are_a_block() {
        let block = |text: &str| written(&json!({"k": [text]}));
        assert_eq!(block("a\n\n  b: c\n"), "---\nk:\n- |\n  a\n\n    b: c\n");
        assert_eq!(block(" a\nb"), "---\nk:\n- |2-\n   a\n  b\n");
        assert_eq!(block("a\nb\n\n"), "---\nk:\n- |+\n  a\n  b\n\n");
    }

    #[test]
    fn exponents_are_written_as_yaml_1_1_reads_them() {
        assert_eq!(written(&json!([1e300, 1.5e-9, 1e-7, 7, 0.5])), "---\n- 1.0e+300\n- 1.5e-9\n- 1.0e-7\n- 7\n- 0.5\n");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "\\PC{0,8}",
            "[a-b \n\t:#'\"\\\\-]{0,12}",
            "[-+0-9._:eExo~]{0,6}",
            "[\u{0}-\u{20}\u{7f}-\u{a0}\u{2028}\u{feff}a]{0,4}",
            "[a-z]{120,140}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::num::f64::NORMAL.prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_back_equal(value in any_value()) {
            let text = written(&value);
            let read: Result<Value, _> = serde_yaml::from_str(&text);
            prop_assert_eq!(read.ok(), Some(value), "{}", text);
        }
    }
}
