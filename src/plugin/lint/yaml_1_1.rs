//! Words that another reader of YAML takes for something else, and decimals that lose digits.

use super::finding::Severity;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::schema::field_path::FieldPath;
use crate::spec::precision_loss::loses_digits;
use crate::spec::source::Syntax;
use crate::yaml::{Content, Node, value};

/// The fields below which the API takes anything, so that a number stays one.
const FREE: [&str; 5] = ["registry_config", "capability", "template", "tags", "docs"];

pub fn check(sink: &mut Sink<'_>) {
    if Syntax::of_file(sink.document.source) == Some(Syntax::Json) {
        // JSON has one reading.
        return;
    }
    let tree = &*sink.document.tree;
    for entry in value::entries(tree).unwrap_or_default() {
        let path = FieldPath::default().key(entry.name);
        enter(sink, path, entry.value, FREE.contains(&entry.name));
    }
}

fn enter(sink: &mut Sink<'_>, path: FieldPath, node: &Node, is_free: bool) {
    match &node.content {
        Content::Scalar { text, plain: true } => {
            if is_free && loses_digits(text) {
                let message = "a number, whose last digits are lost";
                let found = Found::new(Rule::LostDigits, Severity::Warning, path, message);
                sink.add(found.hint(format!("write '{text}' if it is a version")));
            } else if let Some(other) = in_yaml_1_1(text) {
                let message = format!("text here, and {other} to readers of YAML 1.1");
                let found = Found::new(Rule::Yaml11, Severity::Warning, path, message);
                sink.add(found.hint(match other {
                    "true" | "false" => format!("write {other}, or '{text}' if it is text"),
                    _ => format!("write '{text}'"),
                }));
            }
        }
        Content::Scalar { plain: false, .. } => {}
        Content::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut path = path.clone();
                path.push_index(index);
                enter(sink, path, item, is_free);
            }
        }
        Content::Mapping(_) => {
            for entry in value::entries(node).unwrap_or_default() {
                enter(sink, path.key(entry.name), entry.value, is_free);
            }
        }
    }
}

/// What YAML 1.1 makes of a text, where that is something else (<https://yaml.org/type/bool.html> and `int.html`, as PyYAML
/// reads them).
fn in_yaml_1_1(text: &str) -> Option<&'static str> {
    let is_octal = |digits: &str| {
        digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte))
    };
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some("true"),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some("false"),
        number if is_octal(number.strip_prefix(['+', '-']).unwrap_or(number)) => Some("an octal number"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::in_yaml_1_1;

    #[test]
    fn only_what_pyyaml_reads_otherwise_is_told() {
        for (text, other) in [
            ("no", Some("false")),
            ("On", Some("true")),
            ("014", Some("an octal number")),
            ("-07", Some("an octal number")),
        ] {
            assert_eq!(in_yaml_1_1(text), other, "{text}");
        }
        for text in ["n", "y", "0", "089", "nO", "none", "1.10", ""] {
            assert_eq!(in_yaml_1_1(text), None, "{text}");
        }
    }
}
