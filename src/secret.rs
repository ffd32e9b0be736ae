//! What must not be shown.

use std::fmt;

use serde_json::Value;

use crate::jwt;
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

/// The environment variables of this program that hold a secret: no program that it starts inherits them.
pub const VARIABLES: [&str; 1] = ["SPACECTL_API_KEY"];

/// Whether what stands under `key` is a secret: a word for one is in it, or it ends in a short one, and the key does not
/// end in what makes it the name, the kind or the place of a secret instead (`secret_id`, `token_type`, `api_key_file`).
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

/// Whether a text is, or holds, PEM (RFC 7468) itself.
pub fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// Puts [`MASK`] in the place of `value`, which stands under `key`, or of the secrets inside it. What is empty stays,
/// so that the user sees that nothing is there, and so does what is true or false. Says whether there was a secret.
///
/// A pair of a name and a value (`{name: API_KEY, value: ...}`, `{k: token, v: ...}`) is seen as what it stands for.
pub fn mask(key: &str, value: &mut Value) -> bool {
    take(key, value, &mut Vec::new())
}

/// As [`mask`], for a message to or from a `resource`: where that is itself a secret (`Secret`, `UserSecret`), its data
/// are, wherever they stand.
pub fn mask_message(resource: &str, message: &mut Value) -> bool {
    take_from_message(resource, message, &mut Vec::new())
}

/// The secrets that [`mask_message`] would mask, as texts.
pub fn secrets_in_message(resource: &str, mut message: Value) -> Vec<String> {
    let mut secrets = Vec::new();
    take_from_message(resource, &mut message, &mut secrets);
    secrets
}

fn take_from_message(resource: &str, message: &mut Value, secrets: &mut Vec<String>) -> bool {
    let found = take("", message, secrets);
    if names_a_secret(resource) { take_data(message, secrets) | found } else { found }
}

/// Masks the secrets in `value`, which stands under `key`, and adds them to `secrets`.
fn take(key: &str, value: &mut Value, secrets: &mut Vec<String>) -> bool {
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
                is(key, &["key", "k", "name"]) && name.as_str().is_some_and(names_a_secret)
            };
            let is_pair = entries.iter().any(is_name);
            entries.iter_mut().fold(false, |found, (key, value)| {
                let key = if is_pair && is(key, &["value", "val", "v"]) { "secret" } else { key.as_str() };
                take(key, value, secrets) | found
            })
        }
        Value::Array(items) => items.iter_mut().fold(false, |found, item| take("", item, secrets) | found),
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

fn take_data(value: &mut Value, secrets: &mut Vec<String>) -> bool {
    match value {
        Value::Object(entries) => entries.iter_mut().fold(false, |found, (name, value)| {
            let is_data = name == "data" || name.ends_with("_data");
            found | if is_data { take("secret", value, secrets) } else { take_data(value, secrets) }
        }),
        Value::Array(items) => items.iter_mut().fold(false, |found, item| take_data(item, secrets) | found),
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

/// `text` with [`MASK`] for the secrets that it shows by its form, which are added to `secrets`; `None` if there are none:
/// a private key, a JSON Web Token, `NAME=VALUE` and `Name: value`, and URLs.
fn masked_text(text: &str, secrets: &mut Vec<String>) -> Option<String> {
    if (is_pem(text) && text.contains("PRIVATE KEY")) || jwt::is_token(text.trim()) {
        secrets.push(text.trim().to_owned());
        return Some(MASK.to_owned());
    }
    if let Some((name, joint, value)) = assignment(text)
        && names_a_secret(name)
    {
        secrets.push(value.to_owned());
        return Some(format!("{name}{joint}{MASK}"));
    }
    if !text.contains("://") {
        return None;
    }
    let mut found = false;
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let url = word.trim_end();
        match masked_url(url, secrets) {
            Some(masked) => {
                found = true;
                masked + &word[url.len()..]
            }
            None => word.to_owned(),
        }
    });
    let masked: String = words.collect();
    found.then_some(masked)
}

/// The parts of `NAME=VALUE`, as variables are listed, and of `Name: value`, as headers are. A sentence is neither.
fn assignment(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))?;
    let (name, rest) = text.split_at(end);
    let (joint, value) = ["=", ": "].iter().find_map(|joint| Some((*joint, rest.strip_prefix(joint)?)))?;
    let word = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("Basic ")).unwrap_or(value);
    let is_one = joint == "=" || !word.contains(char::is_whitespace);
    (is_one && !name.is_empty() && !value.trim().is_empty() && !matches!(value, "true" | "false" | MASK))
        .then_some((name, joint, value))
}

/// `url` with [`MASK`] for `user:password` before its host; `None` if it has no such part.
pub fn without_userinfo(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    let userinfo = authority.rfind('@')?;
    Some(format!("{scheme}://{MASK}{}", &rest[userinfo..]))
}

