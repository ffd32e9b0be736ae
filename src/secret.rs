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

/// Whether what stands under `key` is a secret: a word for one is in it, and the key does not end in what makes it the
/// name, the kind or the place of a secret instead (`secret_id`, `token_type`, `api_key_file`).
pub fn names_a_secret(key: &str) -> bool {
    const WORDS: [&str; 13] = [
        "api_key",
        "apikey",
        "access_key",
        "private_key",
        "token",
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "authorization",
        "verify_code",
        "webhook_url",
    ];
    const ABOUT: [&str; 11] =
        ["_id", "_ids", "_type", "_types", "_name", "_count", "_at", "_schema", "_file", "_path", "_command"];
    let key = snake_case(key);
    WORDS.iter().any(|word| key.contains(word)) && !ABOUT.iter().any(|end| key.ends_with(end))
}

/// `secret_id` for `secretId`, `Secret-Id` and `SECRET_ID`.
pub fn snake_case(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 2);
    let mut follows_lower = false;
    for c in key.chars() {
        if c.is_uppercase() && follows_lower {
            snake.push('_');
        }
        follows_lower = c.is_lowercase() || c.is_numeric();
        match c {
            '-' | ' ' => snake.push('_'),
            c => snake.extend(c.to_lowercase()),
        }
    }
    snake
}

/// Whether a text is, or holds, PEM (RFC 7468) itself.
pub fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// Puts [`MASK`] in the place of `value`, which stands under `key`, or of the secrets inside it. What is empty stays,
/// so that the user sees that nothing is there, and so does what is true or false. Says whether there was a secret.
///
/// A pair of a name and a value (`{name: API_KEY, value: ...}`, `{k: token, v: ...}`) is seen as what it stands for.
pub fn mask(key: &str, value: &mut Value) -> bool {
    if names_a_secret(key) && !value.is_boolean() {
        let found = !is_empty(value);
        if found {
            *value = MASK.into();
        }
        return found;
    }
    match value {
        Value::Object(entries) => {
            let name = ["key", "k", "name"].iter().find_map(|key| entries.get(*key)?.as_str());
            let is_pair = name.is_some_and(names_a_secret);
            entries.iter_mut().fold(false, |found, (key, value)| {
                let key = if is_pair && matches!(key.as_str(), "value" | "v") { "secret" } else { key.as_str() };
                mask(key, value) | found
            })
        }
        Value::Array(items) => items.iter_mut().fold(false, |found, item| mask("", item) | found),
        Value::String(text) if is_pem(text) && text.contains("PRIVATE KEY") => {
            *text = MASK.to_owned();
            true
        }
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

/// As [`mask`], for a message to or from a `resource`: where that is itself a secret (`Secret`, `UserSecret`), its data
/// are, wherever they stand.
pub fn mask_message(resource: &str, message: &mut Value) {
    mask("", message);
    if names_a_secret(resource) {
        mask_data(message);
    }
}

fn mask_data(value: &mut Value) {
    match value {
        Value::Object(entries) => entries.iter_mut().for_each(|(name, value)| {
            if name == "data" || name.ends_with("_data") {
                mask("secret", value);
            } else {
                mask_data(value);
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(mask_data),
        _ => {}
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
        for key in ["apiKey", "clientSecret", "aws_secret_access_key", "Authorization", "privateKey", "key_passphrase"]
        {
            assert!(names_a_secret(key), "{key}");
        }
        for key in ["x_domain_id", "endpoints", "api_key_file", "api_key_command", "tls_server_name", "key"] {
            assert!(!names_a_secret(key), "{key}");
        }
        for key in
            ["secret_id", "secretId", "trusted_secret_id", "secret_ids", "secret_type", "token_type", "api_key_id"]
        {
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
            "key": "-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----",
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
                "key": MASK,
            })
        );
    }

    #[test]
    fn a_name_beside_a_value_names_it() {
        let mut value = json!({
            "filter": [{"k": "token", "v": "hunter2", "o": "eq"}, {"key": "name", "value": "x"}],
            "env": [{"name": "API_KEY", "value": "hunter2"}, {"name": "SECRET_ID", "value": "secret-1"}],
            "reset_password": true,
        });
        assert!(mask("", &mut value));
        assert_eq!(
            value,
            json!({
                "filter": [{"k": "token", "v": MASK, "o": "eq"}, {"key": "name", "value": "x"}],
                "env": [{"name": "API_KEY", "value": MASK}, {"name": "SECRET_ID", "value": "secret-1"}],
                "reset_password": true,
            })
        );
    }

    #[test]
    fn the_data_of_a_secret_are_secret() {
        let request = json!({"secret_id": "secret-1", "data": {"user": "hunter2"}, "encrypted_data": "x", "name": "n"});
        let masked = |resource: &str| {
            let mut request = request.clone();
            let mut list = json!({"results": [request.take()]});
            mask_message(resource, &mut list);
            list["results"][0].take()
        };
        let expected = json!({"secret_id": "secret-1", "data": MASK, "encrypted_data": MASK, "name": "n"});
        assert_eq!(masked("Secret"), expected);
        assert_eq!(masked("TrustedSecret"), expected);
        assert_eq!(masked("Plugin"), request);
    }

    #[test]
    fn nothing_secret_is_left_alone() {
        let before = json!({"a": ["b", 1, null], "mail": "a@b.c", "url": "http://host/x@y", "key": "/a/b.key"});
        let mut value = before.clone();
        assert!(!mask("", &mut value));
        assert_eq!(value, before);
    }
}
