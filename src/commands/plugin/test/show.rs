//! A plugin's texts for output, without secrets and control characters.

use serde_json::Value;

use crate::secret::mask::mask_text;
use crate::secret::{MASK, names_a_secret};
use crate::text::sanitize::control;

/// One line of a plugin's text.
pub fn shown(text: &str) -> String {
    control(&mask_text(text)).into_owned()
}

/// Masks the texts, keys and numbers in an answer that are secrets, and the texts under the name of one. A mapping
/// under such a name stays: it is mostly the schema of a secret.
pub fn mask_answer(value: &mut Value) {
    mask_under("", value);
}

fn mask_under(key: &str, value: &mut Value) {
    match value {
        Value::String(text) if names_a_secret(key) && !text.is_empty() => *value = MASK.into(),
        Value::String(text) => *text = mask_text(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_under(key, item)),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(key, value)| mask_under(key, value));
            if fields.keys().any(|key| mask_text(key) != *key) {
                *fields = std::mem::take(fields).into_iter().map(|(key, value)| (mask_text(&key), value)).collect();
            }
        }
        Value::Number(number) => {
            // A Struct makes every number a double.
            let text = number.to_string();
            if mask_text(text.strip_suffix(".0").unwrap_or(&text)) == MASK {
                *value = MASK.into();
            }
        }
        Value::Null | Value::Bool(_) => {}
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

    #[test]
    fn a_secret_is_masked_as_a_key_and_as_a_number() {
        crate::secret::mask::remember("k3y-of-a-mapping");
        crate::secret::mask::remember("47114712");
        let mut answer = json!({"k3y-of-a-mapping": 1, "pin": [47114712.0, 47114712, 147114712], "n": 4711});
        mask_answer(&mut answer);
        assert_eq!(answer, json!({MASK: 1, "pin": [MASK, MASK, 147114712], "n": 4711}));
    }
}
