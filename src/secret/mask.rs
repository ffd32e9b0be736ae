//! Masks secrets in values, and in text from other programs.
//!
//! A service may repeat what it was sent, or put a new token into an error. Such text is masked where errors and
//! diagnostics are written. The fields of a response, which go to stdout, are never changed.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;

use super::patterns::{mask_tokens, masked_text};
use super::{MASK, is_about, names_a_secret, snake_case};
use crate::text::json;
use crate::text::sanitize::percent;
use crate::text::value_ext::is_empty;

/// Shorter secrets are masked as whole words only, in characters.
const MIN_ANYWHERE: usize = 8;
/// Shorter secrets are not masked: they are a part of every text.
const MIN_WORD: usize = 4;

/// The secrets that this process has sent: keys, and logins of registries and proxies.
static SENT: RwLock<KnownSecrets> = RwLock::new(KnownSecrets(Vec::new()));

/// Masks `value`, the value of `key`, or the secrets inside it; returns whether there was one. What is empty stays, so
/// that the user sees that it is, and so does true or false.
///
/// A pair of a name and a value (`{name: API_KEY, value: ...}`, `{k: token, v: ...}`) is masked by that name.
pub fn mask_value(key: &str, value: &mut Value) -> bool {
    let mut masker = Masker::default();
    masker.mask(key, value);
    masker.found
}

/// Like [`mask_value`], for a message to or from a `resource`: if that is itself a secret (`Secret`, `UserSecret`), its
/// data are masked, too.
pub fn mask_message(resource: &str, message: &mut Value) -> bool {
    let mut masker = Masker { masks_data: names_a_secret(resource), ..Masker::default() };
    masker.mask("", message);
    masker.found
}

/// The secrets that [`mask_message`] would mask.
pub fn secrets_in_message(resource: &str, mut message: Value) -> Vec<String> {
    let mut masker = Masker { masks_data: names_a_secret(resource), ..Masker::default() };
    masker.mask("", &mut message);
    masker.secrets
}

/// Masks the secrets in a value and collects them.
#[derive(Default)]
struct Masker {
    masks_data: bool,
    found: bool,
    secrets: Vec<String>,
}

