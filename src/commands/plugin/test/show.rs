//! A plugin's texts for output, without secrets and control characters.

use serde_json::Value;

use crate::secret::{MASK, mask, names_a_secret};
use crate::text::sanitize::control;

/// One line of a plugin's text.
pub fn shown(text: &str) -> String {
    control(&masked(text)).into_owned()
}

/// The text without the secrets that were given, and without what looks like one.
pub fn masked(text: &str) -> String {
    mask::mask_text(text)
}

/// Masks the texts in an answer that are secrets or under the name of one. A mapping under such a name stays: it is
/// mostly the schema of a secret.
pub fn mask_answer(value: &mut Value) {
    mask_under("", value);
}

fn mask_under(key: &str, value: &mut Value) {
    match value {
        Value::String(text) if names_a_secret(key) && !text.is_empty() => *value = MASK.into(),
        Value::String(text) => *text = masked(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_under(key, item)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| mask_under(key, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The plural of `word` unless it is one: `1 error`, `1,204 messages`.
pub fn counted(count: usize, word: &str) -> String {
    format!("{} {word}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with its thousands apart.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 12, 1_204, 1_000_000].map(grouped), ["0", "12", "1,204", "1,000,000"]);
        assert_eq!((counted(1, "error"), counted(2, "error")), ("1 error".to_owned(), "2 errors".to_owned()));
    }

    #[test]
    fn the_schema_of_a_secret_is_no_secret() {
        let mut answer = json!({"schema": {"properties": {"token": {"type": "string"}}}, "token": ["x"], "a": "b"});
        mask_answer(&mut answer);
        let expected = json!({"schema": {"properties": {"token": {"type": "string"}}}, "token": [MASK], "a": "b"});
        assert_eq!(answer, expected);
    }
}
