//! Masks secrets in text that comes from elsewhere: what services, registries and other programs say.
//!
//! A service may repeat what it was sent, or put a fresh token into an error. Such text is masked where errors and
//! diagnostics are written. The fields of an answer, which go to standard output, are never changed.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::escape::percent;
use crate::jwt;
use crate::secret::MASK;

/// Shorter secrets are masked as whole words only, and not at all if they may be a word or a number of plain language: in
/// `admin`, `test` or `8080` a mask would tell the reader what the secret is, and take away what the error says.
const MIN_ANYWHERE: usize = 8;
const MIN_WORD: usize = 4;
const MIN_DIGITS: usize = 6;

/// The secrets that this process has sent with its calls: keys, and logins of registries and proxies.
static SENT: RwLock<Secrets> = RwLock::new(Secrets(Vec::new()));

/// Masks `secret` from now on wherever another program repeats it.
pub fn remember(secret: &str) {
    let mut sent = SENT.write().unwrap_or_else(PoisonError::into_inner);
    if !sent.0.iter().any(|known| known == secret) {
        sent.add(secret);
    }
}

/// `text` with a mask for every JSON Web Token in it and every secret that was sent.
pub fn foreign(text: &str) -> Cow<'_, str> {
    let text = mask_tokens(text);
    let sent = SENT.read().unwrap_or_else(PoisonError::into_inner);
    match sent.masked(&text) {
        Some(masked) => Cow::Owned(masked),
        None => text,
    }
}

/// Secrets to look for, the longest first.
#[derive(Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all = Self::default();
        secrets.into_iter().for_each(|secret| all.add(&secret));
        all
    }

    /// Adds a secret and the forms in which URLs and headers carry it.
    fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if is_worth_masking(secret) {
            self.0.extend([secret.to_owned(), percent(secret), STANDARD.encode(secret)]);
            // One can be a part of another.
            self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            self.0.dedup();
        }
    }

    /// `text` with a mask for each of them; `None` if it has none.
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

fn is_worth_masking(secret: &str) -> bool {
    let count = secret.chars().count();
    let is_number = secret.chars().all(|c| c.is_ascii_digit());
    let rest = secret.strip_prefix(char::is_uppercase).unwrap_or(secret);
    let is_word = rest.chars().all(char::is_lowercase) || secret.chars().all(char::is_uppercase);
    count >= MIN_ANYWHERE || (count >= MIN_WORD && !is_word && (!is_number || count >= MIN_DIGITS))
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

/// Masks JSON Web Tokens, also those that were cut off and those with something before them that is joined by a dot.
fn mask_tokens(text: &str) -> Cow<'_, str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut result = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = text[at..].find(is_part).map(|start| at + start) {
        let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |length| start + length);
        let word = text[start..end].trim_end_matches('.');
        let parts = [0].into_iter().chain(word.match_indices('.').map(|(dot, _)| dot + 1));
        if let Some(part) = parts.into_iter().find(|part| jwt::is_token(&word[*part..])) {
            result += &text[done..start + part];
            result += MASK;
            done = start + word.len();
        }
        at = end;
    }
    if done == 0 { Cow::Borrowed(text) } else { Cow::Owned(result + &text[done..]) }
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
        let secrets = Secrets::new(["p@ss word/1".to_owned(), "p@ss word".to_owned()]);
        for (text, masked) in [
            ("is p@ss word/1 right", Some("is ******** right")),
            ("?p=p%40ss%20word%2F1", Some("?p=********")),
            ("Basic cEBzcyB3b3JkLzE=", Some("Basic ********")),
            ("p@ss word", Some("********")),
            ("p@ss", None),
        ] {
            assert_eq!(secrets.masked(text).as_deref(), masked, "{text}");
        }
    }

    #[test]
    fn a_short_secret_does_not_mask_plain_words() {
        let masked = |secret: &str, text: &str| Secrets::new([secret.to_owned()]).masked(text).is_some();
        for secret in ["admin", "Test", "USER", "8080", "a1", ""] {
            assert!(!masked(secret, &format!("no {secret} here")), "{secret}");
        }
        for secret in ["hunter2", "s3cret", "pAss", "123456", "longsecret"] {
            assert!(masked(secret, &format!("no {secret}, please")), "{secret}");
        }
        assert!(!masked("hunter2", "hunter22 and xhunter2") && masked("longsecret", "longsecrets"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "([.a-zé ]|eyJhbGciOiJIUzI1NiJ9){0,12}", secret in "\\PC{0,12}") {
            let _ = mask_tokens(&text);
            let secrets = Secrets::new([secret.clone()]);
            let around = format!("{text} {secret} {text}");
            let masked = secrets.masked(&around).unwrap_or(around);
            prop_assert!(secret.trim().chars().count() < MIN_ANYWHERE || !masked.contains(secret.trim()));
        }
    }

    #[test]
    fn what_was_sent_is_masked_from_then_on() {
        let secret = "only-in-this-test-7";
        assert_eq!(foreign(secret), secret);
        remember(secret);
        assert_eq!(foreign("a only-in-this-test-7 b"), "a ******** b");
    }
}
