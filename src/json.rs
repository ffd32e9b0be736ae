//! JSON for streams that a terminal may read: what it would obey is escaped, and a parser reads the same text.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::escape;

/// Writes one value in the form of the Python client, indented by four, and ends the line.
///
/// # Errors
/// `out` cannot be written to.
pub fn pretty(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Indented(PrettyFormatter::with_indent(b"    "))))?;
    writeln!(out)
}

/// One value on one line, without its end.
pub fn compact(value: &Value) -> String {
    let text = value.to_string();
    let mut safe = String::with_capacity(text.len());
    // Only texts hold such characters: everything around them is plain ASCII without white space.
    for c in text.chars() {
        if escape::is_hostile(c) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "{}", Escaped(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// A character as JSON's escape; what a terminal obeys stands in the basic plane, so four digits do.
struct Escaped(char);

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\\u{:04x}", u32::from(self.0))
    }
}

/// Escapes, beyond what JSON asks for, the other characters that a terminal would obey.
struct Indented<'a>(PrettyFormatter<'a>);

impl Formatter for Indented<'_> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| escape::is_hostile(*c)) {
            out.write_all(&fragment.as_bytes()[written..at])?;
            write!(out, "{}", Escaped(c))?;
            written = at + c.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
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
}