/// `url` with [`MASK`] for what opens a door: its user and password, parameters with the name of a secret, and the end of
/// a webhook's path. `None` if there is no such part.
fn masked_url(url: &str, secrets: &mut Vec<String>) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.find('/').map_or((rest, ""), |start| rest.split_at(start));
    let before = secrets.len();
    let mut masked = format!("{scheme}://");
    let host = match authority.rsplit_once('@') {
        Some((login, host)) => {
            secrets.extend(
                [Some(login), login.split_once(':').map(|(_, password)| password)]
                    .into_iter()
                    .flatten()
                    .map(str::to_owned),
            );
            masked += &format!("{MASK}@");
            host
        }
        None => authority,
    };
    masked += host;
    match webhook_secret(host, path) {
        Some(start) => {
            secrets.push(path[start..].to_owned());
            secrets.extend(path[start..].split('/').map(str::to_owned));
            masked += &format!("{}{MASK}", &path[..start]);
        }
        None => masked += path,
    }
    for (joint, parameters) in [('?', query), ('#', fragment)] {
        let Some(parameters) = parameters else { continue };
        masked.push(joint);
        masked +=
            &parameters.split('&').map(|parameter| masked_parameter(parameter, secrets)).collect::<Vec<_>>().join("&");
    }
    (secrets.len() > before).then_some(masked)
}

/// A parameter of a URL; `key`, `sig` and the like are secrets there, which they are not elsewhere.
fn masked_parameter(parameter: &str, secrets: &mut Vec<String>) -> String {
    match parameter.split_once('=') {
        Some((name, value))
            if !matches!(value, "" | "true" | "false" | MASK)
                && (names_a_secret(name) || matches!(name, "key" | "sig" | "signature" | "code")) =>
        {
            secrets.push(value.to_owned());
            format!("{name}={MASK}")
        }
        _ => parameter.to_owned(),
    }
}

/// Where in a URL's path the part begins that lets whoever knows it post: behind `services` at `hooks.slack.com`, behind
/// `webhooks` at Discord, `webhookb2` at Teams, and their like elsewhere where it looks as if it were made at random.
fn webhook_secret(host: &str, path: &str) -> Option<usize> {
    const MARKS: [&str; 6] = ["webhook", "webhooks", "webhookb2", "hook", "hooks", "incoming-webhook"];
    const HOSTS: [&str; 5] = ["discord.com", "discordapp.com", "office.com", "office365.com", "zapier.com"];
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    let is_of_webhooks = host.starts_with("hooks.")
        || HOSTS
            .iter()
            .any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let starts = path.match_indices('/').map(|(at, _)| at + 1);
    let segments: Vec<(usize, &str)> =
        starts.map(|start| (start, path[start..].split('/').next().unwrap_or_default())).collect();
    // https://core.telegram.org/bots/api: /bot123456:ABC-DEF1234/METHOD
    if let Some((start, _)) = segments.first().filter(|(_, first)| first.starts_with("bot") && first.contains(':')) {
        return Some(start + "bot".len());
    }
    let mark = segments.iter().position(|(_, segment)| MARKS.contains(&segment.to_ascii_lowercase().as_str()));
    let mark = mark.or(host.starts_with("hooks.").then_some(0))?;
    let rest = &segments[mark + 1..];
    let is_random = |segment: &str| segment.len() >= 16 && segment.contains(|c: char| c.is_ascii_digit());
    let first = rest.iter().find(|(_, segment)| !segment.is_empty() && (is_of_webhooks || is_random(segment)));
    first.map(|(start, _)| *start)
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
    fn secrets_that_show_by_their_form_are_masked_in_any_text() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
        for (text, masked) in [
            (jwt, MASK),
            ("DB_PASS=hunter2", "DB_PASS=********"),
            ("X-Api-Key: hunter2", "X-Api-Key: ********"),
            ("Authorization: Bearer hunter2", "Authorization: ********"),
            ("https://h/x?a=b&token=hunter2&c=d#e", "https://h/x?a=b&token=********&c=d#e"),
            ("https://h/cb#access_token=hunter2", "https://h/cb#access_token=********"),
            (
                "https://chat.googleapis.com/v1/spaces/A/messages?key=hunter2&token=hunter2",
                "https://chat.googleapis.com/v1/spaces/A/messages?key=********&token=********",
            ),
            (
                "https://x.logic.azure.com/workflows/a?sv=1.0&sig=hunter2",
                "https://x.logic.azure.com/workflows/a?sv=1.0&sig=********",
            ),
            ("post to https://u:hunter2@h/x now", "post to https://********@h/x now"),
            ("https://hooks.slack.com/services/T0/B0/hunter2", "https://hooks.slack.com/services/********"),
            ("https://hooks.slack.com/workflows/T0/A0/1/hunter2", "https://hooks.slack.com/workflows/********"),
            ("https://discord.com/api/webhooks/123/hunter2", "https://discord.com/api/webhooks/********"),
            (
                "https://a.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
                "https://a.webhook.office.com/webhookb2/********",
            ),
            ("https://hooks.zapier.com/hooks/catch/1/hunter2/", "https://hooks.zapier.com/hooks/********"),
            ("https://api.telegram.org/bot1:hunter2/sendMessage", "https://api.telegram.org/bot********"),
            (
                "https://w.example/monitoring/v1/webhook/webhook-9f7c0a7a5d3c/0f9e8d7c6b5a4f3e/events",
                "https://w.example/monitoring/v1/webhook/********",
            ),
        ] {
            let mut value = Value::from(text);
            assert!(mask("x", &mut value), "{text}");
            assert_eq!(value, masked);
        }
        for plain in [
            "a.b.c",
            "author=me",
            "auth: basic or none",
            "Token: the bot's own",
            "PIN=",
            "password: ********",
            "see https://docs.example/webhooks/setup",
            "https://h/x?keyword=a&sessions=2&code=",
            "grpc://h:1",
            "https://github.com/hooks/README.md",
            "a://b",
        ] {
            assert!(!mask("x", &mut Value::from(plain)), "{plain}");
        }
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
