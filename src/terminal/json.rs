//! JSON for streams that a terminal may read: what it would obey is escaped, and a parser reads the same text.

use std::io::{self, Write};

use serde_json::{Number, Value};

use crate::codec::decode::{Malformed, Sink, serialize_into};
use crate::terminal::sanitize;

/// Writes one value in the form of the Python client, indented by four, and ends the line.
///
/// # Errors
/// `out` cannot be written to.
pub fn pretty(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    write(out, value, Layout::Indented)
}

/// Writes one value on one line, and ends the line.
///
/// # Errors
/// `out` cannot be written to.
pub fn line(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    write(out, value, Layout::Line)
}

/// One value on one line, without its end.
pub fn compact(value: &Value) -> String {
    // What comes of text is text.
    String::from_utf8(text(value, Layout::Line)).unwrap_or_default()
}

fn write(out: &mut dyn Write, value: &Value, layout: Layout) -> io::Result<()> {
    let mut text = text(value, layout);
    text.push(b'\n');
    out.write_all(&text)
}

fn text(value: &Value, layout: Layout) -> Vec<u8> {
    let mut text = Text::new(layout);
    // A value's texts are UTF-8.
    let _ = serialize_into(value, &mut text);
    text.into_bytes()
}

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Over many lines, indented by four.
    Indented,
    /// On one line.
    Line,
    /// On one line, and with nothing escaped but what JSON asks for: for who escapes it afterwards.
    Raw,
}

/// JSON as it grows, value by value.
#[derive(Debug)]
pub struct Text {
    bytes: Vec<u8>,
    layout: Layout,
    /// Lists and mappings that are not ended.
    depth: usize,
    /// Nothing stands yet in the list or mapping that was begun last.
    is_fresh: bool,
    /// The next value belongs to a key.
    has_key: bool,
}

impl Text {
    pub fn new(layout: Layout) -> Self {
        Self::in_room_of(layout, Vec::new())
    }

    /// In the room that these bytes have, which are forgotten.
    pub fn in_room_of(layout: Layout, mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self { bytes, layout, depth: 0, is_fresh: true, has_key: false }
    }

    /// The text so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text so far, which is forgotten here: what follows goes on behind it.
    pub fn drain(&mut self) -> std::vec::Drain<'_, u8> {
        self.bytes.drain(..)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many lists and mappings are not ended.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Ends a line between values.
    pub fn end_line(&mut self) {
        self.bytes.push(b'\n');
        self.is_fresh = true;
    }

    /// Writes text as it is, where no JSON is meant.
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    fn begin(&mut self, mark: u8) {
        self.before_value();
        self.bytes.push(mark);
        self.depth += 1;
        self.is_fresh = true;
    }

    fn end(&mut self, mark: u8) {
        self.depth = self.depth.saturating_sub(1);
        if !self.is_fresh {
            self.break_line();
        }
        self.bytes.push(mark);
        self.is_fresh = false;
    }

    fn before_value(&mut self) {
        if !std::mem::take(&mut self.has_key) && self.depth > 0 {
            self.separate();
        }
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_fresh) {
            self.bytes.push(b',');
        }
        self.break_line();
    }

    fn break_line(&mut self) {
        const INDENT: &[u8] = b"    ";
        if self.layout == Layout::Indented {
            self.bytes.push(b'\n');
            for _ in 0..self.depth {
                self.bytes.extend_from_slice(INDENT);
            }
        }
    }

    fn quoted(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.bytes.push(b'"');
        // Most texts hold nothing to escape, which is seen of many bytes at a time, and faster than that they are UTF-8.
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\');
        if text.iter().fold(true, |all, byte| all & is_plain(*byte)) {
            self.bytes.extend_from_slice(text);
        } else {
            self.escaped(str::from_utf8(text).map_err(|_| Malformed::Utf8)?);
        }
        self.bytes.push(b'"');
        Ok(())
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            let short = match c {
                '"' => b'"',
                '\\' => b'\\',
                '\u{8}' => b'b',
                '\u{c}' => b'f',
                '\n' => b'n',
                '\r' => b'r',
                '\t' => b't',
                c if c < ' ' || (self.layout != Layout::Raw && sanitize::is_hostile(c)) => {
                    // What a terminal obeys stands in the basic plane, so four digits do. Writing to a Vec cannot fail.
                    let _ = write!(self.bytes, "\\u{:04x}", u32::from(c));
                    continue;
                }
                c => {
                    self.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    continue;
                }
            };
            self.bytes.extend_from_slice(&[b'\\', short]);
        }
    }
}

impl Sink for Text {
    fn null(&mut self) {
        self.before_value();
        self.bytes.extend_from_slice(b"null");
    }

    fn bool(&mut self, value: bool) {
        self.before_value();
        self.bytes.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn number(&mut self, number: Number) {
        self.before_value();
        // Writing to a Vec cannot fail.
        let _ = write!(self.bytes, "{number}");
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.before_value();
        self.quoted(text)
    }

    fn begin_list(&mut self) {
        self.begin(b'[');
    }

    fn end_list(&mut self) {
        self.end(b']');
    }

    fn begin_mapping(&mut self) {
        self.begin(b'{');
    }

    fn key(&mut self, key: &[u8]) -> Result<(), Malformed> {
        self.separate();
        self.quoted(key)?;
        self.bytes.extend_from_slice(if self.layout == Layout::Indented { b": " } else { b":" });
        self.has_key = true;
        Ok(())
    }

    fn end_mapping(&mut self) {
        self.end(b'}');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize as _;
    use serde_json::json;
    use serde_json::ser::{PrettyFormatter, Serializer};

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
        let text = "([a-z\"\\\\/ ]|\u{1b}|\u{1f}|\n|\t|\r|\u{8}|\u{c}|\u{7f}|\u{9b}|\u{202e}|\u{2028}|플|🚀){0,6}";
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
        /// serde_json writes the same, but for what a terminal would obey.
        #[test]
        fn it_is_the_text_of_serde_json(value in any_value()) {
            prop_assert_eq!(String::from_utf8(text(&value, Layout::Raw)).unwrap(), value.to_string());
            let mut indented = Vec::new();
            let mut serializer = Serializer::with_formatter(&mut indented, PrettyFormatter::with_indent(b"    "));
            value.serialize(&mut serializer).unwrap();
            let hostile = |text: &str| text.chars().any(|c| c != '\n' && sanitize::is_hostile(c));
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
