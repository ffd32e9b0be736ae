//! What each kind of registry needs to be told.

use serde_json::{Map, Value};

use super::finding::Severity;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::schema::field_path::FieldPath;

/// The digits of the number of an account at AWS.
const ACCOUNT_DIGITS: usize = 12;

pub fn check(sink: &mut Sink<'_>) {
    let document = sink.document;
    let Some(registry_type) = document.text("registry_type") else { return };
    let nothing = Map::new();
    let config = document.value.get("registry_config");
    let Some(config) =
        config.map_or(Some(&nothing), |config| config.as_object().or(config.is_null().then_some(&nothing)))
    else {
        // Of another type, which another rule tells.
        return;
    };
    // Where nothing is said of the registry's settings, its type stands for them.
    let field = if document.value.contains_key("registry_config") { "registry_config" } else { "registry_type" };
    match registry_type {
        "AWS_PRIVATE_ECR" => match config.get("account_id") {
            None | Some(Value::Null) => {
                let message = "AWS_PRIVATE_ECR needs registry_config.account_id";
                let found = Found::in_field(Rule::RegistryConfig, Severity::Error, field, message);
                sink.add(found.hint("the number of the AWS account whose registry it is: account_id: '012345678901'"));
            }
            Some(id) if !is_account(id) => {
                let path = FieldPath::default().key("registry_config").key("account_id");
                let message = format!("the number of an AWS account is text of {ACCOUNT_DIGITS} digits");
                let found = Found::new(Rule::RegistryConfig, Severity::Warning, path, message);
                sink.add(found.hint("put it in quotes: a number loses the zeros that it begins with"));
            }
            Some(_) => {}
        },
        "HARBOR" | "GCP_PRIVATE_GCR" => {
            let url = config.get("url").and_then(Value::as_str).unwrap_or_default();
            if url.trim().is_empty() {
                let message =
                    format!("{registry_type} has an address of its own, and registry_config.url does not say it");
                let found = Found::in_field(Rule::RegistryConfig, Severity::Warning, field, message);
                sink.add(found.hint("set url, unless the service's configuration has the address"));
            }
        }
        _ => {}
    }
}

fn is_account(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.len() == ACCOUNT_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit()))
}
