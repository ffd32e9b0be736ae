//! The type that hides a secret, and the masking of secrets.
//!
//! They are known by their key ([`names_a_secret`]), by their form (patterns.rs), as JSON Web Tokens (jwt.rs) and
//! because they were sent ([`mask`]).
//!
//! Where a secret comes from is known to `config`; how it is sent, to `grpc` and `oci`.

pub mod jwt;
pub mod mask;
mod patterns;

use std::fmt;

pub use self::mask::{mask_message, mask_value, secrets_in_message};
pub use self::patterns::{is_pem, mask_tokens, without_userinfo};

/// The mask of a secret: it says nothing about the secret, not even its length.
pub const MASK: &str = "********";

/// A text that is sent and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({MASK})")
    }
}

/// The environment variables that hold a secret: no program that this one starts inherits them.
pub const VARIABLES: [&str; 1] = ["SPACECTL_API_KEY"];

/// Whether the value of `key` is a secret: the key contains a word for one, or ends in a short one, and does not end in
/// what makes it the name, type or location of a secret instead (`secret_id`, `token_type`, `api_key_file`).
pub fn names_a_secret(key: &str) -> bool {
    const WORDS: [&str; 19] = [
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
        "비밀번호",
        "암호",
    ];
    // Whole words only, last or before one of OWN: `author` and `spinner` do not count, and `auth_type`,
    // `session_timeout` and `private_ip` are about a secret.
    const LAST: [&str; 13] =
        ["pw", "pwd", "pass", "passcode", "auth", "bearer", "pin", "session", "jwt", "private", "otp", "cookie", "psk"];
    const OWN: [&str; 8] = ["code", "key", "value", "header", "data", "string", "hash", "phrase"];
    let key = snake_case(key);
    let mut words = key.rsplit(['_', '.', '/']).skip_while(|word| OWN.contains(word));
    let is_last = words.next().is_some_and(|word| LAST.contains(&word));
    // The id of a session gives access to it.
    key.ends_with("session_id") || (is_last || WORDS.iter().any(|word| key.contains(word))) && !is_about(&key)
}

/// Whether a key in snake case ends in a word for a property of a thing, not for the thing.
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
        assert!(!mask_value("", &mut value));
        assert_eq!(value, before);
    }

    #[test]
    fn the_secrets_of_a_message_are_known() {
        let message = json!({
            "credentials": {"user_id": "me", "password": "one"}, "pin": 1234, "name": "x", "private": true,
            "url": "https://hooks.slack.com/services/T0/B0/two",
            "env": [{"Name": "DB_PASS", "Value": "three"}, "DB_PWD=four"],
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
        assert!(mask_value("", &mut value));
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
        assert!(mask_value("", &mut value));
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
        assert!(!mask_value("", &mut value));
        assert_eq!(value, before);
    }
}
