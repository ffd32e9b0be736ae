//! Secrets, which have no place in a spec. Values are never shown.

use serde_json::Value;

use super::finding::Severity;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::schema::field_path::FieldPath;
use crate::secret::{MASK, is_pem, names_a_secret, without_userinfo};

pub fn check(sink: &mut Sink<'_>) {
    for (key, value) in &sink.document.value {
        enter(sink, &FieldPath::default().key(key), key, value);
    }
}

fn enter(sink: &mut Sink<'_>, path: &FieldPath, key: &str, value: &Value) {
    match value {
        Value::Object(entries) => {
            // `{name: API_KEY, value: ...}` is a pair as well.
            let name = ["key", "k", "name"].iter().find_map(|key| entries.get(*key)?.as_str());
            let is_pair = name.is_some_and(names_a_secret);
            for (key, value) in entries {
                let meant = if is_pair && matches!(key.as_str(), "value" | "v") { "secret" } else { key };
                enter(sink, &path.key(key), meant, value);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut path = path.clone();
                path.push_index(index);
                // What stands in a list under a secret's name is usually a list of names.
                enter(sink, &path, "", item);
            }
        }
        Value::String(text) => {
            if let Some(message) = of_text(key, text) {
                let found = Found::new(Rule::Secret, Severity::Warning, path.clone(), message);
                sink.add(found.hint("remove it, and replace the secret if the file was ever shared"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn of_text(key: &str, text: &str) -> Option<&'static str> {
    // What will be filled in, or was taken out.
    let is_blank = text.trim().is_empty() || text == MASK || text.contains("${") || text.starts_with('<');
    if is_pem(text) && text.contains("PRIVATE KEY") {
        Some("a private key, which everybody can read who reads the spec")
    } else if names_a_secret(key) && !is_blank {
        Some("by its name a secret, which everybody can read who reads the spec")
    } else if without_userinfo(text).is_some() {
        Some("an address with a password in it, which everybody can read who reads the spec")
    } else {
        None
    }
}
