//! YAML that the parsers of both YAML 1.1 (PyYAML, which the services read with) and 1.2 understand alike.
//!
//! Keys keep their order. A text is written without quotes only where no parser can take it for something else, so
//! `no`, `1.10`, `014`, `2026-01-01` and `12:30:45` are quoted. Texts of several lines stand as blocks, as people write
//! them. Written here because a serializer decides on quotes by its own version of YAML alone.

use std::io::{self, Write};

use serde_json::{Map, Number, Value};

use crate::terminal::sanitize;

/// The longest key that is written in front of a colon; parsers refuse more than 1,024 characters there.
const LONGEST_KEY: usize = 128;

/// What YAML 1.1 reads as truth values and as nothing, in any case.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Writes one document, begun by `---`.
pub fn write_document(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    writeln!(out, "---")?;
    write(out, value)
}

/// The text of a file that holds `value`.
pub fn to_text(value: &Value) -> String {
    let mut text = Vec::new();
    // Neither can fail: a Vec takes all, and only text is written to it.
    let _ = write(&mut text, value);
    String::from_utf8(text).unwrap_or_default()
}

/// Writes what stands below a document's `---`, or alone in a file.
fn write(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    match value {
        Value::Object(object) if !object.is_empty() => mapping(out, object, 0, false),
        Value::Array(items) if !items.is_empty() => sequence(out, items, 0, false),
        // Blocks are indented by two even here, so that none can hold a line that ends the document.
        plain => writeln!(out, "{}", scalar(plain, 2)),
    }
}

/// Writes the entries; the first one goes on in the line of a `- ` if `inline`.
fn mapping(out: &mut dyn Write, object: &Map<String, Value>, indent: usize, inline: bool) -> io::Result<()> {
    for (at, (key, value)) in object.iter().enumerate() {
        margin(out, indent, inline && at == 0)?;
        if key.chars().count() > LONGEST_KEY {
            writeln!(out, "? {}", text(key))?;
            margin(out, indent, false)?;
        } else {
            write!(out, "{}", text(key))?;
        }
        match value {
            Value::Object(object) if !object.is_empty() => {
                writeln!(out, ":")?;
                mapping(out, object, indent + 2, false)?;
            }
            Value::Array(items) if !items.is_empty() => {
                writeln!(out, ":")?;
                sequence(out, items, indent, false)?;
            }
            plain => writeln!(out, ": {}", scalar(plain, indent + 2))?,
        }
    }
    Ok(())
}

fn sequence(out: &mut dyn Write, items: &[Value], indent: usize, inline: bool) -> io::Result<()> {
    for (at, item) in items.iter().enumerate() {
        margin(out, indent, inline && at == 0)?;
        write!(out, "- ")?;
        match item {
            Value::Object(object) if !object.is_empty() => mapping(out, object, indent + 2, true)?,
            Value::Array(items) if !items.is_empty() => sequence(out, items, indent + 2, true)?,
            plain => writeln!(out, "{}", scalar(plain, indent + 2))?,
        }
    }
    Ok(())
}

fn margin(out: &mut dyn Write, indent: usize, inline: bool) -> io::Result<()> {
    if inline { Ok(()) } else { write!(out, "{:indent$}", "") }
}

/// A value without entries. The lines of a block are indented by `indent`.
fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => number(value),
        Value::String(value) => block(value, indent).unwrap_or_else(|| text(value)),
        Value::Array(_) => "[]".into(),
        Value::Object(_) => "{}".into(),
    }
}

/// YAML 1.1 knows an exponent only behind a fraction and with its sign: `1e16` is a text there.
fn number(number: &Number) -> String {
    let digits = number.to_string();
    let Some((mantissa, exponent)) = digits.split_once('e') else {
        return digits;
    };
    let fraction = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
    format!("{mantissa}{fraction}e{sign}{exponent}")
}

/// Several lines as they are, where nothing at their edges would be lost.
fn block(value: &str, indent: usize) -> Option<String> {
    let (body, style) = value.strip_suffix('\n').map_or((value, "|-"), |body| (body, "|"));
    let is_plain = |c: char| c == '\n' || !must_be_escaped(c);
    if !value.contains('\n') || body.starts_with([' ', '\n']) || body.ends_with([' ', '\n']) || body.is_empty() {
        return None;
    }
    if !body.chars().all(is_plain) {
        return None;
    }
    let mut block = String::from(style);
    for line in body.split('\n') {
        block.push('\n');
        if !line.is_empty() {
            block.extend(std::iter::repeat_n(' ', indent));
            block.push_str(line);
        }
    }
    Some(block)
}

/// A text in one line.
fn text(text: &str) -> String {
    if text.chars().any(must_be_escaped) {
        return escaped(text);
    }
    if can_be_plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// Everything that begins with a digit, a sign or an indicator is quoted, whether it needs to be or not: the rules of
/// YAML 1.1 for numbers and dates are many, and readers differ in them.
fn can_be_plain(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '/'))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn escaped(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            // All others of them stand in the basic plane, so four digits do.
            c if must_be_escaped(c) => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What a terminal would obey, and what YAML does not let through raw: its other line breaks, the byte order mark and
/// the two code points at the end of the basic plane.
fn must_be_escaped(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || (!c.is_ascii_graphic() && sanitize::is_hostile(c))
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
    fn keys_keep_their_order_and_lists_stand_below_them() {
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
            assert_eq!(super::text(text), format!("'{}'", text.replace('\'', "''")));
        }
        for plain in ["plugin-x", "cloudforet/plugin", "플러그인", "a:b#c", "notes", "/x", "it's", "a, [b] {c} \"d\""]
        {
            assert_eq!(super::text(plain), plain);
        }
    }

    #[test]
    fn controls_and_the_line_breaks_of_others_are_escaped() {
        assert_eq!(text("a\x1b\u{85}\u{2028}\u{feff}\"\\\t\r\u{202e}"), r#""a\u001b\u0085\u2028\ufeff\"\\\t\r\u202e""#);
    }

    #[test]
    fn several_lines_are_a_block_where_nothing_is_lost() {
        let block = |text: &str| written(&json!({"k": [text]}));
        assert_eq!(block("a\n\n  b: c\n"), "---\nk:\n- |\n  a\n\n    b: c\n");
        assert_eq!(block(" a\nb"), "---\nk:\n- \" a\\nb\"\n");
        assert_eq!(block("a\nb\n\n"), "---\nk:\n- \"a\\nb\\n\\n\"\n");
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