impl Masker {
    fn mask(&mut self, key: &str, value: &mut Value) {
        let is_data = self.masks_data && (key == "data" || key.ends_with("_data"));
        if (is_data || names_a_secret(key)) && !is_flag(value) {
            if !is_empty(value) {
                collect_texts(value, &mut self.secrets);
                *value = MASK.into();
                self.found = true;
            }
            return;
        }
        match value {
            Value::Object(entries) => {
                let is = |key: &str, names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name));
                let is_secret_pair = entries.iter().any(|(key, name)| {
                    is(key, &["key", "k", "name", "id", "field", "variable"])
                        && name.as_str().is_some_and(names_a_secret)
                });
                for (key, value) in entries {
                    let is_its_value =
                        is_secret_pair && is(key, &["value", "values", "val", "v", "default", "content"]);
                    self.mask(if is_its_value { "secret" } else { key }, value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask("", item)),
            Value::String(text) => {
                if let Some(masked) = masked_text(text, &mut self.secrets) {
                    *text = masked;
                    self.found = true;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// True or false, also as a text: `private: true` describes something.
fn is_flag(value: &Value) -> bool {
    value.is_boolean() || value.as_str().is_some_and(|text| matches!(text, "true" | "false"))
}

fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        // Not the user's id and the like: errors have to name the user.
        Value::Object(entries) => {
            let own = entries.iter().filter(|(key, _)| !is_about(&snake_case(key)));
            own.for_each(|(_, value)| collect_texts(value, texts));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Masks `secret` from now on wherever another program repeats it.
pub fn remember(secret: &str) {
    let mut sent = SENT.write().unwrap_or_else(PoisonError::into_inner);
    if !sent.0.iter().any(|known| known == secret) {
        sent.add(secret);
    }
}

/// Masks every JSON Web Token in `text` and every secret that was sent.
pub fn mask_known(text: &str) -> Cow<'_, str> {
    let text = mask_tokens(text);
    let sent = SENT.read().unwrap_or_else(PoisonError::into_inner);
    match sent.masked(&text) {
        Some(masked) => Cow::Owned(masked),
        None => text,
    }
}

/// Masks what looks like a secret in a text of another program, and every secret that was sent.
pub fn mask_text(text: &str) -> String {
    let mut value = Value::from(text);
    mask_value("", &mut value);
    mask_known(value.as_str().unwrap_or(MASK)).into_owned()
}

/// Secrets to look for, the longest first.
#[derive(Default)]
pub struct KnownSecrets(Vec<String>);

impl KnownSecrets {
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all = Self::default();
        secrets.into_iter().for_each(|secret| all.add(&secret));
        all
    }

    /// Adds a secret in all its forms.
    fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.chars().count() >= MIN_WORD {
            self.0.extend(forms(secret));
            // One form can be a part of another: the longest first.
            self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            self.0.dedup();
        }
    }

    /// Masks each of them in `text`; `None` if it has none.
    pub fn masked(&self, text: &str) -> Option<String> {
        let mut masked: Option<String> = None;
        for secret in &self.0 {
            let within = masked.as_deref().unwrap_or(text);
            if let Some(next) = replaced(within, secret) {
                masked = Some(next);
            }
        }
        masked
    }
}

/// The forms of a secret in URLs, headers, JSON and quoted text.
fn forms(secret: &str) -> [String; 10] {
    let in_url = percent(secret);
    let base64 = STANDARD.encode(secret);
    let base64_url = URL_SAFE.encode(secret);
    let in_json = json::compact(&secret.into()).trim_matches('"').to_owned();
    [
        secret.to_owned(),
        in_url.replace("%2F", "/"),
        in_url.replace("%20", "+"),
        in_url,
        base64.trim_end_matches('=').to_owned(),
        base64,
        base64_url.trim_end_matches('=').to_owned(),
        ascii(&in_json),
        in_json,
        // Python's `repr`.
        secret.replace('\\', r"\\"),
    ]
}

/// JSON text with `\uXXXX` for all that is not ASCII, as Python writes it by default.
fn ascii(text: &str) -> String {
    let escaped = |c: char| match c {
        c if c.is_ascii() => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    text.chars().map(escaped).collect()
}

fn replaced(text: &str, secret: &str) -> Option<String> {
    let is_short = secret.chars().count() < MIN_ANYWHERE;
    let is_part = |c: Option<char>| is_short && c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut result = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices(secret) {
        let end = at + secret.len();
        if !is_part(text[..at].chars().next_back()) && !is_part(text[end..].chars().next()) {
            result += &text[done..at];
            result += MASK;
            done = end;
        }
    }
    (done > 0).then(|| result + &text[done..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";

    #[test]
    fn a_token_is_masked_wherever_it_stands() {
        for (text, masked) in [
            (JWT.to_owned(), "********"),
            (format!("(access_token = {JWT}). Try again."), "(access_token = ********). Try again."),
            (format!("{{\"t\":\"{JWT}\",\"u\":\"{JWT}\"}}"), "{\"t\":\"********\",\"u\":\"********\"}"),
            (format!("token={}... was refused", &JWT[..30]), "token=********... was refused"),
            (format!("x.{JWT}: é"), "x.********: é"),
            (
                "www.example.com, 1.2.3, eyJhbGciOiJIUzI1NiJ9 alone".to_owned(),
                "www.example.com, 1.2.3, eyJhbGciOiJIUzI1NiJ9 alone",
            ),
        ] {
            assert_eq!(mask_tokens(&text), masked);
        }
    }

    #[test]
    fn a_secret_is_masked_in_each_of_its_forms() {
        let secrets = ["p@ss word/1", "p@ss word", "say \"ö\\\" 😀"].map(str::to_owned);
        let secrets = KnownSecrets::new(secrets);
        for (text, masked) in [
            ("is p@ss word/1 right", Some("is ******** right")),
            ("?p=p%40ss%20word%2F1", Some("?p=********")),
            ("Basic cEBzcyB3b3JkLzE=", Some("Basic ********")),
            ("?p=p%40ss%20word/1", Some("?p=********")),
            ("p=p%40ss+word%2F1&", Some("p=********&")),
            ("Basic cEBzcyB3b3JkLzE", Some("Basic ********")),
            (r#"{"p": "say \"ö\\\" 😀"}"#, Some(r#"{"p": "********"}"#)),
            (r#"{"p": "say \"\u00f6\\\" \ud83d\ude00"}"#, Some(r#"{"p": "********"}"#)),
            (r#"{'p': 'say "ö\\" 😀'}"#, Some("{'p': '********'}")),
            ("p@ss word", Some("********")),
            ("p@ss", None),
        ] {
            assert_eq!(secrets.masked(text).as_deref(), masked, "{text}");
        }
    }

    #[test]
    fn a_short_secret_is_masked_as_a_whole_word() {
        let masked = |secret: &str, text: &str| KnownSecrets::new([secret.to_owned()]).masked(text).is_some();
        for secret in ["", "a1", "pin"] {
            assert!(!masked(secret, &format!("no {secret} here")), "{secret}");
        }
        for secret in ["4711", "admin", "hunter2", "longsecret"] {
            assert!(masked(secret, &format!("no {secret}, please")), "{secret}");
        }
        assert!(!masked("hunter2", "hunter22 and xhunter2") && masked("longsecret", "longsecrets"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "([.a-zé ]|eyJhbGciOiJIUzI1NiJ9){0,12}", secret in "\\PC{0,12}") {
            let _ = mask_tokens(&text);
            let secrets = KnownSecrets::new([secret.clone()]);
            let around = format!("{text} {secret} {text}");
            let masked = secrets.masked(&around).unwrap_or(around);
            prop_assert!(secret.trim().chars().count() < MIN_ANYWHERE || !masked.contains(secret.trim()));
        }
    }

    #[test]
    fn what_was_sent_is_masked_from_then_on() {
        let secret = "only-in-this-test-7";
        assert_eq!(mask_known(secret), secret);
        remember(secret);
        assert_eq!(mask_known("a only-in-this-test-7 b"), "a ******** b");
    }
}
