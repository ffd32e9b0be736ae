//! What must not be shown.

mod form;
pub mod jwt;
pub mod redact;

use std::fmt;

use serde_json::Value;

use self::form::masked_text;
pub use self::form::{is_pem, mask_tokens, without_userinfo};
use crate::schema::value_ext::is_empty;

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

/// The environment variables of this program that hold a secret: no program that it starts inherits them.
pub const VARIABLES: [&str; 1] = ["SPACECTL_API_KEY"];

/// Whether what stands under `key` is a secret: a word for one is in it, or it ends in a short one, and the key does not
/// end in what makes it the name, the kind or the place of a secret instead (`secret_id`, `token_type`, `api_key_file`).
pub fn names_a_secret(key: &str) -> bool {
    const WORDS: [&str; 17] = [
        "api_key",
        "apikey",
        "access_key",
        "private_key",
        "encryption_key",
        "signing_key",
        "ssh_key",
        "token",
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "authorization",
        "verify_code",
        "mfa_code",
        "webhook_url",
    ];
    // Whole words only, and last or before what is a secret's own: `auth` is not in `author`, `pin` not in `spinner`,
    // and `auth_type`, `session_timeout`, `private_ip` say something about one.
    const LAST: [&str; 12] =
        ["pwd", "pass", "passcode", "auth", "bearer", "pin", "session", "jwt", "private", "otp", "cookie", "psk"];
    const OWN: [&str; 8] = ["code", "key", "value", "header", "data", "string", "hash", "phrase"];
    let key = snake_case(key);
    let mut words = key.rsplit(['_', '.', '/']).skip_while(|word| OWN.contains(word));
    let is_last = words.next().is_some_and(|word| LAST.contains(&word));
    // What names a session opens it.
    key.ends_with("session_id") || (is_last || WORDS.iter().any(|word| key.contains(word))) && !is_about(&key)
}

/// Whether a key in snake case ends in what tells something about a thing instead of being it.
fn is_about(key: &str) -> bool {
    const ENDS: [&str; 11] =
        ["_id", "_ids", "_type", "_types", "_name", "_count", "_at", "_schema", "_file", "_path", "_command"];
    ENDS.iter().any(|end| key.ends_with(end))
}

/// `secret_id` for `secretId`, `Secret-Id` and `SECRET_ID`; `db_pass` for `DBPass`.
pub fn snake_case(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 2);
    let mut before = None;
    let mut chars = key.chars().peekable();
    while let Some(c) = chars.next() {
        let is_first_of_word = match before {
            Some(before) if char::is_uppercase(before) => chars.peek().is_some_and(|next| next.is_lowercase()),
            Some(before) => before.is_lowercase() || before.is_numeric(),
            None => false,
        };
        if c.is_uppercase() && is_first_of_word {
            snake.push('_');
        }
        before = Some(c);
        match c {
            '-' | ' ' => snake.push('_'),
            c => snake.extend(c.to_lowercase()),
        }
    }
    snake
}

/// Puts [`MASK`] in the place of `value`, which stands under `key`, or of the secrets inside it. What is empty stays,
/// so that the user sees that nothing is there, and so does what is true or false. Says whether there was a secret.
///
/// A pair of a name and a value (`{name: API_KEY, value: ...}`, `{k: token, v: ...}`) is seen as what it stands for.
pub fn mask(key: &str, value: &mut Value) -> bool {
    mask_into(key, value, &mut Vec::new())
}

/// As [`mask`], for a message to or from a `resource`: where that is itself a secret (`Secret`, `UserSecret`), its data
/// are, wherever they stand.
pub fn mask_message(resource: &str, message: &mut Value) -> bool {
    mask_message_into(resource, message, &mut Vec::new())
}

/// The secrets that [`mask_message`] would mask, as texts.
pub fn secrets_in_message(resource: &str, mut message: Value) -> Vec<String> {
    let mut secrets = Vec::new();
    mask_message_into(resource, &mut message, &mut secrets);
    secrets
}

fn mask_message_into(resource: &str, message: &mut Value, secrets: &mut Vec<String>) -> bool {
    let found = mask_into("", message, secrets);
    if names_a_secret(resource) { mask_data_into(message, secrets) | found } else { found }
}

