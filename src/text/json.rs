//! JSON for streams that a terminal may read: control characters are escaped.
//!
//! serde_json leaves DEL, the C1 controls and marks of direction in texts as they are; a parser reads their escapes as
//! the same text.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::text::sanitize;

/// Writes one value in the form of the Python client, indented by four, and ends the line.
///
/// # Errors
/// `out` cannot be written to.
pub fn pretty(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    write(out, value, PrettyFormatter::with_indent(b"    "))
}

/// Writes one value on one line, and ends the line.
///
/// # Errors
/// `out` cannot be written to.
pub fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    write(out, value, CompactFormatter)
}

/// One value on one line, without its end.
pub fn compact(value: &Value) -> String {
    let mut text = Vec::new();
    // Neither a Vec nor a value fails.
    let _ = line(&mut text, value);
    text.pop();
    String::from_utf8(text).unwrap_or_default()
}

fn write(out: &mut dyn Write, value: &impl Serialize, formatter: impl Formatter) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    value.serialize(&mut Serializer::with_formatter(&mut out, Escaping(formatter)))?;
    out.write_all(b"\n")?;
    // To flush it would flush `out` after each value.
    out.into_inner().map(drop).map_err(io::IntoInnerError::into_error)
}

/// Writes a part of a text without commands of a runner.
fn write_part<W: ?Sized + Write>(writer: &mut W, part: &str) -> io::Result<()> {
    if sanitize::is_plain(part.as_bytes()) {
        return writer.write_all(part.as_bytes());
    }
    part.chars().try_for_each(|c| match c {
        // All of them are in the basic plane, so four digits do.
        c if sanitize::is_hostile(c) => write!(writer, "\\u{:04x}", u32::from(c)),
        c => writer.write_all(c.encode_utf8(&mut [0; 4]).as_bytes()),
    })
}

/// A formatter whose texts hold nothing that a terminal or a runner would obey.
struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // One character is found faster than three, and few texts have it.
        if !fragment.contains('#') {
            return write_part(writer, fragment);
        }
        fragment.split(sanitize::COMMAND).enumerate().try_for_each(|(index, part)| {
            if index > 0 {
                writer.write_all(b"##\\u005b")?;
            }
            write_part(writer, part)
        })
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        pretty(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The expected text was printed by Python's `json.dumps(..., indent=4, ensure_ascii=False)`.
    #[test]
    fn the_form_is_that_of_python() {
        let value =
            json!({"a": {}, "b": [], "c": "\u{1f}\u{8}\"\\/\t\u{2028}플🚀", "d": [1, [2, {}]], "g": 1.0, "h": null});
        let expected = [
            "{",
            "    \"a\": {},",
            "    \"b\": [],",
            "    \"c\": \"\\u001f\\b\\\"\\\\/\\t\u{2028}플🚀\",",
            "    \"d\": [",
            "        1,",
            "        [",
            "            2,",
            "            {}",
            "        ]",
            "    ],",
            "    \"g\": 1.0,",
            "    \"h\": null",
            "}",
            "",
        ];
        assert_eq!(written(&value), expected.join("\n"));
    }

    #[test]
    fn no_terminal_is_commanded_and_the_text_stays_the_same() {
        let value = json!({"k\u{7f}": "a\u{9b}2J\u{202e}b\x1b\n\u{61c}"});
        let text = written(&value);
        assert_eq!(text, "{\n    \"k\\u007f\": \"a\\u009b2J\\u202eb\\u001b\\n\\u061c\"\n}\n");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        let line = compact(&value);
        assert_eq!(line, "{\"k\\u007f\":\"a\\u009b2J\\u202eb\\u001b\\n\\u061c\"}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text =
            "([a-z\"\\\\/ ]|##\\[|\u{1b}|\u{1f}|\n|\t|\r|\u{8}|\u{c}|\u{7f}|\u{9b}|\u{202e}|\u{2028}|플|🚀){0,6}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((text, inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// serde_json writes the same, but for what a terminal or a runner would obey.
        #[test]
        fn it_is_the_text_of_serde_json(value in any_value()) {
            let mut indented = Vec::new();
            let mut serializer = Serializer::with_formatter(&mut indented, PrettyFormatter::with_indent(b"    "));
            value.serialize(&mut serializer).unwrap();
            let hostile = |text: &str| {
                text.chars().any(|c| c != '\n' && sanitize::is_hostile(c)) || text.contains(sanitize::COMMAND)
            };
            let (indented, ours) = (String::from_utf8(indented).unwrap(), written(&value));
            if !hostile(&indented) {
                prop_assert_eq!(&ours, &format!("{indented}\n"));
            }
            prop_assert!(!hostile(&ours));
            prop_assert_eq!(&serde_json::from_str::<Value>(&ours).unwrap(), &value);
            prop_assert!(!hostile(&compact(&value)) && !compact(&value).contains('\n'));
            prop_assert_eq!(&serde_json::from_str::<Value>(&compact(&value)).unwrap(), &value);
        }
    }
}
