//! What must not be shown.

use std::fmt;

use serde_json::Value;

use crate::value::is_empty;

/// What stands where a secret would: it says nothing of the secret, not even its length.
pub const MASK: &str = "********";

/// A text that is sent and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whoever sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({MASK})")
    }
}

/// Whether what stands under `key` is a secret. Keys that say where one is found (`api_key_file`) hold none.
pub fn names_a_secret(key: &str) -> bool {
    const WORDS: [&str; 7] = ["api_key", "apikey", "token", "password", "secret", "private_key", "credential"];
    let key = key.to_lowercase().replace('-', "_");
    let points_elsewhere = ["_file", "_path", "_command"].iter().any(|end| key.ends_with(end));
    !points_elsewhere && WORDS.iter().any(|word| key.contains(word))
}

/// Puts [`MASK`] in the place of `value`, which stands under `key`, or of the secrets inside it. What is empty stays,
/// so that the user sees that nothing is there. Says whether there was a secret.
pub fn mask(key: &str, value: &mut Value) -> bool {
    if names_a_secret(key) {
        let found = !is_empty(value);
        if found {
            *value = MASK.into();
        }
        return found;
    }
    match value {
        Value::Object(entries) => entries.iter_mut().fold(false, |found, (key, value)| mask(key, value) | found),
        Value::Array(items) => items.iter_mut().fold(false, |found, item| mask("", item) | found),
        Value::String(text) => match without_userinfo(text) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// `url` with [`MASK`] for `user:password` before its host; `None` if it has no such part.
pub fn without_userinfo(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    let userinfo = authority.rfind('@')?;
    Some(format!("{scheme}://{MASK}{}", &rest[userinfo..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_known_by_their_keys() {
        for key in ["api_key", "token", "password", "secret", "secret_data", "client-secret", "API_KEY", "access_token"]
        {
            assert!(names_a_secret(key), "{key}");
        }
        for key in ["x_domain_id", "endpoints", "api_key_file", "api_key_command", "tls_server_name", "key"] {
            assert!(!names_a_secret(key), "{key}");
        }
    }

    #[test]
    fn secrets_are_masked_at_any_depth_and_of_any_kind() {
        let mut value = json!({
            "name": "x",
            "token": {"nested": "hunter2"},
            "list": [{"password": 12345}, {"plain": true}],
            "empty": {"token": "", "password": null},
            "proxy": "http://user:hunter2@proxy:3128/x",
        });
        assert!(mask("", &mut value));
        assert_eq!(
            value,
            json!({
                "name": "x",
                "token": MASK,
                "list": [{"password": MASK}, {"plain": true}],
                "empty": {"token": "", "password": null},
                "proxy": "http://********@proxy:3128/x",
            })
        );
    }

    #[test]
    fn nothing_secret_is_left_alone() {
        let before = json!({"a": ["b", 1, null], "mail": "a@b.c", "url": "http://host/x@y"});
        let mut value = before.clone();
        assert!(!mask("", &mut value));
        assert_eq!(value, before);
    }
}