/// Masks the secrets in `value`, which stands under `key`, and adds them to `secrets`.
fn mask_into(key: &str, value: &mut Value, secrets: &mut Vec<String>) -> bool {
    if names_a_secret(key) && !is_flag(value) {
        let found = !is_empty(value);
        if found {
            texts_in(value, secrets);
            *value = MASK.into();
        }
        return found;
    }
    match value {
        Value::Object(entries) => {
            let is = |key: &str, names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name));
            let is_name = |(key, name): (&String, &Value)| {
                is(key, &["key", "k", "name", "id", "field", "variable"]) && name.as_str().is_some_and(names_a_secret)
            };
            let is_pair = entries.iter().any(is_name);
            entries.iter_mut().fold(false, |found, (key, value)| {
                let key = if is_pair && is(key, &["value", "values", "val", "v", "default", "content"]) {
                    "secret"
                } else {
                    key.as_str()
                };
                mask_into(key, value, secrets) | found
            })
        }
        Value::Array(items) => items.iter_mut().fold(false, |found, item| mask_into("", item, secrets) | found),
        Value::String(text) => match masked_text(text, secrets) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn mask_data_into(value: &mut Value, secrets: &mut Vec<String>) -> bool {
    match value {
        Value::Object(entries) => entries.iter_mut().fold(false, |found, (name, value)| {
            let is_data = name == "data" || name.ends_with("_data");
            found | if is_data { mask_into("secret", value, secrets) } else { mask_data_into(value, secrets) }
        }),
        Value::Array(items) => items.iter_mut().fold(false, |found, item| mask_data_into(item, secrets) | found),
        _ => false,
    }
}

/// True or false, also as a text: `private: true` tells what something is.
fn is_flag(value: &Value) -> bool {
    value.is_boolean() || value.as_str().is_some_and(|text| matches!(text, "true" | "false"))
}

fn texts_in(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts_in(item, texts)),
        // Errors have to name the user.
        Value::Object(entries) => {
            entries.iter().filter(|(key, _)| !is_about(&snake_case(key))).for_each(|(_, value)| texts_in(value, texts));
        }
        Value::Null | Value::Bool(_) => {}
    }
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
        for key in [
            "apiKey",
            "clientSecret",
            "aws_secret_access_key",
            "Authorization",
            "privateKey",
            "key_passphrase",
            "signingKey",
            "ssh_key",
            "mfa_code",
        ] {
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
    fn short_words_are_secrets_where_they_stand_alone() {
        for key in [
            "pwd",
            "db_pwd",
            "dbPwd",
            "DB_PASS",
            "DBPass",
            "smtpPass",
            "passcode",
            "auth",
            "basic-auth",
            "http.auth",
            "auth_header",
            "authCode",
            "bearer",
            "pin",
            "userPIN",
            "pin_code",
            "session",
            "sessionId",
            "session_key",
            "PHPSESSION_ID",
            "jwt",
            "idJWT",
            "jwt_value",
            "private",
            "otp",
            "Cookie",
            "psk",
        ] {
            assert!(names_a_secret(key), "{key}");
        }
        for key in [
            "author",
            "authority",
            "auth_type",
            "authType",
            "auth_method",
            "auth_url",
            "external_auth_state",
            "oauth2",
            "spinner",
            "pinned",
            "pin_count",
            "shopping",
            "session_timeout",
            "session_name",
            "sessions",
            "private_ip",
            "privateSubnetIds",
            "is_private_cluster",
            "bypass",
            "compass",
            "passed",
            "pass_rate",
            "jwt_issuer",
            "bearer_type",
            "cookies",
            "hash",
            "code",
            "key",
            "value",
            "data",
        ] {
            assert!(!names_a_secret(key), "{key}");
        }
    }

    #[test]
    fn what_is_true_or_false_is_no_secret() {
        let before = json!({"private": true, "auth": "false", "session": false, "tags": ["AUTH=true"]});
        let mut value = before.clone();
        assert!(!mask("", &mut value));
        assert_eq!(value, before);
    }

    #[test]
    fn the_secrets_of_a_message_are_known() {
        let message = json!({
            "credentials": {"user_id": "me", "password": "one"}, "pin": 1234, "name": "x", "private": true,
            "url": "https://hooks.slack.com/services/T0/B0/two", "env": [{"Name": "DB_PASS", "Value": "three"}, "DB_PWD=four"],
        });
        let secrets = secrets_in_message("Token", message);
        for secret in ["one", "1234", "T0/B0/two", "two", "three", "four"] {
            assert!(secrets.iter().any(|known| known == secret), "{secret}: {secrets:?}");
        }
        assert!(!secrets.iter().any(|known| known == "x" || known == "me"));
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
