//! Configuration files' text: YAML that the Python client (YAML 1.1) and this program (YAML 1.2) read alike.

use serde_json::{Map, Value};
use serde_yaml::Value as Yaml;

use crate::error::{Error, Location, Result};
use crate::path::FieldPath;
use crate::value::kind_of;
use crate::yaml;

/// Longer keys can be read only if written in another way (`? key`): YAML wants the `:` within 1024 characters.
const MAX_KEY: usize = 256;

/// Reads the mapping that `bytes` hold; nothing at all is an empty one. `source` names them in errors, which repeat
/// nothing of the content: it may be a secret.
pub(super) fn parse(bytes: &[u8], source: &str) -> Result<Map<String, Value>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let location = Location {
            source: source.into(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        };
        Error::local("the file is not UTF-8 text").at(Some(location))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let refuse = |error: serde_yaml::Error| match error.location() {
        Some(at) => Error::local("the file is not valid YAML").cause(reason(&error)).at(Some(Location {
            source: source.into(),
            line: at.line(),
            column: at.column(),
        })),
        None => Error::local(format!("{source} is not valid YAML")).cause(reason(&error)),
    };
    let mut value: Yaml = serde_yaml::from_str(text).map_err(refuse)?;
    value.apply_merge().map_err(refuse)?;
    match to_json(value, &mut FieldPath::default()).map_err(|error| error.within(source))? {
        Value::Null => Ok(Map::new()),
        Value::Object(mapping) => Ok(mapping),
        other => Err(Error::local(format!("{source} holds {}, not a mapping", kind_of(&other)))
            .hint("a configuration is lines of `key: value`")),
    }
}

/// What the parser says, as far as it repeats nothing of the file: its own texts hold no quoted part of it, those
/// about a value or a key do.
fn reason(error: &serde_yaml::Error) -> String {
    let said = error.to_string();
    if said.contains("duplicate entry") {
        "a key stands twice in the mapping that starts here".into()
    } else if said.contains(['"', '`']) {
        "a value does not fit its tag".into()
    } else {
        // The place is told by the location.
        said.split(" at line ").next().unwrap_or(&said).into()
    }
}

/// The same value as plain data. What JSON cannot hold has no place in a configuration either.
fn to_json(value: Yaml, path: &mut FieldPath) -> Result<Value> {
    let refuse = |path: &FieldPath, what: &str| {
        let place = if path.0.is_empty() { String::new() } else { format!("`{path}`: ") };
        Err(Error::local(format!("{place}{what}")))
    };
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(bool) => bool.into(),
        Yaml::String(text) => text.into(),
        Yaml::Number(number) => {
            let number = match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), ..) => Some(number.into()),
                (_, Some(number), _) => Some(number.into()),
                (.., number) => number.and_then(serde_json::Number::from_f64),
            };
            match number {
                Some(number) => Value::Number(number),
                None => return refuse(path, "a number must be finite"),
            }
        }
        Yaml::Sequence(items) => {
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                path.push_index(index);
                list.push(to_json(item, path)?);
                path.pop();
            }
            list.into()
        }
        Yaml::Mapping(entries) => {
            let mut mapping = Map::with_capacity(entries.len());
            for (key, value) in entries {
                let Yaml::String(key) = key else {
                    return refuse(path, "a key that is not text: put it into quotes");
                };
                if key.len() > MAX_KEY {
                    return refuse(path, &format!("a key is longer than {MAX_KEY} bytes"));
                }
                path.push_key(key.as_str());
                let value = to_json(value, path)?;
                path.pop();
                mapping.insert(key, value);
            }
            mapping.into()
        }
        Yaml::Tagged(_) => return refuse(path, "a tag (`!name`) has no meaning in a configuration"),
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
            ("api_key: \"hunter2\nx: y\n", "dev.yml:3:1", ""),
            ("x: {api_key: hunter2", "dev.yml:", ""),
            ("api_key: hunter2\napi_key: hunter3\n", "dev.yml:1:1", "twice"),
            ("a: b\nendpoints:\n  x: hunter2\n  x: hunter2\n", "dev.yml:3:3", "twice"),
            ("a: !!int hunter2\n", "dev.yml:1:", "tag"),
            ("a: *hunter2\n", "dev.yml:1:4", "anchor"),
            ("a: \thunter2\n\tb: c\n", "dev.yml:2:1", ""),
            ("a: 1\n---\nb: hunter2\n", "dev.yml", "more than one document"),
        ] {
            let error = parse_text(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("error: {place}")), "{text:?}: {error}");
            assert!(error.contains(why) && !error.contains("hunter"), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_refused_with_its_place() {
        let error = parse(b"a: b\nc: \xff\n", "dev.yml").unwrap_err().to_string();
        assert_eq!(error, "error: dev.yml:2:4: the file is not UTF-8 text");
    }

    #[test]
    fn what_is_no_mapping_of_plain_data_is_refused() {
        for (text, why) in [
            ("- a\n", "dev.yml holds a list, not a mapping"),
            ("hunter2\n", "dev.yml holds text, not a mapping"),
            ("12\n", "dev.yml holds a number, not a mapping"),
            ("1: a\n", "dev.yml: a key that is not text"),
            ("a: {b: [{true: x}]}\n", "dev.yml: `a.b[0]`: a key that is not text"),
            ("a: .nan\n", "dev.yml: `a`: a number must be finite"),
            ("a: !x hunter2\n", "dev.yml: `a`: a tag"),
        ] {
            let error = parse_text(text).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter"), "{text:?}: {error}");
        }
        assert!(parse_text(&format!("? {}\n: a\n", "k".repeat(2000))).is_err());
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
