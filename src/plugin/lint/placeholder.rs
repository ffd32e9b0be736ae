//! Placeholders in specs: `YOUR-NAMESPACE`, `<name>`.
//!
//! A text of its own may hold `<` and `>`, as HTML does. So a placeholder is a whole value, or a part of what cannot have
//! such characters: an image, a plugin's id, an address.

use serde_json::{Map, Value};

use super::finding::Severity::Error;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::schema::field_path::FieldPath;

/// Where an image will be pushed, as long as nobody has said it.
pub const PLACEHOLDER: &str = "YOUR-NAMESPACE";

/// A value that is not filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    pub path: FieldPath,
    /// Without the path.
    pub message: String,
    pub hint: &'static str,
}

pub fn check(sink: &mut Sink<'_>) {
    for Placeholder { path, message, hint } in find(&sink.document.value) {
        sink.add(Found::new(Rule::Placeholder, Error, path, message).hint(hint));
    }
}

/// The placeholders in the fields of a spec. Forms (`template`, `capability`) are not looked into: they show their users
/// what to fill in.
pub fn find(spec: &Map<String, Value>) -> Vec<Placeholder> {
    let mut found = Vec::new();
    for (name, value) in spec.iter().filter(|(name, _)| !matches!(name.as_str(), "template" | "capability")) {
        let is_reference =
            matches!(name.as_str(), "image" | "plugin_id" | "resource_type" | "service_type" | "registry_config");
        enter(FieldPath::default().key(name), value, is_reference, &mut found);
    }
    found
}

fn enter(path: FieldPath, value: &Value, is_reference: bool, found: &mut Vec<Placeholder>) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(name, value)| enter(path.key(name), value, is_reference, found));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut path = path.clone();
                path.push_index(index);
                enter(path, item, is_reference, found);
            }
        }
        Value::String(text) => {
            if let Some((message, hint)) = of_text(text.trim(), is_reference) {
                found.push(Placeholder { path, message, hint });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn of_text(text: &str, is_reference: bool) -> Option<(String, &'static str)> {
    if is_reference && text.split('/').any(|part| part == PLACEHOLDER) {
        let hint = "write the namespace that the image is pushed to, as in acme/plugin-slack";
        return Some((format!("{PLACEHOLDER} is a placeholder for a namespace"), hint));
    }
    if is_angled(text) || is_shouted(text) {
        return Some(("a placeholder instead of a value".to_owned(), "replace it with a real value"));
    }
    let is_reference = is_reference || (text.contains("://") && !text.contains(char::is_whitespace));
    (is_reference && has_placeholder(text))
        .then(|| ("a part of it is a placeholder".to_owned(), "replace the placeholder with a real value"))
}

/// `<name>`, but neither `<br/>`, `<https://example.com>` nor `<a href="x">`.
fn is_angled(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|inner| {
        inner.starts_with(char::is_alphabetic)
            && inner.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'))
    })
}

/// `YOUR-NAMESPACE`, `YOUR_API_KEY`.
fn is_shouted(text: &str) -> bool {
    text.strip_prefix("YOUR").is_some_and(|rest| {
        rest.starts_with(['-', '_'])
            && rest.len() > 1
            && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    })
}

/// Whether a reference is a placeholder, or has one in it.
pub fn is_in(reference: &str) -> bool {
    of_text(reference, true).is_some()
}

/// Whether there is a placeholder in a text that has neither `<` nor words in capitals otherwise.
fn has_placeholder(text: &str) -> bool {
    let is_within = |(begin, _): (usize, &str)| {
        let rest = &text[begin..];
        rest.find('>').is_some_and(|end| is_angled(&rest[..=end]))
    };
    let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    text.match_indices('<').any(is_within)
        || words().any(|word| word.find("YOUR").is_some_and(|at| is_shouted(&word[at..])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(spec: Value) -> Vec<String> {
        let Value::Object(spec) = spec else { panic!("a spec is a mapping") };
        find(&spec).into_iter().map(|found| found.path.to_string()).collect()
    }

    #[test]
    fn whole_values_are_found_anywhere_and_parts_in_references() {
        for text in ["<name>", "<your name>", "<PLUGIN_NAME>", " <이름> ", "YOUR-NAME", "YOUR_API_KEY", "<v1.0>"] {
            let spec = json!({"name": text, "tags": {"a": [text]}, "registry_config": {"url": text}});
            assert_eq!(paths(spec), ["name", "tags.a[0]", "registry_config.url"], "{text}");
        }
        for text in [
            "<ns>/plugin",
            "acme/<plugin>",
            "acme/plugin-<name>",
            "YOUR-NAMESPACE/x",
            "acme/YOUR-PLUGIN",
            "x/a-YOUR_NAME",
        ] {
            assert_eq!(paths(json!({"image": text, "plugin_id": text})), ["image", "plugin_id"], "{text}");
            assert_eq!(paths(json!({"name": text, "labels": [text]})), [""; 0], "{text}");
            assert_eq!(paths(json!({"tags": {"icon": format!("https://x.y/{text}.svg")}})), ["tags.icon"], "{text}");
        }
        assert_eq!(paths(json!({"registry_config": {"url": "harbor.<company>.com"}})), ["registry_config.url"]);
        assert_eq!(paths(json!({"docs": {"link": "https://YOUR-DOMAIN/docs"}})), ["docs.link"]);
        assert_eq!(paths(json!({"resource_type": "<service>.<Resource>"})), ["resource_type"]);
    }

    #[test]
    fn texts_of_their_own_are_left_alone() {
        for text in [
            "",
            "<",
            "<>",
            "a < b > c",
            "<b>bold</b>",
            "<br/>",
            "<img src=\"x\">",
            "<https://example.com>",
            "<me@example.com>",
            "Write <name> here, or YOUR-NAME",
            "See https://example.com/<id> for more",
            "YOUR",
            "YOURS",
            "YOUR-name",
            "YOUR Name",
            "your-plugin",
            "https://example.com/FOR-YOURSELF/a",
            "https://example.com/a?b=1&c=%3Cname%3E",
        ] {
            assert_eq!(paths(json!({"name": text, "tags": {"a": text}, "docs": {"ko": text}})), [""; 0], "{text}");
        }
        assert_eq!(paths(json!({"image": "acme/plugin-x", "plugin_id": "plugin-x"})), [""; 0]);
        let forms = json!({"template": {"x": "<token>"}, "capability": {"hint": "<token>"}});
        assert_eq!(paths(forms), [""; 0]);
    }
}
