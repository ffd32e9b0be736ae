//! Rule `required-field`.

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::schema::field_path::FieldPath;
use crate::text::value_ext::is_empty;

pub fn check(checker: &mut Checker<'_>) {
    let document = checker.document;
    for (field, hint) in [
        ("name", "add the display name: `name: Slack Notification Protocol`"),
        (document.type_field(), "add what the plugin extends: `resource_type: notification.Protocol`"),
        ("image", "add the image without registry host and tag: `image: acme/plugin-slack`"),
    ] {
        let violation = match document.value.get(field) {
            None => Violation::new(Rule::RequiredField, FieldPath::default(), format!("{field} is missing")),
            Some(value) if is_empty(value) || value.as_str().is_some_and(|text| text.trim().is_empty()) => {
                Violation::in_field(Rule::RequiredField, field, "required, and empty")
            }
            // Other types break `wrong-type`.
            Some(_) => continue,
        };
        checker.report(violation.hint(hint));
    }
}
