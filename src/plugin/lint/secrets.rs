//! Rule `secret`. Values are never shown.

use serde_json::{Map, Value};

use super::checker::Checker;
use super::finding::Violation;
use super::placeholder::each_text;
use super::rule::Rule;
use crate::schema::field_path::{FieldPath, Segment};
use crate::secret::{MASK, is_pem, names_a_secret, without_userinfo};

pub fn check(checker: &mut Checker<'_>) {
    let document = checker.document;
    for (key, value) in &document.value {
        each_text(&FieldPath::default().key(key), value, None, &mut |path, owner, text| {
            let Some(what) = what_secret(key_of(path, owner), text) else { return };
            let message = format!("{what}: everyone who can read the spec can read it");
            let hint = "remove it, and replace the secret if the file was ever shared";
            checker.report(Violation::new(Rule::Secret, path.clone(), message).hint(hint));
        });
    }
}

/// The key of a text, which may say that it is a secret: of `{name: API_KEY, value: ...}` that is the name. A list
/// under a secret's name is usually one of names.
fn key_of<'a>(path: &'a FieldPath, owner: Option<&Map<String, Value>>) -> &'a str {
    let Some(Segment::Key(key)) = path.0.last() else { return "" };
    let name = ["key", "k", "name"].iter().find_map(|key| owner?.get(*key)?.as_str());
    if name.is_some_and(names_a_secret) && matches!(key.as_str(), "value" | "v") { "secret" } else { key }
}

fn what_secret(key: &str, text: &str) -> Option<&'static str> {
    let is_placeholder = text.trim().is_empty() || text == MASK || text.contains("${") || text.starts_with('<');
    if is_pem(text) && text.contains("PRIVATE KEY") {
        Some("a private key")
    } else if names_a_secret(key) && !is_placeholder {
        Some("a secret, judging by its name")
    } else if without_userinfo(text).is_some() {
        Some("an address with a password")
    } else {
        None
    }
}
