//! Plain values from trees, by YAML 1.2's core schema.
//!
//! It reads JSON's scalars as JSON does.
//!
//! Two deviations, both towards text: digits after a leading zero (`014`) stay text, as in most YAML 1.2 readers; and
//! `.nan`, `.inf` and integers beyond 64 bits are refused instead of rounded.

use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::tree::{Content, Node, YamlError, YamlErrorKind};

/// The longest key that an error shows, in bytes.
const LONGEST_NAMED: usize = 64;

pub fn of(node: &Node) -> Result<Value, YamlError> {
    match &node.content {
        Content::Scalar { text, plain: false } => Ok(Value::String(text.to_string())),
        Content::Scalar { text, plain: true } => {
            plain(text).map_err(|message| YamlError::new(node.at, message).hint("quote it if it is text"))
        }
        Content::List(items) => {
            // By its length: a list that grows takes up to three times its room.
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.push(of(item)?);
            }
            Ok(Value::Array(values))
        }
        Content::Mapping(_) => mapping(node).map(Value::Object),
    }
}

pub fn mapping(node: &Node) -> Result<Map<String, Value>, YamlError> {
    let entries = entries(node)?;
    let mut mapping = Map::with_capacity(entries.len());
    for MappingEntry { name, value, .. } in entries {
        mapping.insert(name.to_owned(), of(value)?);
    }
    Ok(mapping)
}

#[derive(Clone, Copy)]
pub struct MappingEntry<'tree> {
    pub name: &'tree str,
    pub key: &'tree Node,
    pub value: &'tree Node,
}

/// The entries of a mapping in their order, each key once, followed by those of a merge key (`<<`): the mapping's own
/// keys win over them, and earlier ones over later ones (<https://yaml.org/type/merge.html>).
pub fn entries(node: &Node) -> Result<Vec<MappingEntry<'_>>, YamlError> {
    let Content::Mapping(pairs) = &node.content else {
        let message = format!("expected a mapping, found {}", found(node));
        return Err(YamlError::new(node.at, message).of_kind(YamlErrorKind::NotAMapping));
    };
    let mut names = HashSet::with_capacity(pairs.len());
    let mut entries = Vec::with_capacity(pairs.len());
    let mut merge = None;
    for (key, value) in pairs {
        let is_new = if is_merge(key) {
            merge.replace(value).is_none()
        } else {
            let name = key_name(key)?;
            entries.push(MappingEntry { name, key, value });
            names.insert(name)
        };
        if !is_new {
            return Err(YamlError::new(key.at, twice(key)).of_kind(YamlErrorKind::KeyGivenTwice));
        }
    }
    let merged = match merge.map(|merge| (merge, &merge.content)) {
        None => Vec::new(),
        Some((_, Content::List(items))) => {
            items.iter().map(|item| self::entries(item)).collect::<Result<Vec<_>, _>>()?.concat()
        }
        Some((merge, _)) => self::entries(merge)?,
    };
    entries.extend(merged.into_iter().filter(|entry| names.insert(entry.name)));
    Ok(entries)
}

/// The error for a repeated key. A long one is rather a misplaced text, and not shown.
fn twice(key: &Node) -> String {
    match &key.content {
        Content::Scalar { text, .. } if text.len() <= LONGEST_NAMED => format!("the key `{text}` is given twice"),
        _ => "a key is given twice".to_owned(),
    }
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.content, Content::Scalar { text, plain: true } if &**text == "<<")
}

/// A key as written: `1` and `true` are text in a request.
fn key_name(key: &Node) -> Result<&str, YamlError> {
    match &key.content {
        Content::Scalar { text, plain } if !(*plain && is_null(text)) => Ok(text),
        // `{{ x }}` of a template.
        Content::Mapping(_) => Err(YamlError::new(key.at, "expected text as a key, found a mapping")
            .hint("put a value that begins with {{ in quotes")),
        _ => Err(YamlError::new(key.at, format!("expected text as a key, found {}", found(key)))),
    }
}

/// What a node is, for messages.
pub fn found(node: &Node) -> &'static str {
    match &node.content {
        Content::Scalar { text, plain: true } => match plain(text) {
            Ok(Value::Null) => "nothing",
            Ok(Value::Bool(_)) => "true or false",
            Ok(Value::String(_)) => "text",
            _ => "a number",
        },
        Content::Scalar { .. } => "text",
        _ => node.kind(),
    }
}

pub fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The value of a plain scalar (YAML 1.2.2, section 10.3.2), or why no request can hold it.
fn plain(text: &str) -> Result<Value, &'static str> {
    match text {
        _ if is_null(text) => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err("infinity and not-a-number cannot be sent");
    }
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(Number::from);
    let is_digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    let number = if let Some(digits) = text.strip_prefix("0x").filter(|digits| is_digits(digits, 16)) {
        radix(digits, 16)
    } else if let Some(digits) = text.strip_prefix("0o").filter(|digits| is_digits(digits, 8)) {
        radix(digits, 8)
    } else if has_leading_zero(unsigned) {
        return Ok(Value::String(text.to_owned()));
    } else if is_digits(unsigned, 10) {
        text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from)).ok()
    } else if unsigned.starts_with(|c: char| c == '.' || c.is_ascii_digit()) && text.bytes().all(is_float_byte) {
        match text.parse::<f64>() {
            Ok(float) => Number::from_f64(float),
            Err(_) => return Ok(Value::String(text.to_owned())),
        }
    } else {
        return Ok(Value::String(text.to_owned()));
    };
    number.map(Value::Number).ok_or("a number beyond what 64 bits hold")
}

fn is_float_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
}

/// `014` and `01.5`, but neither `0` nor `0.5`.
fn has_leading_zero(unsigned: &str) -> bool {
    let mut bytes = unsigned.bytes();
    bytes.next() == Some(b'0') && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, value) in [
            ("", json!(null)),
            ("True", json!(true)),
            ("no", json!("no")),
            ("on", json!("on")),
            ("014", json!("014")),
            ("-01.5", json!("-01.5")),
            ("0", json!(0)),
            ("+12", json!(12)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("18446744073709551615", json!(u64::MAX)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0xg", json!("0xg")),
            ("1.10", json!(1.1)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("1.2.3", json!("1.2.3")),
            ("1-2", json!("1-2")),
            ("1_000", json!("1_000")),
            ("infinity", json!("infinity")),
            ("2026-11-22", json!("2026-11-22")),
        ] {
            assert_eq!(plain(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_would_be_rounded_is_refused() {
        for text in [".nan", "-.inf", "18446744073709551616", "-9223372036854775809", "1e999", "0xfffffffffffffffff"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }
}
