//! Rule `placeholder`: `YOUR-NAMESPACE`, `<name>`.
//!
//! Free text may have `<` and `>`, e.g. HTML. So a placeholder is a whole value, or a part of a value that cannot
//! have such characters: an image, a plugin's id, an address.

use serde_json::{Map, Value};

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::schema::field_path::FieldPath;

/// The namespace in a new spec, as long as nobody has named one.
pub const PLACEHOLDER: &str = "YOUR-NAMESPACE";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    pub path: FieldPath,
    /// Without the path.
    pub message: String,
    pub hint: &'static str,
}

pub fn check(checker: &mut Checker<'_>) {
    for Placeholder { path, message, hint } in find(&checker.document.value) {
        checker.report(Violation::new(Rule::Placeholder, path, message).hint(hint));
    }
}

/// Finds the placeholders in a spec, except in forms (`template`, `capability`): they show users what to fill in.
pub fn find(spec: &Map<String, Value>) -> Vec<Placeholder> {
    const FORMS: [&str; 2] = ["template", "capability"];
    const REFERENCES: [&str; 5] = ["image", "plugin_id", "resource_type", "service_type", "registry_config"];
    let mut found = Vec::new();
    for (name, value) in spec.iter().filter(|(name, _)| !FORMS.contains(&name.as_str())) {
        let is_reference = REFERENCES.contains(&name.as_str());
        each_text(&FieldPath::default().key(name), value, None, &mut |path, _, text| {
            if let Some((message, hint)) = fault_of(text.trim(), is_reference) {
                found.push(Placeholder { path: path.clone(), message, hint });
            }
        });
    }
    found
}

/// Calls `visit` for every text, with its path and the mapping that has it.
pub fn each_text<'a>(
    path: &FieldPath,
    value: &'a Value,
    owner: Option<&'a Map<String, Value>>,
    visit: &mut impl FnMut(&FieldPath, Option<&'a Map<String, Value>>, &'a str),
) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(name, value)| each_text(&path.key(name), value, Some(entries), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| each_text(&path.index(index), item, None, visit));
        }
        Value::String(text) => visit(path, owner, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fault_of(text: &str, is_reference: bool) -> Option<(String, &'static str)> {
    if is_reference && text.split('/').any(|part| part == PLACEHOLDER) {
        let hint = "replace it with the namespace that the image is pushed to, e.g. acme/plugin-slack";
        return Some((format!("{PLACEHOLDER} is a placeholder for a namespace"), hint));
    }
    if is_angled(text) || is_shouted(text) {
        return Some(("a placeholder instead of a value".to_owned(), "replace it with a real value"));
    }
    let is_reference = is_reference || (text.contains("://") && !text.contains(char::is_whitespace));
    (is_reference && has_placeholder(text))
        .then(|| ("it includes a placeholder".to_owned(), "replace the placeholder with a real value"))
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

/// Whether a reference is or includes a placeholder.
pub fn is_in(reference: &str) -> bool {
    fault_of(reference, true).is_some()
}

/// Whether a reference includes a placeholder.
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
