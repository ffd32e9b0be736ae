//! Rules about the values of single fields.
//!
//! `required-field`, `resource-type`, `registry-config`, `label-text` and `tag-plain`.

use serde_json::{Map, Value};

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::plugin::resource_type::{self, KNOWN};
use crate::schema::did_you_mean::nearest;
use crate::schema::field_path::FieldPath;
use crate::text::value_ext::{is_empty, kind_of};

/// The longest label that the service stores, in characters.
const MAX_LABEL: usize = 255;

pub fn check(checker: &mut Checker<'_>) {
    check_required(checker);
    check_registry(checker);
    check_resource_type(checker);
    check_labels(checker);
    check_tags(checker);
}

fn check_required(checker: &mut Checker<'_>) {
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

/// Checks the settings that each type of registry needs.
fn check_registry(checker: &mut Checker<'_>) {
    let document = checker.document;
    let Some(registry_type) = document.text("registry_type") else { return };
    let nothing = Map::new();
    let (field, config) = match document.value.get("registry_config") {
        None => ("registry_type", &nothing),
        Some(Value::Null) => ("registry_config", &nothing),
        Some(Value::Object(config)) => ("registry_config", config),
        // Breaks `wrong-type`.
        Some(_) => return,
    };
    let account = config.get("account_id").filter(|id| !id.is_null());
    let is_account = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    let has_url = config.get("url").and_then(Value::as_str).is_some_and(|url| !url.trim().is_empty());
    let violation = match (registry_type, account) {
        ("AWS_PRIVATE_ECR", None) => {
            let message = "AWS_PRIVATE_ECR needs an account_id in registry_config";
            let hint = "add the id of the registry's AWS account: account_id: '012345678901'";
            Violation::in_field(Rule::RegistryConfig, field, message).hint(hint)
        }
        ("AWS_PRIVATE_ECR", Some(id)) if !id.as_str().is_some_and(is_account) => {
            let path = FieldPath::default().key("registry_config").key("account_id");
            let violation =
                Violation::new(Rule::RegistryConfig, path, "expected the 12 digits of an AWS account, as text");
            violation.warning().hint("quote it: a number loses its leading zeros")
        }
        ("HARBOR" | "GCP_PRIVATE_GCR", _) if !has_url => {
            let message = format!("{registry_type} needs the address of your registry as url in registry_config");
            let hint = "set it, unless the service's configuration has the address";
            Violation::in_field(Rule::RegistryConfig, field, message).warning().hint(hint)
        }
        _ => return,
    };
    checker.report(violation);
}

fn check_resource_type(checker: &mut Checker<'_>) {
    let field = checker.document.type_field();
    let Some(text) = checker.document.text(field).filter(|text| !text.is_empty()) else { return };
    if resource_type::find(text).is_some() {
        return;
    }
    let known = || KNOWN.iter().map(|known| known.name);
    let is_resource = text.split('.').count() == 2 && text.split('.').all(|part| !part.is_empty());
    let message = if is_resource {
        format!("no known service uses plugins of the type {text}")
    } else {
        format!("{text} does not have the form SERVICE.RESOURCE")
    };
    let hint = match nearest(text, known()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known resource types: {}", known().collect::<Vec<_>>().join(", ")),
    };
    checker.report(Violation::in_field(Rule::ResourceType, field, message).hint(hint));
}

fn check_labels(checker: &mut Checker<'_>) {
    let labels = checker.document.value.get("labels").and_then(Value::as_array);
    for (index, label) in labels.into_iter().flatten().enumerate() {
        let message = match label.as_str().map(|text| text.chars().count()) {
            Some(..=MAX_LABEL) => continue,
            Some(length) => format!("it has {length} characters, more than {MAX_LABEL}"),
            None => format!("expected text, found {}", kind_of(label)),
        };
        let hint = match label {
            Value::Number(_) | Value::Bool(_) => "quote it to make it text",
            _ => "use a tag for longer text",
        };
        let path = FieldPath::default().key("labels").index(index);
        checker.report(Violation::new(Rule::LabelText, path, message).hint(hint));
    }
}

fn check_tags(checker: &mut Checker<'_>) {
    let tags = checker.document.value.get("tags").and_then(Value::as_object);
    for (name, tag) in tags.into_iter().flatten().filter(|(_, tag)| tag.is_array() || tag.is_object()) {
        let path = FieldPath::default().key("tags").key(name);
        let violation = Violation::new(Rule::TagPlain, path, format!("expected one value, found {}", kind_of(tag)));
        checker.report(violation.hint("split it into several tags, or write it as text"));
    }
}
