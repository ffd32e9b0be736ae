//! JSON text to a tree.
//!
//! YAML 1.2 nearly contains JSON, but not quite (`\ud83d\ude00` is no character there), and `-j` promises JSON.

use std::rc::Rc;

use serde::de::IgnoredAny;

use super::tree::{Builder, Fault, Limits, Mark, Node};

/// Reads one JSON value, to the letter of RFC 8259.
pub fn parse(text: &str, limits: Limits) -> Result<Rc<Node>, Fault> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        let at = Mark { line: error.line().max(1), column: error.column().max(1) };
        Fault::new(at, format!("not JSON: {}", without_place(&error)))
    })?;
    build(text, limits)
}

/// Splits a text that is known to be JSON into its tokens; commas and colons say nothing that the order does not.
fn build(text: &str, limits: Limits) -> Result<Rc<Node>, Fault> {
    let mut builder = Builder::new(limits);
    let mut at = Mark::START;
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'{' | b'[' => {
                builder.open(at, first == b'{', 0)?;
                1
            }
            b'}' | b']' => {
                builder.close();
                1
            }
            b'"' => {
                let length = string_length(rest);
                let string = serde_json::from_str(&rest[..length])
                    .map_err(|error| Fault::new(at, format!("not JSON: {}", without_place(&error))))?;
                builder.scalar(at, string, false, 0)?;
                length
            }
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => 1,
            _ => {
                let length = rest.find([',', ':', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                builder.scalar(at, rest[..length].to_owned(), true, 0)?;
                length
            }
        };
        let (token, behind) = rest.split_at(length);
        at.advance(token);
        rest = behind;
    }
    builder.take().ok_or_else(|| Fault::new(at, "not JSON: no value"))
}

/// The length of the string literal that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

/// The message without " at line 1 column 2", which the fault says already.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}
