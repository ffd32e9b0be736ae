//! The text of configuration files.
//!
//! The Python client (YAML 1.1) and this program (YAML 1.2) read it the same.
//!
//! `crate::yaml` reads it into a map. serde_yaml (yaml_serde 0.10.7) was tried: the last of two equal keys wins
//! silently, a merge key (`<<`, which PyYAML applies) stays a key, `.nan` becomes null and would be written back so,
//! errors repeat values (`invalid type: string "hunter2"`), and aliases need a reader of events before it. Structs
//! would also refuse a whole file for one wrong value, which `config set` could then not correct: values are checked
//! when they are used.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::yaml::value::MappingEntry;
use crate::yaml::{self, Content, Limits, QUOTE_THE_VALUE, YamlDocuments, YamlError};

/// More than any file of 1 MiB without aliases comes to.
const LIMITS: Limits = Limits { depth: 32, weight: 128 << 20 };

/// Parses a mapping; an empty text is an empty one. `source` names the text in errors, which repeat no value: it may be
/// a secret.
pub(super) fn parse(bytes: &[u8], source: &str) -> Result<Map<String, Value>> {
    parse_checked(bytes, source, |_| Ok(()))
}

/// Like [`parse`], with a check of each entry.
pub(super) fn parse_checked(
    bytes: &[u8],
    source: &str,
    check: impl Fn(&MappingEntry<'_>) -> Result<(), YamlError>,
) -> Result<Map<String, Value>> {
    let read = || {
        let text = yaml::decode(bytes.to_vec())?;
        let mut documents = YamlDocuments::new(&text, LIMITS)?;
        let Some(tree) = documents.next().transpose()? else { return Ok(Map::new()) };
        if let Some(second) = documents.next().transpose()? {
            return Err(YamlError::new(second.at, "a second document, where a configuration is one"));
        }
        let entries = yaml::value::entries(&tree).map_err(|fault| match tree.content {
            Content::Mapping(_) => fault,
            _ => fault.hint("a configuration is lines of `key: value`"),
        })?;
        let checked = entries.into_iter().map(|entry| {
            check(&entry)?;
            Ok((entry.name.to_owned(), yaml::value::of(entry.value)?))
        });
        checked.collect()
    };
    read().map_err(|mut fault: YamlError| {
        // It repeats the value.
        fault.hint = fault.hint.filter(|hint| !hint.starts_with(QUOTE_THE_VALUE));
        fault.into_error(Error::local, source)
    })
}

/// The text of a file that holds `mapping`.
pub(super) fn to_text(mapping: &Map<String, Value>) -> String {
    yaml::to_text(&Value::Object(mapping.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse_text(text: &str) -> Result<Value> {
        parse(text.as_bytes(), "dev.yml").map(Value::Object)
    }

    #[test]
    fn nothing_is_an_empty_mapping() {
        for text in ["", "\n", "# only said\n", "---\n", "{}\n", "\u{feff}", "null"] {
            assert_eq!(parse_text(text).unwrap(), json!({}), "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_other_line_ends_are_accepted() {
        assert_eq!(parse_text("\u{feff}a: b\r\nc: d\r\n").unwrap(), json!({"a": "b", "c": "d"}));
    }

    #[test]
    fn order_and_merge_keys_are_kept_as_the_python_client_reads_them() {
        let value = parse_text("z: 1\nbase: &b {x: 1}\na:\n  <<: *b\n  y: 2.5\n").unwrap();
        assert_eq!(value, json!({"z": 1, "base": {"x": 1}, "a": {"x": 1, "y": 2.5}}));
        let keys: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["z", "base", "a"]);
    }

    #[test]
    fn the_place_of_a_fault_is_told_and_no_value_is() {
        for (text, place, why) in [
            ("api_key: hunter2\n  x: y\n", "dev.yml:2:4", "mapping values"),
            ("api_key: \"hunter2\nx: y\n", "dev.yml:1:10", "quote"),
            ("x: {api_key: hunter2", "dev.yml:1:4", "without an end"),
            ("api_key: hunter2\napi_key: hunter3\n", "dev.yml:2:1", "the key `api_key` is given twice"),
            ("a: b\nendpoints:\n  x: hunter2\n  x: hunter2\n", "dev.yml:4:3", "twice"),
            ("a: !!int hunter2\n", "dev.yml:1:", "tag"),
            ("a: *hunter2\n", "dev.yml:1:4", "anchor"),
            ("a: \thunter2\n\tb: c\n", "dev.yml:", ""),
            ("a: 1\n---\nb: hunter2\n", "dev.yml:3:1", "a second document"),
            ("- hunter2\n", "dev.yml:1:1", "expected a mapping, found a list"),
            ("hunter2\n", "dev.yml:1:1", "expected a mapping, found text"),
            ("12\n", "dev.yml:1:1", "expected a mapping, found a number"),
            ("a: {b: [{~: hunter2}]}\n", "dev.yml:1:10", "expected text as a key, found nothing"),
            ("a: .nan\n", "dev.yml:1:4", "not-a-number"),
            ("a: !x hunter2\n", "dev.yml:1:4", "tag"),
        ] {
            let error = parse_text(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("error: {place}")), "{text:?}: {error}");
            assert!(error.contains(why) && !error.contains("hunter"), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_refused_with_its_place() {
        let error = parse(b"a: b\nc: \xff\n", "dev.yml").unwrap_err().to_string();
        assert_eq!(error, "error: dev.yml:2:4: not UTF-8 text\nhint: save it in UTF-8");
    }

    #[test]
    fn deep_and_self_repeating_texts_end_in_an_error() {
        assert!(parse_text(&format!("a: {}", "[".repeat(10_000))).is_err());
        let mut bomb = String::from("a0: &a0 [x]\n");
        for level in 1..30 {
            let below = level - 1;
            bomb += &format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}]\n");
        }
        assert!(parse_text(&bomb).is_err());
        let repeated = format!("a: &a {}\nb: [{}]\n", "x".repeat(300_000), vec!["*a"; 2000].join(","));
        let error = parse_text(&repeated).unwrap_err().to_string();
        assert!(error.starts_with("error: dev.yml:2:") && error.contains("aliases expanded"), "{error}");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[a-z0-9:. #~<=-]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[ -~가-힣]{0,6}", inner), 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(entries in prop::collection::vec(("\\PC{0,8}", any_value()), 0..5)) {
            // `<<` as a key means a merge; no configuration has it as its own.
            let mapping: Map<String, Value> = entries.into_iter().filter(|(key, _)| key != "<<").collect();
            prop_assert_eq!(parse(to_text(&mapping).as_bytes(), "x").unwrap(), mapping);
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, "x");
        }
    }
}
