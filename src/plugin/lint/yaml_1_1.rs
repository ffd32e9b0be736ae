//! Rules `yaml-1-1` and `lost-digits`: how others read plain scalars.

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::schema::field_path::FieldPath;
use crate::spec::precision_loss::loses_digits;
use crate::yaml::{Content, Node, value};

/// The free-form fields, in which a number stays one.
const FREE: [&str; 5] = ["registry_config", "capability", "template", "tags", "docs"];

pub fn check(checker: &mut Checker<'_>) {
    let document = checker.document;
    if document.is_json() {
        return;
    }
    for entry in value::entries(&document.tree).unwrap_or_default() {
        let path = FieldPath::default().key(entry.name);
        check_node(checker, path, entry.value, FREE.contains(&entry.name));
    }
}

fn check_node(checker: &mut Checker<'_>, path: FieldPath, node: &Node, is_free: bool) {
    match &node.content {
        Content::Scalar { text, plain: true } if is_free && loses_digits(text) => {
            let violation = Violation::new(Rule::LostDigits, path, "read as a number, which loses its last digits");
            checker.report(violation.hint(format!("write '{text}' if it is a version")));
        }
        Content::Scalar { text, plain: true } => {
            let Some(other) = in_yaml_1_1(text) else { return };
            let hint = match other {
                "true" | "false" => format!("write {other}, or '{text}' if it is text"),
                _ => format!("write '{text}'"),
            };
            let message = format!("text in YAML 1.2, but {other} in YAML 1.1, which the Python client reads");
            checker.report(Violation::new(Rule::Yaml11, path, message).hint(hint));
        }
        Content::Scalar { plain: false, .. } => {}
        Content::List(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| check_node(checker, path.index(index), item, is_free));
        }
        Content::Mapping(_) => {
            for entry in value::entries(node).unwrap_or_default() {
                check_node(checker, path.key(entry.name), entry.value, is_free);
            }
        }
    }
}

/// What PyYAML reads instead of a text (<https://yaml.org/type/bool.html>).
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
