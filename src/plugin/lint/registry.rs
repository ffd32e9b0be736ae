//! Rule `registry-config`: the settings that each type of registry needs.

use serde_json::{Map, Value};

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::schema::field_path::FieldPath;

/// The digits of an AWS account id.
const ACCOUNT_DIGITS: usize = 12;

pub fn check(checker: &mut Checker<'_>) {
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
    let is_account = |id: &str| id.len() == ACCOUNT_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
    let has_url = config.get("url").and_then(Value::as_str).is_some_and(|url| !url.trim().is_empty());
    let violation = match (registry_type, account) {
        ("AWS_PRIVATE_ECR", None) => {
            let message = "AWS_PRIVATE_ECR needs registry_config.account_id";
            let hint = "add the id of the registry's AWS account: account_id: '012345678901'";
            Violation::in_field(Rule::RegistryConfig, field, message).hint(hint)
        }
        ("AWS_PRIVATE_ECR", Some(id)) if !id.as_str().is_some_and(is_account) => {
            let path = FieldPath::default().key("registry_config").key("account_id");
            let message = format!("an AWS account id is text of {ACCOUNT_DIGITS} digits");
            let hint = "quote it: a number loses its leading zeros";
            Violation::new(Rule::RegistryConfig, path, message).warning().hint(hint)
        }
        ("HARBOR" | "GCP_PRIVATE_GCR", _) if !has_url => {
            let message = format!("{registry_type} has an address of its own, and registry_config.url is not set");
            let hint = "set url, unless the service's configuration has the address";
            Violation::in_field(Rule::RegistryConfig, field, message).warning().hint(hint)
        }
        _ => return,
    };
    checker.report(violation);
}
