//! Values as Python's `repr()` writes them.
//!
//! The real service's messages quote requests that way.

use prost_types::Value;
use prost_types::value::Kind;

/// `repr()` of a string.
pub fn text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut written = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote || c == '\\' => written.extend(['\\', c]),
            c => written.push(c),
        }
    }
    written.push(quote);
    written
}

/// `repr()` of the value that protobuf's JSON mapping gives.
pub fn value(value: &Value) -> String {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => "None".to_owned(),
        Some(Kind::BoolValue(true)) => "True".to_owned(),
        Some(Kind::BoolValue(false)) => "False".to_owned(),
        // Rust writes a whole number's `.0` in this form too.
        Some(Kind::NumberValue(number)) => format!("{number:?}"),
        Some(Kind::StringValue(string)) => text(string),
        Some(Kind::ListValue(list)) => {
            let items: Vec<String> = list.values.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        Some(Kind::StructValue(object)) => {
            let items = object.fields.iter().map(|(key, item)| format!("{}: {}", text(key), self::value(item)));
            format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The name of a value's Python type.
pub fn type_name(value: &Value) -> &'static str {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => "NoneType",
        Some(Kind::BoolValue(_)) => "bool",
        Some(Kind::NumberValue(_)) => "float",
        Some(Kind::StringValue(_)) => "str",
        Some(Kind::ListValue(_)) => "list",
        Some(Kind::StructValue(_)) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_take_the_quotes_that_python_takes() {
        assert_eq!(text("plain"), "'plain'");
        assert_eq!(text("it's"), "\"it's\"");
        assert_eq!(text("it's \"it\""), "'it\\'s \"it\"'");
        assert_eq!(text("a\\b\n"), "'a\\\\b\\n'");
    }

    #[test]
    fn numbers_are_floats_as_protobuf_makes_them() {
        assert_eq!(value(&Value::from(1.0)), "1.0");
        assert_eq!(value(&Value::from(vec![Value::from(true), Value::from("x")])), "[True, 'x']");
    }
}
